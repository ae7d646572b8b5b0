/* SPDX-License-Identifier: ISC */
/* Each byte is something done to the editor: an action, one of some awkward texts, or something rarer. After
 * each the text is UTF-8 that can be shown, the cursor stands between two clusters, the layout that was kept
 * is the one that a fresh editor makes, and what was done can be undone. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "show/lineedit.h"
#include "show/text.h"

#define STEPS_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const texts[] = {"a", "b c", " ", "你", "。", "（", "\u0301", "\u200d", "\U0001F469",
    "\U0001F1E8", "\n", "\r\n\t", "\xff\xe4", "\u200b", "\u0915\u094d", "long enough for two rows",
    "\033[31m", "\u0600"};

#define TEXTS (sizeof(texts) / sizeof(*texts))

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_text(const struct lineedit *e)
{
    const char *text = lineedit_text(e);
    size_t len = lineedit_len(e), cursor = lineedit_cursor(e);
    struct str shown = STR_INIT;

    check(text[len] == '\0' && cursor <= len);
    check(text_boundary(text, len, cursor) == cursor);
    utf8_escape(&shown, text, len, UTF8_KEEP_LINES);
    check(shown.len == len);
    str_done(&shown);
}

static void check_layout(struct lineedit *e, int columns)
{
    struct lineedit *fresh = lineedit_new();
    size_t rows, row, fresh_row, len, fresh_len;
    int column, fresh_column;

    lineedit_set(fresh, lineedit_text(e), lineedit_len(e), lineedit_cursor(e));
    check(lineedit_cursor(fresh) == lineedit_cursor(e));
    rows = lineedit_layout(e, columns, &row, &column);
    check(rows == lineedit_layout(fresh, columns, &fresh_row, &fresh_column));
    check(row == fresh_row && column == fresh_column && row < rows && column < columns);
    for (size_t i = 0; i < rows; i++) {
        check(lineedit_row(e, i, &len) == lineedit_row(fresh, i, &fresh_len));
        check(len == fresh_len);
    }
    lineedit_free(fresh);
}

static void step(struct lineedit *e, unsigned what)
{
    size_t len;
    char *said;

    if (what <= LINEEDIT_NEWLINE) {
        lineedit_do(e, (enum lineedit_action)what);
        return;
    }
    what -= LINEEDIT_NEWLINE + 1;
    if (what < TEXTS) {
        lineedit_insert(e, texts[what], strlen(texts[what]));
        return;
    }
    switch (what - TEXTS) {
    case 0:
        said = lineedit_take(e, &len);
        check(strlen(said) == len && lineedit_is_empty(e));
        free(said);
        break;
    case 1:
        lineedit_clear(e);
        check(lineedit_is_empty(e));
        break;
    case 2:
        lineedit_set(e, "x\u0301y 你好\n", strlen("x\u0301y 你好\n"), 2);
        break;
    default:
        break;
    }
}

/* An insertion that is a run of its own, taken back. */
static void check_undo(struct lineedit *e)
{
    struct str before = STR_INIT;
    size_t cursor = lineedit_cursor(e);

    str_append(&before, lineedit_text(e), lineedit_len(e));
    lineedit_do(e, LINEEDIT_BEGINNING_OF_TEXT);
    lineedit_set(e, "other", 5, 5);
    check(lineedit_do(e, LINEEDIT_UNDO));
    check(before.len == lineedit_len(e) && memcmp(before.data, lineedit_text(e), before.len) == 0);
    check(lineedit_cursor(e) == 0);
    while (lineedit_cursor(e) < cursor)
        check(lineedit_do(e, LINEEDIT_FORWARD_CHAR));
    check(lineedit_cursor(e) == cursor);
    str_done(&before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lineedit *e;
    int columns;

    if (size < 1)
        return 0;
    e = lineedit_new();
    columns = 2 + data[0] % 16;
    for (size_t i = 1; i < size && i < STEPS_MAX; i++) {
        step(e, data[i]);
        check_text(e);
        check_layout(e, columns);
        if (data[i] > 240)
            check_undo(e);
    }
    while (lineedit_do(e, LINEEDIT_UNDO))
        check_text(e);
    lineedit_free(e);
    return 0;
}
