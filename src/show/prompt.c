/* SPDX-License-Identifier: ISC */
/* What is drawn: the prompt and, beside it, the rows of the text, no wider than the terminal less one column,
 * so that no terminal ever wraps by itself (they differ in what the cursor does in the last column). The
 * cursor is moved by rows up and columns right, never to an absolute place, because nobody knows how far down
 * the prompt stands. */
#include "show/prompt.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "show/out.h"
#include "show/text.h"

#define PASTE_ON "\033[?2004h"
#define PASTE_OFF "\033[?2004l"
#define ERASE_BELOW "\033[J"
#define ERASE_RIGHT "\033[K"
#define CLEAR_SCREEN "\033[H\033[2J"
#define COLUMNS_MIN 4
#define FIRST_PICTURE 0x1f000

struct prompt {
    struct out *out;
    struct lineedit *edit;
    struct lineedit_keys *keys;
    struct str text, question, event_text;
    int columns, rows;
    bool is_dumb, erases_lines, is_on, is_asking;

    bool is_drawn;    /* something is on the screen, */
    bool is_current;  /* and it is what should be there */
    struct str drawn; /* its rows, a newline between them, */
    size_t drawn_rows;
    int row_columns;   /* the columns of the last of them, */
    size_t cursor_row; /* and where in it the cursor is */
    int cursor_column;
    size_t first_row; /* of the text: it has scrolled if it is a long one */
};

struct prompt *prompt_new(struct out *out, const struct prompt_options *options)
{
    struct prompt *p = xcalloc(1, sizeof(*p));

    p->out = out;
    p->edit = lineedit_new();
    p->keys = lineedit_keys_new();
    str_init(&p->text);
    str_init(&p->question);
    str_init(&p->event_text);
    str_init(&p->drawn);
    p->is_dumb = options->is_dumb;
    p->erases_lines = options->erases_lines;
    prompt_resize(p, options->columns, options->rows);
    return p;
}

void prompt_free(struct prompt *p)
{
    if (!p)
        return;
    lineedit_free(p->edit);
    lineedit_keys_free(p->keys);
    str_done(&p->text);
    str_done(&p->question);
    str_done(&p->event_text);
    str_done(&p->drawn);
    free(p);
}

struct lineedit *prompt_edit(struct prompt *p)
{
    p->is_current = false; /* whoever asks for it may change it */
    return p->edit;
}

static void put(struct prompt *p, const char *text)
{
    str_append_str(out_text(p->out), text);
}

static void put_move(struct prompt *p, size_t count, char direction)
{
    if (count)
        str_appendf(out_text(p->out), "\033[%zu%c", count, direction);
}

/* ---- drawing ---------------------------------------------------------------------------------------- */

static void to_first_row(struct prompt *p)
{
    put(p, "\r");
    put_move(p, p->cursor_row, 'A');
    p->cursor_row = 0;
    p->cursor_column = 0;
}

/* Not ERASE_BELOW from the first row on: there tmux, where that is the screen's first, keeps what is erased
 * in its history. */
static void erase(struct prompt *p)
{
    if (!p->is_drawn)
        return;
    if (p->is_dumb) {
        put(p, "\n");
    } else {
        to_first_row(p);
        put(p, ERASE_RIGHT);
        if (p->drawn_rows > 1)
            put(p, "\033[B" ERASE_BELOW "\033[A");
    }
    p->is_drawn = p->is_current = false;
}

static void begin_row(struct prompt *p)
{
    if (p->drawn_rows++) {
        put(p, ERASE_RIGHT "\r\n");
        str_append_char(&p->drawn, '\n');
    }
    p->row_columns = 0;
}

/* Terminals differ in how wide they take clusters of several characters, and emoji that are newer than they
 * are (show/text.c), so behind each of those the cursor is told where it is. */
static bool is_certain(const char *cluster, size_t len)
{
    uint32_t code;

    return utf8_decode(cluster, len, &code) == (int)len && code < FIRST_PICTURE;
}

static void put_text(struct prompt *p, const char *text, size_t len)
{
    struct str *out = out_text(p->out);
    int more;

    for (size_t at = 0; at < len;) {
        size_t size = text_grapheme(text + at, len - at, &more);

        str_append(out, text + at, size);
        p->row_columns += more;
        if (!is_certain(text + at, size))
            str_appendf(out, "\033[%dG", p->row_columns + 1);
        at += size;
    }
    str_append(&p->drawn, text, len);
}

/* The rows of a text of ours, without a cursor. */
static void put_wrapped(struct prompt *p, const struct str *text, int width)
{
    size_t at = 0, next;

    do {
        size_t len = text_row(text->data, text->len, at, width, &next);

        begin_row(p);
        put_text(p, text->data + at, len);
        at = next;
    } while (at < text->len);
}

/* Which rows of the text are shown: no more than half of the terminal's, the cursor's among them. */
static size_t choose_rows(struct prompt *p, size_t rows, size_t cursor_row)
{
    size_t most = p->rows > 3 ? (size_t)p->rows / 2 : 1;

    if (p->first_row > cursor_row)
        p->first_row = cursor_row;
    if (cursor_row - p->first_row >= most)
        p->first_row = cursor_row - most + 1;
    if (rows <= most)
        p->first_row = 0;
    else if (p->first_row > rows - most)
        p->first_row = rows - most;
    return rows - p->first_row < most ? rows - p->first_row : most;
}

static void put_edited(struct prompt *p, int width)
{
    int beside = text_columns(p->text.data, p->text.len), column;
    size_t rows, row, shown, above = 0;

    /* A prompt that would leave the text little room stands above it. */
    if (beside > width / 2) {
        put_wrapped(p, &p->text, width);
        above = p->drawn_rows;
        beside = 0;
    }
    rows = lineedit_layout(p->edit, width - beside, &row, &column);
    shown = choose_rows(p, rows, row);
    for (size_t i = 0; i < shown; i++) {
        size_t len, begin = lineedit_row(p->edit, p->first_row + i, &len);

        begin_row(p);
        if (beside && i == 0)
            put_text(p, p->text.data, p->text.len);
        else
            for (int blank = 0; blank < beside; blank++)
                put_text(p, " ", 1);
        put_text(p, lineedit_text(p->edit) + begin, len);
    }
    p->cursor_row = above + row - p->first_row;
    p->cursor_column = beside + column;
}

void prompt_draw(struct prompt *p)
{
    int width = p->columns - 1;

    if (!p->is_on || p->is_current)
        return;
    if (p->is_dumb) {
        if (!p->is_drawn)
            put(p, p->is_asking ? p->question.data : p->text.data);
        p->is_drawn = p->is_current = true;
        return;
    }
    /* Drawn over what is there, not erased before: nothing flickers. */
    if (p->is_drawn)
        to_first_row(p);
    p->drawn_rows = 0;
    str_reset(&p->drawn);
    if (p->is_asking) {
        put_wrapped(p, &p->question, width);
        p->cursor_row = p->drawn_rows - 1;
        p->cursor_column = p->row_columns;
    } else {
        put_edited(p, width);
    }
    put(p, ERASE_BELOW "\r");
    put_move(p, p->drawn_rows - 1 - p->cursor_row, 'A');
    put_move(p, (size_t)p->cursor_column, 'C');
    p->is_drawn = p->is_current = true;
}

/* What is drawn stays, and the cursor goes to the row below it. */
static void leave(struct prompt *p)
{
    if (p->is_drawn && !p->is_dumb) {
        put_move(p, p->drawn_rows - 1 - p->cursor_row, 'B');
        put(p, "\r\n");
    } else if (p->is_drawn) {
        put(p, "\n");
    }
    p->is_drawn = p->is_current = false;
    p->cursor_row = 0;
}

void prompt_begin(struct prompt *p)
{
    p->is_on = true;
    if (!p->is_dumb)
        put(p, PASTE_ON);
}

void prompt_end(struct prompt *p)
{
    if (!p->is_on)
        return;
    leave(p);
    if (!p->is_dumb)
        put(p, PASTE_OFF);
    p->is_on = false;
}

static void set_text(struct prompt *p, struct str *which, const char *text)
{
    str_reset(which);
    str_append_str(which, text);
    p->is_current = false;
    if (p->is_dumb) /* it can't be changed where it stands */
        erase(p);
}

void prompt_set(struct prompt *p, const char *text)
{
    if (strcmp(p->text.data, text) != 0)
        set_text(p, &p->text, text);
}

void prompt_ask(struct prompt *p, const char *question)
{
    if (!question && !p->is_asking)
        return;
    p->is_asking = question != NULL;
    set_text(p, &p->question, question ? question : "");
}

/* How many rows a terminal makes of a row that no longer fits, up to a column of it: as many as it takes to
 * have each cluster whole. */
static size_t folds_of(const char *row, size_t len, int to_column, int columns)
{
    size_t folds = 0;
    int taken = 0, column = 0, more;

    for (size_t at = 0; at < len && taken < to_column; taken += more) {
        at += text_grapheme(row + at, len - at, &more);
        if (column + more > columns) {
            folds++;
            column = 0;
        }
        column += more;
    }
    return folds;
}

/* Where the cursor is after the terminal has folded rows that no longer fit, as most do today. (On one that
 * cuts them off instead, as xterm, some rows above the prompt are taken for it, and lost.) */
static void follow_folds(struct prompt *p, int columns)
{
    const char *row = p->drawn.data, *end;
    size_t above = 0;

    for (size_t i = 0; i < p->cursor_row; i++, row = end + 1) {
        end = strchrnul(row, '\n');
        above += 1 + folds_of(row, (size_t)(end - row), p->columns, columns);
    }
    end = strchrnul(row, '\n');
    p->cursor_row = above + folds_of(row, (size_t)(end - row), p->cursor_column, columns);
    p->drawn_rows += p->cursor_row; /* more than one, if it was folded: all that counts for erasing */
}

void prompt_resize(struct prompt *p, int columns, int rows)
{
    if (columns < COLUMNS_MIN)
        columns = COLUMNS_MIN;
    if (p->is_drawn && !p->is_dumb && columns != p->columns) {
        follow_folds(p, columns);
        /* Not drawn over: tmux remembers which rows were one before it folded them, and would join them when
         * it is wide again, were they not empty in between. */
        erase(p);
    }
    p->columns = columns;
    p->rows = rows;
    p->is_current = p->is_dumb && p->is_current;
}

void prompt_print(struct prompt *p, const char *text, size_t len)
{
    erase(p);
    out_write(p->out, text, len);
    if (len == 0 || text[len - 1] != '\n')
        put(p, "\n");
}

void prompt_bell(struct prompt *p)
{
    put(p, "\a");
}

/* ---- keys ------------------------------------------------------------------------------------------- */

static void set_event(struct prompt *p, struct prompt_event *ret, enum prompt_event_kind kind)
{
    ret->kind = kind;
    ret->text = p->event_text.data;
    ret->len = p->event_text.len;
}

static void enter(struct prompt *p, struct prompt_event *ret)
{
    size_t len;
    char *line;

    if (p->is_dumb) {
        p->is_drawn = p->is_current = false; /* the echo of Enter has begun a new row */
    } else if (p->erases_lines) {
        erase(p);
    } else {
        if (lineedit_do(p->edit, LINEEDIT_END_OF_TEXT))
            p->is_current = false;
        prompt_draw(p);
        leave(p);
    }
    line = lineedit_take(p->edit, &len);
    p->first_row = 0;
    str_reset(&p->event_text);
    str_append(&p->event_text, line, len);
    free(line);
    set_event(p, ret, PROMPT_LINE);
}

static void insert(struct prompt *p, const char *text, size_t len)
{
    if (!lineedit_insert(p->edit, text, len))
        prompt_bell(p);
}

/* Of one line it is as if typed; its last newline sends nothing. */
static void paste(struct prompt *p, const struct lineedit_key *key, struct prompt_event *ret)
{
    struct str *text = &p->event_text;

    str_reset(text);
    lineedit_clean(text, key->text, key->len);
    while (text->len && text->data[text->len - 1] == '\n')
        text->data[--text->len] = '\0';
    if (!memchr(text->data, '\n', text->len)) {
        insert(p, text->data, text->len);
        if (key->number)
            prompt_bell(p);
        return;
    }
    set_event(p, ret, PROMPT_PASTE);
    ret->lines = 1;
    for (size_t i = 0; i < text->len; i++)
        ret->lines += text->data[i] == '\n';
}

static void complete(struct prompt *p, struct prompt_event *ret)
{
    const char *text = lineedit_text(p->edit);
    size_t cursor = lineedit_cursor(p->edit), begin = cursor;

    while (begin > 0 && text[begin - 1] != ' ' && text[begin - 1] != '\n')
        begin--;
    str_reset(&p->event_text);
    str_append(&p->event_text, text + begin, cursor - begin);
    set_event(p, ret, PROMPT_COMPLETE);
    ret->begin = begin;
}

static void answer(struct prompt *p, const struct lineedit_key *key, struct prompt_event *ret)
{
    str_reset(&p->event_text);
    switch (key->kind) {
    case LINEEDIT_KEY_TEXT:
        str_append(&p->event_text, key->text, text_grapheme(key->text, key->len, NULL));
        break;
    case LINEEDIT_KEY_ENTER:
        str_append_char(&p->event_text, '\r');
        break;
    case LINEEDIT_KEY_ESCAPE:
    case LINEEDIT_KEY_INTERRUPT:
    case LINEEDIT_KEY_END:
        break;
    default:
        return;
    }
    set_event(p, ret, PROMPT_ANSWER);
}

/* A dumb terminal's driver has edited already, and sends whole lines. */
static void take_dumb_key(struct prompt *p, const struct lineedit_key *key, struct prompt_event *ret)
{
    if (key->kind == LINEEDIT_KEY_TEXT)
        insert(p, key->text, key->len);
    else if (key->kind == LINEEDIT_KEY_TAB)
        insert(p, "\t", 1);
    else if (key->kind == LINEEDIT_KEY_ENTER ||
             (key->kind == LINEEDIT_KEY_ACTION && key->action == LINEEDIT_NEWLINE))
        enter(p, ret);
    if (ret->kind == PROMPT_LINE && p->is_asking)
        ret->kind = PROMPT_ANSWER;
}

static void take_key(struct prompt *p, const struct lineedit_key *key, struct prompt_event *ret)
{
    if (key->kind == LINEEDIT_KEY_MORE)
        return;
    if (p->is_dumb) {
        take_dumb_key(p, key, ret);
        return;
    }
    p->is_current = false;
    if (key->kind == LINEEDIT_KEY_REDRAW) {
        put(p, CLEAR_SCREEN);
        p->is_drawn = false;
        p->cursor_row = 0;
        return;
    }
    if (key->kind == LINEEDIT_KEY_SUSPEND) {
        ret->kind = PROMPT_SUSPEND;
        return;
    }
    if (p->is_asking) {
        answer(p, key, ret);
        return;
    }
    switch (key->kind) {
    case LINEEDIT_KEY_TEXT:
        insert(p, key->text, key->len);
        break;
    case LINEEDIT_KEY_ACTION:
        lineedit_do(p->edit, key->action);
        break;
    case LINEEDIT_KEY_ENTER:
        enter(p, ret);
        break;
    case LINEEDIT_KEY_PASTE:
        paste(p, key, ret);
        break;
    case LINEEDIT_KEY_TAB:
        complete(p, ret);
        break;
    case LINEEDIT_KEY_INTERRUPT:
        ret->kind = PROMPT_INTERRUPT;
        break;
    case LINEEDIT_KEY_END:
        if (lineedit_is_empty(p->edit))
            ret->kind = PROMPT_END;
        else
            lineedit_do(p->edit, LINEEDIT_DELETE_CHAR);
        break;
    case LINEEDIT_KEY_UNKNOWN:
        break;
    default:
        ret->kind = PROMPT_KEY;
        ret->key = *key;
    }
}

void prompt_next(struct prompt *p, const uint8_t **data, size_t *len, struct prompt_event *ret)
{
    struct lineedit_key key;

    *ret = (struct prompt_event){.kind = PROMPT_MORE, .text = ""};
    do {
        lineedit_keys_next(p->keys, data, len, &key);
        take_key(p, &key, ret);
    } while (key.kind != LINEEDIT_KEY_MORE && ret->kind == PROMPT_MORE);
}

bool prompt_pending(const struct prompt *p)
{
    return lineedit_keys_pending(p->keys);
}

void prompt_timeout(struct prompt *p, struct prompt_event *ret)
{
    struct lineedit_key key;

    *ret = (struct prompt_event){.kind = PROMPT_MORE, .text = ""};
    lineedit_keys_flush(p->keys, &key);
    take_key(p, &key, ret);
}

/* ---- completion ------------------------------------------------------------------------------------- */

/* How much of the first all others begin with, whole clusters. */
static size_t common_len(const char *const *candidates, size_t count)
{
    size_t len = strlen(candidates[0]), same = len;

    for (size_t i = 1; i < count; i++) {
        size_t at = 0;

        while (at < same && candidates[i][at] == candidates[0][at])
            at++;
        same = at;
    }
    return text_boundary(candidates[0], len, same) == same || same == 0
               ? same
               : text_grapheme_before(candidates[0], len, text_boundary(candidates[0], len, same));
}

static void replace_word(struct prompt *p, size_t begin, const char *word, size_t len, const char *suffix)
{
    const char *text = lineedit_text(p->edit);
    size_t cursor = lineedit_cursor(p->edit);
    struct str whole = STR_INIT;

    str_append(&whole, text, begin);
    str_append(&whole, word, len);
    str_append_str(&whole, suffix);
    len = whole.len;
    str_append(&whole, text + cursor, lineedit_len(p->edit) - cursor);
    lineedit_set(p->edit, whole.data, whole.len, len);
    str_done(&whole);
}

/* In columns of equal width, as ls(1) does. */
static void list_candidates(struct prompt *p, const char *const *candidates, size_t count)
{
    struct str list = STR_INIT;
    int width = 0, column = 0;

    for (size_t i = 0; i < count; i++) {
        int columns = text_columns(candidates[i], strlen(candidates[i]));

        if (columns > width)
            width = columns < p->columns ? columns : p->columns - 1;
    }
    for (size_t i = 0; i < count; i++) {
        if (column && column + 2 + width < p->columns) {
            str_append_str(&list, "  ");
            column += 2;
        } else if (column) {
            str_append_char(&list, '\n');
            column = 0;
        }
        text_pad(&list, candidates[i], strlen(candidates[i]), width);
        column += width;
    }
    prompt_print(p, list.data, list.len);
    str_done(&list);
}

void prompt_complete(
    struct prompt *p, size_t begin, const char *const *candidates, size_t count, const char *suffix)
{
    size_t same = count ? common_len(candidates, count) : 0;

    if (begin > lineedit_cursor(p->edit))
        return;
    p->is_current = false;
    if (count == 0)
        prompt_bell(p);
    else if (count == 1)
        replace_word(p, begin, candidates[0], same, suffix);
    else if (same > lineedit_cursor(p->edit) - begin)
        replace_word(p, begin, candidates[0], same, "");
    else
        list_candidates(p, candidates, count);
}
