/* SPDX-License-Identifier: ISC */
/* A history of a given length, and questions to it, through the store as chat and history use it.
 *
 *   history_load fill FILE MESSAGES         writes them, and says how fast
 *   history_load ask FILE TIMES QUERY...    asks each so many times; QUERY is WHO|SEARCH|SINCE|UNTIL, the
 * times in seconds after the first message, each may be empty
 *
 * Messages are a second apart, in 100 conversations of very different lengths, half of them Chinese. Words
 * are as frequent as in a language (the nth 1/n as often as the first). "okay" and 好的 are in every second
 * message of their language but in no message of c99; "temperature" is in each tenth; "xylophone" and 鸵鸟 in
 * three. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rand.h"
#include "base/str.h"
#include "store/sqlite.h"

#define FIRST_AT_NS (INT64_C(1700000000) * 1000000000)
#define CONVERSATIONS 100
#define WORDS 50000
#define CHARACTERS 3000
#define WINDOW 2000 /* appends under way at once */

static struct loop *loop;

static void fail(const char *what, const struct err *err)
{
    fprintf(stderr, "history_load: %s: %s\n", what, err ? err->text : "");
    exit(1);
}

/* 1 to n, the nth 1/n as often as the first. */
static uint64_t zipf(struct rand *r, uint64_t n)
{
    return (uint64_t)exp(rand_unit(r) * log((double)n + 1));
}

static void append_word(struct str *out, uint64_t number)
{
    /* Some syllables: the words of a language that nobody speaks, of two to ten letters. */
    static const char *const syllables[] = {
        "ka", "lo", "mi", "ter", "su", "an", "vo", "pre", "il", "den", "ga", "che", "ro", "be", "und", "os"};

    do {
        str_append_str(out, syllables[number % 16]);
        number /= 16;
    } while (number > 0);
    str_append_char(out, ' ');
}

static void append_character(struct str *out, uint64_t number)
{
    uint32_t code = 0x4e00 + (uint32_t)(number * 7 % 20000);
    char bytes[3] = {
        (char)(0xe0 | code >> 12), (char)(0x80 | (code >> 6 & 0x3f)), (char)(0x80 | (code & 0x3f))};

    str_append(out, bytes, 3);
}

static void make_message(struct rand *r, size_t i, size_t of, struct str *who, struct str *text)
{
    bool is_rare = i / 2 == of / 20 || i / 2 == of / 4 || i / 2 == of / 2 - of / 20;
    uint64_t c = zipf(r, CONVERSATIONS) - 1, len = 2 + rand_below(r, 12);

    str_reset(who);
    str_reset(text);
    str_appendf(who, "c%02d", (int)c);
    if (i % 2) {
        for (uint64_t k = 0; k < 2 * len; k++)
            append_character(text, zipf(r, CHARACTERS));
        str_append_str(text, i % 4 == 1 && c != 99 ? "，好的" : "");
        str_append_str(text, is_rare ? "鸵鸟" : "");
    } else {
        for (uint64_t k = 0; k < len; k++)
            append_word(text, zipf(r, WORDS));
        str_append_str(text, i % 4 == 0 && c != 99 ? "okay" : "");
    }
    if (i % 10 == 3)
        str_append_str(text, " temperature 23");
    if (is_rare)
        str_append_str(text, " xylophone");
}

static void on_appended(int64_t id, int code, const struct err *err, void *arg)
{
    if (code < 0)
        fail("append", err);
}

static void fill(struct store *s, size_t n)
{
    struct str who = STR_INIT, text = STR_INIT;
    int64_t begin_ns = clock_now_ns();
    struct rand r;

    rand_seed(&r, 5463);
    for (size_t i = 0; i < n; i++) {
        struct store_message m = {
            .at_ns = FIRST_AT_NS + (int64_t)i * 1000000000, .address = "udp://192.0.2.17:9001", .note = ""};

        make_message(&r, i, n, &who, &text);
        m.who = who.data;
        m.text = text.data;
        m.len = text.len;
        store_append(s, &m, on_appended, NULL);
        if (i % WINDOW == WINDOW - 1 || i + 1 == n)
            loop_run(loop);
    }
    printf("{\"messages\": %zu, \"seconds\": %.3f}\n", n, (double)(clock_now_ns() - begin_ns) / 1e9);
    str_done(&who);
    str_done(&text);
}

static void on_found(
    const struct store_message *messages, size_t count, int code, const struct err *err, void *arg)
{
    if (code < 0)
        fail("find", err);
    *(size_t *)arg = count;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static int64_t at(const char *field)
{
    return *field ? FIRST_AT_NS + strtoll(field, NULL, 10) * 1000000000 : 0;
}

static void ask(struct store *s, size_t times, const char *text)
{
    int64_t *ns = calloc(times, sizeof(*ns));
    char *copy = strdup(text), *rest = copy, *fields[4];
    struct store_query q = {.limit = 50};
    size_t found = 0;

    for (int i = 0; i < 4; i++)
        fields[i] = rest ? strsep(&rest, "|") : copy + strlen(copy);
    q.who = *fields[0] ? fields[0] : NULL;
    q.search = *fields[1] ? fields[1] : NULL;
    q.since_ns = at(fields[2]);
    q.until_ns = at(fields[3]);
    for (size_t i = 0; i < times; i++) {
        int64_t begin_ns = clock_now_ns();

        store_find(s, &q, on_found, &found);
        loop_run(loop);
        ns[i] = clock_now_ns() - begin_ns;
    }
    printf("{\"found\": %zu, \"first_ms\": %.3f", found, (double)ns[0] / 1e6);
    qsort(ns, times, sizeof(*ns), by_size);
    printf(", \"median_ms\": %.3f, \"worst_ms\": %.3f}\n", (double)ns[times / 2] / 1e6,
        (double)ns[times - 1] / 1e6);
    free(copy);
    free(ns);
}

int main(int argc, char **argv)
{
    struct store *s = NULL;
    struct err err;

    if (argc < 4)
        fail("fill FILE MESSAGES | ask FILE TIMES QUERY...", NULL);
    loop = loop_new();
    if (store_sqlite_open(loop, argv[2], &s, &err) < 0)
        fail("open", &err);
    if (strcmp(argv[1], "fill") == 0)
        fill(s, strtoul(argv[3], NULL, 10));
    for (int i = 4; i < argc; i++)
        ask(s, strtoul(argv[3], NULL, 10), argv[i]);
    store_free(s);
    loop_free(loop);
    return 0;
}
