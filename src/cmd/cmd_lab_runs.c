/* SPDX-License-Identifier: ISC */
/* lab --runs, --seeds: the same with one seed after the other, as a test of the programs. Each run is a
 * process of its own, since making the hosts is something that a process does once; what it prints is shown
 * if it fails. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/str.h"
#include "base/utf8.h"
#include "cmd/cmd.h"
#include "cmd/cmd_lab.h"
#include "show/markup.h"

#define NS_PER_S 1e9
#define OUTPUT_MAX ((size_t)64 << 10) /* bytes of a failed run that are shown: its last ones */
#define FAILED_MAX 1000               /* seeds that are named at the end */

struct runs {
    struct lab_order *l;
    struct str cases; /* of JUnit's file */
    uint64_t passed, failed;
    int64_t seeds[FAILED_MAX]; /* of the first that failed */
    struct str output;         /* of the run at hand */
    int64_t took_ns;
};

/* ---- one run ---- */

static int be_run(struct lab_order *l, int64_t seed, int output_fd)
{
    int status;

    dup2(output_fd, STDOUT_FILENO);
    dup2(output_fd, STDERR_FILENO);
    lab_reseed(l, seed);
    status = lab_run(l);
    fflush(stdout);
    return status;
}

/* The last of what it has printed. */
static void read_output(struct runs *r, int fd)
{
    off_t end = lseek(fd, 0, SEEK_END), at = end > (off_t)OUTPUT_MAX ? end - (off_t)OUTPUT_MAX : 0;
    char room[4096];
    ssize_t got;

    str_reset(&r->output);
    while ((got = pread(fd, room, sizeof(room), at)) > 0) {
        str_append(&r->output, room, (size_t)got);
        at += got;
    }
}

/* The status that it ended with; negative with err if it could not be run. */
static int run_one(struct runs *r, int64_t seed, struct err *err)
{
    const int64_t start_ns = clock_now_ns();
    int fd = memfd_create("run", MFD_CLOEXEC), status = 0;
    pid_t pid;

    fflush(NULL);
    pid = fd < 0 ? -1 : fork();
    if (pid == 0)
        _exit(be_run(r->l, seed, fd));
    if (pid < 0) {
        status = err_set(err, ERR_OTHER, -errno, _("a run could not be started: %s"), err_word(-errno));
    } else {
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
        status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        read_output(r, fd);
    }
    if (fd >= 0)
        close(fd);
    r->took_ns = clock_now_ns() - start_ns;
    return status;
}

/* ---- telling ---- */

static void append_quoted(struct str *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,+@%";

    if (*word && strspn(word, plain) == strlen(word)) {
        str_append_str(out, word);
        return;
    }
    str_append_char(out, '\'');
    for (; *word; word++)
        if (*word == '\'')
            str_append_str(out, "'\\''");
        else
            str_append_char(out, *word);
    str_append_char(out, '\'');
}

/* Of these options neither they nor their values are repeated. */
static bool is_of_runs(const char *word, bool *ret_has_value)
{
    static const char *const names[] = {"--runs", "--seeds", "--seed", "--junit"};

    *ret_has_value = true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t len = strlen(names[i]);

        if (strncmp(word, names[i], len) != 0 || (word[len] != '\0' && word[len] != '='))
            continue;
        *ret_has_value = word[len] == '\0';
        return true;
    }
    *ret_has_value = false;
    return strcmp(word, "--tap") == 0;
}

/* What would be typed to see this run again. */
static void append_replay(struct str *out, const struct lab_order *l, int64_t seed)
{
    bool is_over = false, has_value;

    str_appendf(out, "landline lab --seed %" PRId64, seed);
    for (int i = 1; i < l->typed_count; i++) {
        const char *word = l->typed[i];

        is_over = is_over || strcmp(word, "--") == 0;
        if (!is_over && is_of_runs(word, &has_value)) {
            i += has_value;
            continue;
        }
        str_append_char(out, ' ');
        append_quoted(out, word);
    }
}

static void print_output(const struct runs *r)
{
    const char *at = r->output.data ? r->output.data : "", *feed;

    while (*at) {
        struct str shown = STR_INIT;

        feed = strchrnul(at, '\n');
        utf8_escape(&shown, at, (size_t)(feed - at), 0);
        printf("%s%s\n", r->l->v.tap ? "# " : "    ", shown.data ? shown.data : "");
        str_done(&shown);
        at = *feed ? feed + 1 : feed;
    }
}

static void tell(struct runs *r, int64_t seed, bool is_passed)
{
    struct str took = STR_INIT;

    if (r->l->v.tap) {
        printf(
            "%s %" PRIu64 " - seed %" PRId64 "\n", is_passed ? "ok" : "not ok", r->passed + r->failed, seed);
    } else {
        clock_append_duration(&took, r->took_ns);
        printf(
            is_passed ? _("seed %" PRId64 ": passed after %s\n") : _("seed %" PRId64 ": failed after %s\n"),
            seed, took.data);
    }
    if (!is_passed)
        print_output(r);
    fflush(stdout);
    str_done(&took);
}

/* Line by line, since markup_add takes no line feed. */
static void add_output(struct str *out, const struct str *output)
{
    const char *at = output->data ? output->data : "", *feed;

    for (; *at; at = *feed ? feed + 1 : feed) {
        feed = strchrnul(at, '\n');
        markup_add(out, at, (size_t)(feed - at));
        str_append_char(out, '\n');
    }
}

static void add_case(struct runs *r, int64_t seed, bool is_passed)
{
    struct str replay = STR_INIT, *out = &r->cases;

    if (!r->l->v.junit)
        return;
    str_appendf(out, "  <testcase classname=\"landline.lab\" name=\"seed %" PRId64 "\" time=\"%.3f\"", seed,
        (double)r->took_ns / NS_PER_S);
    if (is_passed) {
        str_append_str(out, "/>\n");
        return;
    }
    append_replay(&replay, r->l, seed);
    str_append_str(out, ">\n    <failure message=\"");
    markup_add_text(out, replay.data);
    str_append_str(out, "\">");
    add_output(out, &r->output);
    str_append_str(out, "</failure>\n  </testcase>\n");
    str_done(&replay);
}

static int write_junit(const struct runs *r, struct err *err)
{
    const char *path = r->l->v.junit;
    FILE *file = fopen(path, "we");
    int code = 0;

    if (!file)
        return err_set(err, ERR_OTHER, -errno, "%s: %s", path, err_word(-errno));
    fprintf(file,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"landline lab\" tests=\"%" PRIu64
        "\" failures=\"%" PRIu64 "\">\n%s</testsuite>\n",
        r->passed + r->failed, r->failed, r->cases.data ? r->cases.data : "");
    if (ferror(file))
        code = -EIO;
    if (fclose(file) != 0 && code == 0)
        code = -errno;
    return code < 0 ? err_set(err, ERR_OTHER, code, "%s: %s", path, err_word(code)) : 0;
}

static void sum_up(const struct runs *r)
{
    struct str replay = STR_INIT;

    if (r->l->v.tap)
        return;
    printf(_("%" PRIu64 " passed, %" PRIu64 " failed\n"), r->passed, r->failed);
    for (uint64_t i = 0; i < r->failed && i < FAILED_MAX; i++) {
        str_reset(&replay);
        append_replay(&replay, r->l, r->seeds[i]);
        printf(_("again: %s\n"), replay.data);
    }
    str_done(&replay);
}

/* ---- all of them ---- */

static void take(struct runs *r, int64_t seed, bool is_passed)
{
    if (is_passed)
        r->passed++;
    else if (r->failed++ < FAILED_MAX)
        r->seeds[r->failed - 1] = seed;
    tell(r, seed, is_passed);
    add_case(r, seed, is_passed);
}

int lab_runs(struct lab_order *l)
{
    const uint64_t count = (uint64_t)(l->last_seed - l->first_seed) + 1;
    struct runs r = {.l = l};
    struct err err;
    int status = 0;

    if (l->v.tap)
        printf("TAP version 13\n1..%" PRIu64 "\n", count);
    for (int64_t seed = l->first_seed; seed <= l->last_seed; seed++) {
        status = run_one(&r, seed, &err);
        if (status < 0 || status == ERR_MISUSE || status == ERR_PERMISSION || status == 128 + SIGINT)
            break;
        take(&r, seed, status == 0);
        status = 0;
    }
    if (status < 0) {
        status = cmd_fail(&err);
    } else if (status) { /* it is not the programs': no other run would do better */
        print_output(&r);
    } else {
        sum_up(&r);
        status = r.failed ? ERR_OTHER : 0;
    }
    if (l->v.junit && write_junit(&r, &err) < 0)
        status = cmd_fail(&err);
    str_done(&r.cases);
    str_done(&r.output);
    return status;
}
