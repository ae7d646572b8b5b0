/* SPDX-License-Identifier: ISC */
/* What stands before the first newline is searched for in what stands behind it. Tokens must be UTF-8 with
 * nothing in them that the index uses for other things; an index must give every text that the check finds,
 * and no other unless the query says that it is loose; and every text that has tokens is found by itself. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "store/grams.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_tokens(const struct str *tokens)
{
    size_t i = 0, start = 0;

    while (i < tokens->len) {
        uint32_t code;
        int len = utf8_decode(tokens->data + i, tokens->len - i, &code);

        check(len > 0);
        if (code == ' ') {
            check(i > start);
            start = i + 1;
        } else {
            check(code >= 0x80 || (code >= 'a' && code <= 'z') || (code >= '0' && code <= '9'));
            check(code < 0xe000 || code > 0xf8ff);
            check(code < 0xf0000);
        }
        i += (size_t)len;
    }
    check(start == tokens->len);
}

static bool has_token(const struct str *tokens, const char *token, size_t len, bool is_prefix)
{
    const char *at = tokens->data, *end;

    for (; (end = strchr(at, ' ')) != NULL; at = end + 1)
        if ((size_t)(end - at) >= len && memcmp(at, token, len) == 0 &&
            (is_prefix || (size_t)(end - at) == len))
            return true;
    return false;
}

/* What FTS5 would do with `"a" AND "b" *`. */
static bool index_gives(const struct str *tokens, const char *match)
{
    for (;;) {
        const char *end;
        bool is_prefix;

        check(*match == '"');
        end = strchr(++match, '"');
        check(end && end > match);
        is_prefix = strncmp(end, "\" *", 3) == 0;
        if (!has_token(tokens, match, (size_t)(end - match), is_prefix))
            return false;
        match = end + (is_prefix ? 3 : 1);
        if (!*match)
            return true;
        check(strncmp(match, " AND ", 5) == 0);
        match += 5;
    }
}

static void search(const char *wanted, const uint8_t *text, size_t len, const struct str *tokens)
{
    struct grams_query *q = grams_query_new(wanted);
    struct str match = STR_INIT;
    bool given, holds;

    if (!q)
        return;
    grams_query_append_match(q, &match);
    given = index_gives(tokens, match.data);
    holds = grams_query_holds(q, text, len);
    check(given || !holds);
    check(holds || !given || grams_query_is_loose(q));
    str_done(&match);
    grams_query_free(q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
    size_t n = newline ? (size_t)(newline - data) : 0;
    char *wanted = xmemdup0(data, n), *whole;
    struct str tokens = STR_INIT;
    struct grams_query *q;

    if (newline) {
        data += n + 1;
        size -= n + 1;
    }
    grams_append(&tokens, data, size);
    check_tokens(&tokens);
    search(wanted, data, size, &tokens);
    whole = xmemdup0(data, size);
    q = grams_query_new(whole);
    if (strlen(whole) == size) {
        check((q != NULL) == (tokens.len > 0));
        check(!q || grams_query_holds(q, data, size));
    }
    grams_query_free(q);
    free(whole);
    free(wanted);
    str_done(&tokens);
    return 0;
}
