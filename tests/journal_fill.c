/* SPDX-License-Identifier: ISC */
/* Puts messages into a journal, for tests/test_history.py: journal_fill FILE, and on stdin a line each,
 *
 *     WHO <tab> in|out <tab> STATE <tab> AT_NS <tab> ADDRESS <tab> NOTE <tab> TEXT in hex
 *
 * STATE is its number in enum store_state; a message that waits is in the outbox. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "store/sqlite.h"

static void on_done(int64_t id, int code, const struct err *err, void *arg)
{
    if (code < 0) {
        fprintf(stderr, "journal_fill: %s\n", err->text);
        exit(1);
    }
}

static char *unhex(const char *hex, size_t *ret_len)
{
    char *text = xmalloc(strlen(hex) / 2 + 1);
    unsigned byte;

    for (*ret_len = 0; sscanf(hex + 2 * *ret_len, "%2x", &byte) == 1; ++*ret_len)
        text[*ret_len] = (char)byte;
    return text;
}

static void append(struct store *s, char *line)
{
    char *fields[7];
    struct store_message m;
    char *text;

    for (size_t i = 0; i < 7; i++) {
        fields[i] = strsep(&line, "\t\n");
        if (!fields[i]) {
            fprintf(stderr, "journal_fill: not seven fields\n");
            exit(2);
        }
    }
    m = (struct store_message){
        .who = fields[0],
        .direction = strcmp(fields[1], "out") == 0 ? STORE_OUT : STORE_IN,
        .ending = STORE_LF,
        .state = (enum store_state)strtoul(fields[2], NULL, 10),
        .at_ns = strtoll(fields[3], NULL, 10),
        .address = fields[4],
        .note = fields[5],
    };
    m.in_outbox = m.state == STORE_WAITING;
    m.text = text = unhex(fields[6], &m.len);
    store_append(s, &m, on_done, NULL);
    free(text);
}

int main(int argc, char **argv)
{
    struct loop *loop = loop_new();
    struct store *s = NULL;
    char *line = NULL;
    size_t size = 0;
    struct err err;

    if (argc != 2 || store_sqlite_open(loop, argv[1], &s, &err) < 0) {
        fprintf(stderr, "journal_fill: %s\n", argc != 2 ? "FILE" : err.text);
        return 1;
    }
    while (getline(&line, &size, stdin) > 0)
        append(s, line);
    loop_run(loop);
    free(line);
    store_free(s);
    loop_free(loop);
    return 0;
}
