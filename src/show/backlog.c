/* SPDX-License-Identifier: ISC */
/* What there is: a ring of messages, bounded in number and bytes. */
#include "show/backlog.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "show/backlog_inside.h"

#define NEAR_END 20 /* messages left before the end of what is in memory */
#define TAB_COLUMNS 4
#define CAPACITY_MIN 64

/* Around what utf8_escape_marked escapes; neither can be in what it leaves alone. */
#define ESCAPE_ON '\001'
#define ESCAPE_OFF '\002'

struct backlog *backlog_new(bool has_journal)
{
    struct backlog *b = xcalloc(1, sizeof(*b));

    b->has_journal = has_journal;
    b->has_all_older = !has_journal;
    b->at_end = true;
    b->unread = b->found = NO_PLACE;
    return b;
}

static void free_entry(struct entry *e)
{
    free((char *)e->item.text);
    free((char *)e->item.note);
    free(e->escapes);
    free(e->row_at);
    free(e);
}

void backlog_clear(struct backlog *b)
{
    for (size_t i = 0; i < b->count; i++)
        free_entry(b->ring[(b->head + i) & (b->capacity - 1)]);
    free(b->ring);
    free(b->found_text);
    *b = (struct backlog){
        .has_journal = b->has_journal,
        .has_all_older = !b->has_journal,
        .at_end = true,
        .unread = NO_PLACE,
        .found = NO_PLACE,
        .rows = b->rows,
        .columns = b->columns,
        .name_columns = b->name_columns,
    };
}

void backlog_free(struct backlog *b)
{
    if (!b)
        return;
    backlog_clear(b);
    free(b);
}

size_t backlog_count(const struct backlog *b)
{
    return b->count;
}

struct entry *backlog_at(const struct backlog *b, int64_t place)
{
    if (place < b->first || place > backlog_last(b))
        return NULL;
    return b->ring[(b->head + (size_t)(place - b->first)) & (b->capacity - 1)];
}

int64_t backlog_last(const struct backlog *b)
{
    return b->first + (int64_t)b->count - 1;
}

/* What was escaped is remembered by its offsets, so that the text can be measured without marks in it. */
static void escape(struct entry *e, const char *text, size_t len)
{
    struct str marked = STR_INIT, plain = STR_INIT;
    const char on[] = {ESCAPE_ON, '\0'}, off[] = {ESCAPE_OFF, '\0'};

    utf8_escape_marked(&marked, text, len, UTF8_KEEP_LINES, on, off);
    for (size_t i = 0; i < marked.len; i++) {
        char c = marked.data[i];

        if (c == ESCAPE_ON || c == ESCAPE_OFF) {
            if (e->n_escapes % 16 == 0)
                e->escapes = xreallocarray(e->escapes, e->n_escapes + 16, sizeof(*e->escapes));
            e->escapes[e->n_escapes++] = (uint32_t)plain.len;
        } else if (c == '\t')
            str_append(&plain, "    ", TAB_COLUMNS);
        else
            str_append_char(&plain, c);
    }
    e->item.len = plain.len;
    e->item.text = str_steal(&plain);
    str_done(&marked);
}

static void set_note(struct entry *e, const char *note)
{
    struct str escaped = STR_INIT;

    utf8_escape(&escaped, note, strlen(note), 0);
    free((char *)e->item.note);
    e->item.note = str_steal(&escaped);
    e->text_columns = 0;
}

static int32_t local_day(int64_t at_ns)
{
    time_t seconds = (time_t)(at_ns / 1000000000);
    struct tm local;

    return localtime_r(&seconds, &local) ? local.tm_year * 366 + local.tm_yday : 0;
}

static struct entry *new_entry(const struct backlog_item *item)
{
    struct entry *e = xcalloc(1, sizeof(*e));
    size_t shown = item->len;
    struct str note = STR_INIT;

    e->item = *item;
    e->item.note = NULL;
    str_append_str(&note, item->note ? item->note : "");
    if (shown > BACKLOG_TEXT_BYTES) {
        shown = utf8_truncate(item->text, item->len, BACKLOG_TEXT_BYTES);
        if (note.len)
            str_append_str(&note, "; ");
        str_appendf(&note, _("%zu of its %zu bytes are shown; /export writes all"), shown, item->len);
    }
    escape(e, item->text, shown);
    set_note(e, note.data);
    str_done(&note);
    e->day = local_day(item->at_ns);
    return e;
}

static size_t weight(const struct entry *e)
{
    return sizeof(*e) + e->item.len;
}

static void grow(struct backlog *b)
{
    size_t capacity = b->capacity ? b->capacity * 2 : CAPACITY_MIN;
    struct entry **ring;

    if (b->count < b->capacity)
        return;
    ring = xreallocarray(NULL, capacity, sizeof(struct entry *));
    for (size_t i = 0; i < b->count; i++)
        ring[i] = b->ring[(b->head + i) & (b->capacity - 1)];
    free(b->ring);
    b->ring = ring;
    b->capacity = capacity;
    b->head = 0;
}

static bool is_too_much(const struct backlog *b)
{
    return b->count > 1 && (b->count > BACKLOG_ITEMS || b->bytes > BACKLOG_BYTES);
}

static void drop_oldest(struct backlog *b)
{
    struct entry *e = backlog_at(b, b->first);

    b->bytes -= weight(e);
    free_entry(e);
    b->head = (b->head + 1) & (b->capacity - 1);
    b->count--;
    b->first++;
    b->has_all_older = !b->has_journal;
    if (!b->at_end && b->bottom < b->first) {
        b->bottom = b->first;
        b->bottom_row = 0;
    }
}

static void drop_newest(struct backlog *b)
{
    struct entry *e = backlog_at(b, backlog_last(b));

    b->bytes -= weight(e);
    free_entry(e);
    b->count--;
    b->is_cut_below = true;
}

static void append(struct backlog *b, struct entry *e)
{
    grow(b);
    b->ring[(b->head + b->count) & (b->capacity - 1)] = e;
    b->count++;
    b->bytes += weight(e);
}

void backlog_add(struct backlog *b, const struct backlog_item *item)
{
    if (!b->at_end)
        b->below++;
    if (b->is_cut_below) {
        b->missed++;
        return;
    }
    append(b, new_entry(item));
    while (is_too_much(b)) {
        /* Whoever reads the oldest goes on reading them. */
        if (!b->at_end && b->has_journal && b->top <= b->first + NEAR_END && backlog_last(b) > b->bottom)
            drop_newest(b);
        else
            drop_oldest(b);
    }
}

static bool is_here(struct backlog *b, const struct backlog_item *item)
{
    for (int64_t place = b->first; place <= backlog_last(b); place++) {
        struct backlog_item *i = &backlog_at(b, place)->item;

        if (item->id && i->id == item->id)
            return true;
        if (i->id == 0 && i->kind == item->kind && i->at_ns == item->at_ns) {
            i->id = item->id;
            return true;
        }
    }
    return false;
}

static void find_awaited(struct backlog *b)
{
    for (int64_t place = b->first; b->awaited_id && place <= backlog_last(b); place++) {
        if (backlog_at(b, place)->item.id == b->awaited_id) {
            b->awaited_id = 0;
            b->found = place;
            backlog_reveal(b, place);
        }
    }
}

void backlog_add_older(struct backlog *b, const struct backlog_item *items, size_t count, bool is_all)
{
    b->has_all_older = is_all;
    while (count-- > 0) {
        if (is_here(b, &items[count]))
            continue;
        grow(b);
        b->head = (b->head - 1) & (b->capacity - 1);
        b->ring[b->head] = new_entry(&items[count]);
        b->bytes += weight(b->ring[b->head]);
        b->count++;
        b->first--;
        if (is_too_much(b) && (b->at_end || backlog_last(b) <= b->bottom)) {
            drop_oldest(b);
            break;
        }
        while (is_too_much(b) && backlog_last(b) > b->bottom)
            drop_newest(b);
    }
    find_awaited(b);
}

void backlog_add_newer(struct backlog *b, const struct backlog_item *items, size_t count, bool is_all)
{
    if (!b->is_cut_below)
        return;
    for (size_t i = 0; i < count; i++)
        if (!is_here(b, &items[i]))
            append(b, new_entry(&items[i]));
    while (is_too_much(b) && b->first < b->bottom)
        drop_oldest(b);
    /* What came while the page was on its way may not be in it. */
    if (is_all && b->missed == 0)
        b->is_cut_below = false;
    b->missed = 0;
    find_awaited(b);
}

void backlog_change(struct backlog *b, uint64_t number, int64_t id, enum backlog_mark mark, const char *note)
{
    for (int64_t place = backlog_last(b); place >= b->first; place--) {
        struct entry *e = backlog_at(b, place);

        if (!(number && e->item.number == number) && !(id && e->item.id == id))
            continue;
        e->item.id = id ? id : e->item.id;
        e->item.mark = mark;
        if (note)
            set_note(e, note);
        return;
    }
}

int64_t backlog_oldest_id(const struct backlog *b)
{
    for (int64_t place = b->first; place <= backlog_last(b); place++)
        if (backlog_at(b, place)->item.id)
            return backlog_at(b, place)->item.id;
    return 0;
}

int64_t backlog_newest_id(const struct backlog *b)
{
    for (int64_t place = backlog_last(b); place >= b->first; place--)
        if (backlog_at(b, place)->item.id)
            return backlog_at(b, place)->item.id;
    return 0;
}

void backlog_leave(struct backlog *b)
{
    b->unread = backlog_last(b) + 1;
}

void backlog_set_unread(struct backlog *b, size_t count)
{
    b->unread = NO_PLACE;
    for (int64_t place = backlog_last(b); count && place >= b->first; place--) {
        if (backlog_at(b, place)->item.kind != BACKLOG_IN)
            continue;
        b->unread = place;
        count--;
    }
}

void backlog_forget_unread(struct backlog *b)
{
    b->unread = NO_PLACE;
}

bool backlog_wants_older(const struct backlog *b)
{
    return !b->has_all_older && (b->count == 0 || b->top - b->first < NEAR_END);
}

bool backlog_wants_newer(const struct backlog *b)
{
    return b->is_cut_below && b->count && backlog_last(b) - b->bottom < NEAR_END;
}

void backlog_found_elsewhere(struct backlog *b, const char *text, int64_t id)
{
    char *copy = xstrdup(text);

    backlog_clear(b);
    b->found_text = copy;
    b->awaited_id = id;
    b->at_end = false;
    b->is_cut_below = true;
}
