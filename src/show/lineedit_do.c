/* SPDX-License-Identifier: ISC */
/* What each key does, as readline(3) describes it. A word is a run of letters and digits, so a run of Chinese
 * is one; only Ctrl-W goes by blanks. A line is what newlines bound, whatever rows it is shown on. */
#include <stdint.h>
#include <string.h>
#include <utf8proc.h>

#include "base/utf8.h"
#include "show/lineedit_private.h"
#include "show/text.h"

static size_t next_of(const struct lineedit *e, size_t at)
{
    return at < e->text.len ? at + text_grapheme(e->text.data + at, e->text.len - at, NULL) : at;
}

static size_t previous_of(const struct lineedit *e, size_t at)
{
    return at ? text_grapheme_before(e->text.data, e->text.len, at) : 0;
}

static size_t line_begin(const struct lineedit *e, size_t at)
{
    const char *newline = memrchr(e->text.data, '\n', at);

    return newline ? (size_t)(newline - e->text.data) + 1 : 0;
}

static size_t line_end(const struct lineedit *e, size_t at)
{
    const char *newline = memchr(e->text.data + at, '\n', e->text.len - at);

    return newline ? (size_t)(newline - e->text.data) : e->text.len;
}

static bool is_letter(const struct lineedit *e, size_t at)
{
    uint32_t code;

    if (utf8_decode(e->text.data + at, e->text.len - at, &code) < 0)
        return false;
    switch (utf8proc_category((int32_t)code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return true;
    default:
        return false;
    }
}

static size_t word_begin_after(const struct lineedit *e, size_t at)
{
    while (at < e->text.len && !is_letter(e, at))
        at = next_of(e, at);
    return at;
}

static size_t word_end_after(const struct lineedit *e, size_t at)
{
    at = word_begin_after(e, at);
    while (at < e->text.len && is_letter(e, at))
        at = next_of(e, at);
    return at;
}

static bool is_mark(const struct lineedit *e, size_t at)
{
    uint32_t code = 0;
    utf8proc_category_t category;

    utf8_decode(e->text.data + at, e->text.len - at, &code);
    category = utf8proc_category((int32_t)code);
    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
           category == UTF8PROC_CATEGORY_ME;
}

static bool is_blank(const struct lineedit *e, size_t at)
{
    return e->text.data[at] == ' ' || e->text.data[at] == '\n';
}

static size_t character_before(const struct lineedit *e, size_t at)
{
    do
        at--;
    while (at > 0 && ((unsigned char)e->text.data[at] & 0xc0) == 0x80);
    return at;
}

/* The begin of the cluster that a character belongs to. */
static size_t cluster_of(const struct lineedit *e, size_t at)
{
    size_t end = text_boundary(e->text.data, e->text.len, at);

    return end == at ? at : text_grapheme_before(e->text.data, e->text.len, end);
}

/* Backwards it goes by characters and not by clusters: to find one cluster's begin may take a walk through
 * all the marks before it. Marks belong to what they stand on. */
static size_t word_begin_before(const struct lineedit *e, size_t at)
{
    size_t begin = at;
    bool in_word = false;

    while (at > 0) {
        at = character_before(e, at);
        if (is_letter(e, at)) {
            in_word = true;
            begin = at;
        } else if (in_word && !is_mark(e, at)) {
            break;
        } else if (!in_word) {
            begin = at;
        }
    }
    return cluster_of(e, begin);
}

static size_t blank_before(const struct lineedit *e, size_t at)
{
    while (at > 0 && is_blank(e, character_before(e, at)))
        at--;
    while (at > 0 && !is_blank(e, character_before(e, at)))
        at = character_before(e, at);
    return cluster_of(e, at);
}

static bool go_to(struct lineedit *e, size_t at)
{
    bool moved = at != e->cursor;

    e->cursor = at;
    return moved;
}

/* ---- lines ------------------------------------------------------------------------------------------ */

static bool change_line(struct lineedit *e, bool back, enum lineedit_last last)
{
    size_t begin = line_begin(e, e->cursor), end = line_end(e, e->cursor);
    int columns;

    if (back ? begin == 0 : end == e->text.len)
        return lineedit_history_move(e, back);
    if (last != LAST_CHANGED_LINE)
        e->goal_column = text_columns(e->text.data + begin, e->cursor - begin);
    begin = back ? line_begin(e, begin - 1) : end + 1;
    end = line_end(e, begin);
    e->cursor = begin + text_fit(e->text.data + begin, end - begin, e->goal_column, &columns);
    e->last = LAST_CHANGED_LINE;
    return true;
}

/* ---- what is cut, and put in again ------------------------------------------------------------------ */

static void add_kill(struct lineedit *e, const char *text, size_t len)
{
    struct str oldest = e->kills[LINEEDIT_KILLS - 1];

    memmove(e->kills + 1, e->kills, (LINEEDIT_KILLS - 1) * sizeof(*e->kills));
    str_reset(&oldest);
    str_append(&oldest, text, len);
    e->kills[0] = oldest;
    if (e->kill_count < LINEEDIT_KILLS)
        e->kill_count++;
}

/* One kill after another makes one piece of text. */
static void join_kill(struct lineedit *e, const char *text, size_t len, bool is_forward)
{
    struct str both = STR_INIT, *kill = &e->kills[0];

    if (is_forward) {
        str_append(kill, text, len);
        return;
    }
    str_reserve(&both, len + kill->len);
    str_append(&both, text, len);
    str_append(&both, kill->data, kill->len);
    str_done(kill);
    *kill = both;
}

void lineedit_kill(struct lineedit *e, size_t from, size_t to, bool is_forward)
{
    if (e->last == LAST_KILLED)
        join_kill(e, e->text.data + from, to - from, is_forward);
    else
        add_kill(e, e->text.data + from, to - from);
    lineedit_replace(e, from, to - from, "", 0, from, false);
    e->last = LAST_KILLED;
}

/* `last` is what the key before did; a kill that finds nothing to cut still lets the next one join. */
static bool kill_between(struct lineedit *e, size_t from, size_t to, bool is_forward, enum lineedit_last last)
{
    e->last = last;
    if (from == to) {
        if (last != LAST_KILLED)
            e->last = LAST_OTHER;
        return false;
    }
    lineedit_kill(e, from, to, is_forward);
    return true;
}

static bool put_in(struct lineedit *e, size_t at, size_t removed)
{
    const struct str *kill = &e->kills[e->yanked];

    if (!lineedit_replace(e, at, removed, kill->data, kill->len, at + kill->len, false))
        return false;
    e->yanked_at = at;
    e->last = LAST_YANKED;
    return true;
}

static bool yank(struct lineedit *e)
{
    if (e->kill_count == 0)
        return false;
    e->yanked = 0;
    return put_in(e, e->cursor, 0);
}

static bool yank_pop(struct lineedit *e, enum lineedit_last last)
{
    size_t before = e->yanked;

    if (last != LAST_YANKED)
        return false;
    e->yanked = (before + 1) % e->kill_count;
    if (put_in(e, e->yanked_at, e->kills[before].len))
        return true;
    e->yanked = before;
    return false;
}

/* ---- letters ---------------------------------------------------------------------------------------- */

static bool delete_between(struct lineedit *e, size_t from, size_t to)
{
    return from != to && lineedit_replace(e, from, to - from, "", 0, from, false);
}

/* The two clusters around the cursor; at the end of a line the two before it. */
static bool transpose(struct lineedit *e)
{
    size_t begin = line_begin(e, e->cursor), middle, first, end;
    struct str turned = STR_INIT;
    bool done;

    middle = e->cursor == line_end(e, e->cursor) && e->cursor > begin ? previous_of(e, e->cursor) : e->cursor;
    if (middle == begin)
        return false;
    first = previous_of(e, middle);
    end = next_of(e, middle);
    str_append(&turned, e->text.data + middle, end - middle);
    str_append(&turned, e->text.data + first, middle - first);
    done = lineedit_replace(e, first, end - first, turned.data, turned.len, end, false);
    str_done(&turned);
    return done;
}

/* Of the rest of the word. */
static bool change_case(struct lineedit *e, enum lineedit_action action)
{
    size_t from = word_begin_after(e, e->cursor), to = word_end_after(e, from);
    struct str changed = STR_INIT;
    bool done = false;

    for (size_t at = from; at < to;) {
        uint32_t code = 0;
        int size = utf8_decode(e->text.data + at, to - at, &code);
        int32_t other = (int32_t)code;

        if (action == LINEEDIT_UPCASE_WORD)
            other = utf8proc_toupper(other);
        else if (action == LINEEDIT_CAPITALIZE_WORD && at == from)
            other = utf8proc_totitle(other);
        else
            other = utf8proc_tolower(other);
        utf8_append(&changed, (uint32_t)other);
        at += (size_t)size;
    }
    if (from < to)
        done = lineedit_replace(e, from, to - from, changed.data, changed.len, from + changed.len, false);
    str_done(&changed);
    return done;
}

bool lineedit_do(struct lineedit *e, enum lineedit_action action)
{
    enum lineedit_last last = e->last;
    size_t at = e->cursor;

    e->last = LAST_OTHER;
    switch (action) {
    case LINEEDIT_FORWARD_CHAR:
        return go_to(e, next_of(e, at));
    case LINEEDIT_BACKWARD_CHAR:
        return go_to(e, previous_of(e, at));
    case LINEEDIT_FORWARD_WORD:
        return go_to(e, word_end_after(e, at));
    case LINEEDIT_BACKWARD_WORD:
        return go_to(e, word_begin_before(e, at));
    case LINEEDIT_BEGINNING_OF_LINE:
        return go_to(e, line_begin(e, at));
    case LINEEDIT_END_OF_LINE:
        return go_to(e, line_end(e, at));
    case LINEEDIT_BEGINNING_OF_TEXT:
        return go_to(e, 0);
    case LINEEDIT_END_OF_TEXT:
        return go_to(e, e->text.len);
    case LINEEDIT_PREVIOUS_LINE:
        return change_line(e, true, last);
    case LINEEDIT_NEXT_LINE:
        return change_line(e, false, last);
    case LINEEDIT_PREVIOUS_HISTORY:
        return lineedit_history_move(e, true);
    case LINEEDIT_NEXT_HISTORY:
        return lineedit_history_move(e, false);
    case LINEEDIT_DELETE_CHAR:
        return delete_between(e, at, next_of(e, at));
    case LINEEDIT_BACKWARD_DELETE_CHAR:
        return delete_between(e, previous_of(e, at), at);
    case LINEEDIT_KILL_WORD:
        return kill_between(e, at, word_end_after(e, at), true, last);
    case LINEEDIT_BACKWARD_KILL_WORD:
        return kill_between(e, word_begin_before(e, at), at, false, last);
    case LINEEDIT_UNIX_WORD_RUBOUT:
        return kill_between(e, blank_before(e, at), at, false, last);
    case LINEEDIT_KILL_LINE: /* at a line's end the newline, as in Emacs */
        return kill_between(e, at, line_end(e, at) == at ? next_of(e, at) : line_end(e, at), true, last);
    case LINEEDIT_UNIX_LINE_DISCARD:
        return kill_between(e, line_begin(e, at), at, false, last);
    case LINEEDIT_YANK:
        return yank(e);
    case LINEEDIT_YANK_POP:
        return yank_pop(e, last);
    case LINEEDIT_TRANSPOSE_CHARS:
        return transpose(e);
    case LINEEDIT_UPCASE_WORD:
    case LINEEDIT_DOWNCASE_WORD:
    case LINEEDIT_CAPITALIZE_WORD:
        return change_case(e, action);
    case LINEEDIT_UNDO:
        return lineedit_undo(e);
    case LINEEDIT_NEWLINE:
        return lineedit_insert(e, "\n", 1);
    }
    return false;
}
