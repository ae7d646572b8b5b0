/* SPDX-License-Identifier: ISC */
/* The first byte chooses a size and a kind of terminal; the rest are keys, among which 0x00 prints a line,
 * 0x1c makes the terminal another size, and 0x1d ends the turn. Whatever comes: what is written steers the
 * terminal by the few sequences that a prompt needs, the cursor is never sent past any last column, and
 * events hold text that may be shown. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/utf8.h"
#include "show/out.h"
#include "show/prompt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* No terminal here is wider. */
#define COLUMNS_MOST 36

static size_t check_sequence(const char *text)
{
    size_t at = 2;
    long number;
    char *end;

    check(text[1] == '[');
    if (text[at] == '?')
        at++;
    number = strtol(text + at, &end, 10);
    check(strchr("ABCGHJKhl", *end) && *end);
    check(number >= 0 && ((*end != 'C' && *end != 'G') || number <= COLUMNS_MOST));
    return (size_t)(end + 1 - text);
}

static void check_output(struct out *out)
{
    struct str *text = out_text(out), shown = STR_INIT;

    for (size_t at = 0; at < text->len;) {
        if (text->data[at] == '\033')
            at += check_sequence(text->data + at);
        else
            str_append_char(&shown, text->data[at++]);
    }
    for (size_t i = 0; i < shown.len; i++)
        check((unsigned char)shown.data[i] >= 0x20 || strchr("\r\n\a", shown.data[i]));
    check(utf8_is_valid(shown.data, shown.len));
    str_done(&shown);
    out_flush(out);
}

static void check_event(struct prompt *p, const struct prompt_event *event)
{
    static const char *const words[] = {"你好", "你们", "e\u0301"};
    struct str shown = STR_INIT;

    check(event->text[event->len] == '\0');
    utf8_escape(&shown, event->text, event->len, UTF8_KEEP_LINES);
    check(shown.len == event->len || event->kind == PROMPT_ANSWER);
    str_done(&shown);
    if (event->kind == PROMPT_COMPLETE)
        prompt_complete(p, event->begin, words, lineedit_len(prompt_edit(p)) % 4, " ");
    else if (event->kind == PROMPT_PASTE)
        prompt_ask(p, "send it? ");
    else if (event->kind == PROMPT_ANSWER)
        prompt_ask(p, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct prompt_options options = {.rows = 6};
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct out *out = out_new(fd);
    struct prompt *p = NULL;
    struct prompt_event event;

    if (size < 1)
        goto out;
    options.columns = 4 + data[0] % 32;
    options.is_dumb = data[0] & 64;
    options.erases_lines = data[0] & 128;
    p = prompt_new(out, &options);
    prompt_set(p, "张三: ");
    prompt_begin(p);
    for (size_t i = 1; i < size;) {
        const uint8_t *keys = data + i;
        size_t len = 0;

        while (i + len < size && keys[len] != 0 && keys[len] != 0x1c && keys[len] != 0x1d)
            len++;
        i += len + 1;
        while (prompt_next(p, &keys, &len, &event), event.kind != PROMPT_MORE)
            check_event(p, &event);
        check(len == 0);
        if (i > size)
            break;
        if (*keys == 0) {
            prompt_print(p, "a line\nand another", 18);
        } else if (*keys == 0x1c) {
            options.columns = 4 + (options.columns * 7 + 3) % 32;
            prompt_resize(p, options.columns, options.columns / 4);
        } else {
            prompt_draw(p);
            check_output(out);
        }
    }
    prompt_timeout(p, &event);
    prompt_draw(p);
    check_output(out);
    prompt_end(p);
out:
    prompt_free(p);
    out_free(out);
    close(fd);
    return 0;
}
