/* SPDX-License-Identifier: ISC */
/* What keys do, by what they are for at the moment (enum window_mode). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "cmd/window.h"

#define QUIT_WORD "quit" /* the tutorial's; the same in every language */

struct lineedit *window_edit(struct window *w)
{
    if (w->mode == WINDOW_SEARCHING)
        return w->search;
    if (w->mode == WINDOW_CHOOSING || !w->shown)
        return w->choose;
    return w->shown->edit;
}

static void bell(const struct window *w)
{
    screen_bell(w->screen);
}

static void forget_notice(struct window *w)
{
    str_reset(&w->notice);
}

/* ---- saying ---- */

static bool say(struct window *w, const char *text, size_t len)
{
    struct err err;

    w->quit_again = false;
    /* Its call may have ended for good, and the conversation with it. */
    if (!w->shown->peer && !window_show(w, w->shown))
        return false;
    if (chat_say(w->shown->peer, text, len, &err) == 0)
        return true;
    window_say(w, STYLE_ERROR, "%s", err.text);
    return false;
}

static void enter_message(struct window *w)
{
    struct lineedit *edit = w->shown->edit;
    const char *text = lineedit_text(edit);
    size_t len = lineedit_len(edit);
    bool is_command = *text == '/' && text[1] != '/';
    char *taken;

    if (len == 0)
        return;
    if (strcmp(text, QUIT_WORD) == 0) {
        lineedit_clear(edit);
        window_choose(w);
        return;
    }
    taken = lineedit_take(edit, &len);
    if (is_command)
        window_command(w, taken);
    else if (!say(w, *taken == '/' ? taken + 1 : taken, *taken == '/' ? len - 1 : len))
        lineedit_set(edit, taken, len, len);
    free(taken);
}

/* ---- choosing ---- */

static bool begins_with(const char *text, const char *start)
{
    return strncasecmp(text, start, strlen(start)) == 0;
}

size_t window_match(const struct window *w, const char *text)
{
    size_t found = CHAT_SCREEN_NOBODY;
    int best = 0;

    for (size_t i = 0; *text && i < w->n_talks; i++) {
        const char *name = w->talks[i]->name;
        int rank = strcmp(name, text) == 0 ? 3 : begins_with(name, text) ? 2 : strcasestr(name, text) ? 1 : 0;

        if (rank > best) {
            best = rank;
            found = i;
        }
    }
    return found;
}

static void enter_choice(struct window *w)
{
    const char *text = lineedit_text(w->choose);
    size_t match = window_match(w, text);
    char *taken;
    size_t len;

    if (*text == '\0') {
        if (w->bar < w->n_talks)
            window_show(w, w->talks[w->bar]);
        return;
    }
    if (strcmp(text, QUIT_WORD) == 0) {
        window_quit(w);
        return;
    }
    if (match != CHAT_SCREEN_NOBODY) {
        window_show(w, w->talks[match]);
        return;
    }
    taken = lineedit_take(w->choose, &len);
    if (*taken == '/')
        window_command(w, taken);
    else if (!window_open(w, taken))
        lineedit_set(w->choose, taken, len, len);
    free(taken);
}

/* ---- a long paste ---- */

static size_t count_lines(const char *text)
{
    size_t lines = 1;

    for (; *text; text++)
        lines += *text == '\n' && text[1];
    return lines;
}

static void take_paste(struct window *w, const struct lineedit_key *key)
{
    struct lineedit *clean = lineedit_new();
    bool fits = lineedit_insert(clean, key->text, key->len);
    size_t lines = count_lines(lineedit_text(clean));

    if (!fits || key->number)
        window_say(w, STYLE_ERROR, _("this is more than %zu KiB, the most that can be pasted"),
            LINEEDIT_PASTE_BYTES >> 10);
    else if (lines > WINDOW_PASTE_LINES && w->mode == WINDOW_TALKING) {
        str_reset(&w->pasted);
        str_append(&w->pasted, lineedit_text(clean), lineedit_len(clean));
        w->pasted_lines = lines;
        w->mode_before = w->mode;
        w->mode = WINDOW_PASTING;
    } else if (!lineedit_insert(window_edit(w), lineedit_text(clean), lineedit_len(clean)))
        window_say(w, STYLE_ERROR, _("the message would be longer than %zu KiB, which is the most"),
            LINEEDIT_BYTES >> 10);
    lineedit_free(clean);
}

static void say_lines(struct window *w)
{
    const char *at = w->pasted.data, *end = at + w->pasted.len;
    size_t said = 0;

    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((newline ? newline : end) - at);

        if (len && !say(w, at, len)) {
            struct str why = STR_INIT;

            str_append(&why, w->notice.data, w->notice.len);
            window_say(w, STYLE_ERROR, _("%zu lines were said, then: %s"), said, why.data);
            str_done(&why);
            return;
        }
        said++;
        at = newline ? newline + 1 : end;
    }
}

static size_t without_last_newline(const struct str *text)
{
    return text->len && text->data[text->len - 1] == '\n' ? text->len - 1 : text->len;
}

static void answer_paste(struct window *w, const struct lineedit_key *key)
{
    char c = key->kind == LINEEDIT_KEY_TEXT && key->len == 1 ? *key->text : '\0';

    if (key->kind == LINEEDIT_KEY_ESCAPE || key->kind == LINEEDIT_KEY_INTERRUPT)
        c = 'n';
    if (!c || !strchr("yYoOeEnN", c)) {
        bell(w);
        return;
    }
    w->mode = w->mode_before;
    forget_notice(w);
    if (c == 'y' || c == 'Y')
        say_lines(w);
    else if (c == 'o' || c == 'O')
        say(w, w->pasted.data, without_last_newline(&w->pasted));
    else if ((c == 'e' || c == 'E') &&
             !lineedit_insert(window_edit(w), w->pasted.data, without_last_newline(&w->pasted)))
        bell(w);
    str_done(&w->pasted);
}

/* ---- searching ---- */

static void begin_search(struct window *w)
{
    if (!w->shown || w->mode == WINDOW_CHOOSING)
        return;
    lineedit_clear(w->search);
    w->mode = WINDOW_SEARCHING;
}

static void end_search(struct window *w)
{
    w->mode = WINDOW_TALKING;
    forget_notice(w);
    if (w->shown) {
        backlog_forget_found(w->shown->backlog);
        backlog_to_end(w->shown->backlog);
    }
}

static void enter_search(struct window *w)
{
    char *text;
    size_t len;

    if (lineedit_is_empty(w->search)) {
        end_search(w);
        return;
    }
    text = lineedit_take(w->search, &len);
    window_search(w, text, true);
    free(text);
}

/* n, N and Ctrl-R, while nothing is typed. Any other key is what it always is, and ends it. */
static bool go_on_finding(struct window *w, const struct lineedit_key *key)
{
    bool is_letter = key->kind == LINEEDIT_KEY_TEXT && key->len == 1 && lineedit_is_empty(w->shown->edit);

    if (key->kind == LINEEDIT_KEY_SEARCH || (is_letter && *key->text == 'n'))
        window_search(w, w->wanted.data, true);
    else if (is_letter && *key->text == 'N')
        window_search(w, w->wanted.data, false);
    else if (key->kind == LINEEDIT_KEY_ESCAPE || key->kind == LINEEDIT_KEY_INTERRUPT)
        end_search(w);
    else
        return false;
    return true;
}

/* ---- what is the same everywhere ---- */

static void scroll(struct window *w, int rows)
{
    if (w->mode == WINDOW_HELPING) {
        int top = (int)w->help_top - rows, last = (int)window_help_count() - w->places.talk_rows;

        w->help_top = (size_t)(top > last ? last : top) * (top > 0 && last > 0);
    } else if (w->mode == WINDOW_CHOOSING) {
        while (rows > 0 && w->bar > 0 && rows--)
            w->bar--;
        while (rows < 0 && w->bar + 1 < w->n_talks && rows++)
            w->bar++;
    } else if (w->shown && !backlog_scroll(w->shown->backlog, rows) && rows > 0 &&
               !backlog_wants_older(w->shown->backlog))
        bell(w);
}

static int page(const struct window *w)
{
    int rows = w->places.talk_rows - 2;

    return rows < 1 ? 1 : rows;
}

static void interrupt(struct window *w)
{
    struct lineedit *edit = window_edit(w);

    if (w->mode == WINDOW_SEARCHING) {
        w->mode = WINDOW_TALKING;
        return;
    }
    if (!lineedit_is_empty(edit)) {
        lineedit_clear(edit);
        return;
    }
    if (w->interrupt_again) {
        window_quit(w);
        return;
    }
    w->interrupt_again = true;
    window_say(w, STYLE_WARNING, "%s", _("Ctrl-C again ends landline"));
}

static void click(struct window *w, const struct lineedit_key *key)
{
    size_t i;

    if (!key->pressed)
        return;
    if (key->button == 64 || key->button == 65) {
        scroll(w, key->button == 64 ? WINDOW_WHEEL_ROWS : -WINDOW_WHEEL_ROWS);
        return;
    }
    /* What was drawn last is what was clicked on. */
    i = chat_screen_hit(&w->places, w->n_talks, key->row, key->column);
    if (key->button == 0 && i != CHAT_SCREEN_NOBODY)
        window_show(w, w->talks[i]);
}

void window_help_shown(struct window *w)
{
    if (w->mode == WINDOW_HELPING) {
        w->mode = w->mode_before;
        return;
    }
    w->mode_before = w->mode == WINDOW_CHOOSING ? WINDOW_CHOOSING : WINDOW_TALKING;
    w->mode = WINDOW_HELPING;
    w->help_top = 0;
}

/* On a narrow screen it takes the place of the conversation. */
static void toggle_list(struct window *w)
{
    if (grid_columns(w->grid) >= CHAT_SCREEN_LIST_FROM)
        w->hides_list = !w->hides_list;
    else if (w->mode != WINDOW_CHOOSING)
        window_choose(w);
    else if (w->shown)
        window_show(w, w->shown);
}

static void focus(struct window *w, bool has_focus)
{
    w->has_focus = has_focus;
    if (!has_focus && w->shown)
        backlog_leave(w->shown->backlog);
}

/* Keys that have nothing to do with what is typed. False: it is none of them. */
static bool take_common(struct window *w, const struct lineedit_key *key)
{
    switch (key->kind) {
    case LINEEDIT_KEY_FOCUS:
        focus(w, key->number == 1);
        return true;
    case LINEEDIT_KEY_SUSPEND:
        screen_suspend(w->screen);
        return true;
    case LINEEDIT_KEY_REDRAW:
        screen_spoiled(w->screen);
        return true;
    case LINEEDIT_KEY_PAGE_UP:
        scroll(w, page(w));
        return true;
    case LINEEDIT_KEY_PAGE_DOWN:
        scroll(w, -page(w));
        return true;
    case LINEEDIT_KEY_MOUSE:
        click(w, key);
        return true;
    case LINEEDIT_KEY_FUNCTION:
        if (key->number == 1)
            window_help_shown(w);
        else if (key->number == 2)
            toggle_list(w);
        return true;
    default:
        return false;
    }
}

/* Keys that go from one conversation to another. */
static bool take_moves(struct window *w, const struct lineedit_key *key)
{
    switch (key->kind) {
    case LINEEDIT_KEY_NEXT:
    case LINEEDIT_KEY_PREVIOUS:
        window_step(w, key->kind == LINEEDIT_KEY_NEXT);
        return true;
    case LINEEDIT_KEY_NEXT_UNREAD:
        window_next_unread(w);
        return true;
    case LINEEDIT_KEY_NUMBER:
        if (key->number >= 1 && (size_t)key->number <= w->n_talks)
            window_show(w, w->talks[key->number - 1]);
        else
            bell(w);
        return true;
    default:
        return false;
    }
}

static void enter(struct window *w)
{
    if (w->mode == WINDOW_SEARCHING)
        enter_search(w);
    else if (w->mode == WINDOW_CHOOSING || !w->shown)
        enter_choice(w);
    else
        enter_message(w);
}

static void act(struct window *w, enum lineedit_action action)
{
    bool up = action == LINEEDIT_PREVIOUS_LINE || action == LINEEDIT_PREVIOUS_HISTORY;
    bool down = action == LINEEDIT_NEXT_LINE || action == LINEEDIT_NEXT_HISTORY;

    if (w->mode == WINDOW_CHOOSING && (up || down))
        scroll(w, up ? 1 : -1);
    else if (w->mode != WINDOW_TALKING && w->mode != WINDOW_FINDING && action == LINEEDIT_NEWLINE)
        bell(w);
    else
        lineedit_do(window_edit(w), action);
}

/* Keys for the line that is typed. */
static void take_typed(struct window *w, const struct lineedit_key *key)
{
    struct lineedit *edit = window_edit(w);
    size_t match;

    switch (key->kind) {
    case LINEEDIT_KEY_TEXT:
        if (!lineedit_insert(edit, key->text, key->len))
            bell(w);
        break;
    case LINEEDIT_KEY_PASTE:
        take_paste(w, key);
        break;
    case LINEEDIT_KEY_ACTION:
        act(w, key->action);
        break;
    case LINEEDIT_KEY_ENTER:
        enter(w);
        return;
    case LINEEDIT_KEY_TAB:
        window_complete(w);
        break;
    case LINEEDIT_KEY_SEARCH:
        if (w->mode == WINDOW_SEARCHING)
            enter_search(w);
        else
            begin_search(w);
        return;
    case LINEEDIT_KEY_INTERRUPT:
        interrupt(w);
        return;
    case LINEEDIT_KEY_END:
        if (!lineedit_is_empty(edit))
            lineedit_do(edit, LINEEDIT_DELETE_CHAR);
        else if (w->mode != WINDOW_SEARCHING)
            window_quit(w);
        return;
    case LINEEDIT_KEY_ESCAPE:
        if (w->mode == WINDOW_SEARCHING)
            w->mode = WINDOW_TALKING;
        else if (w->mode == WINDOW_CHOOSING && w->shown)
            window_show(w, w->shown);
        else if (w->shown)
            backlog_to_end(w->shown->backlog);
        return;
    default:
        return;
    }
    /* While choosing, the bar goes to what is typed. */
    match = w->mode == WINDOW_CHOOSING ? window_match(w, lineedit_text(w->choose)) : CHAT_SCREEN_NOBODY;
    if (match != CHAT_SCREEN_NOBODY)
        w->bar = match;
}

static void take_in_help(struct window *w, const struct lineedit_key *key)
{
    if (key->kind == LINEEDIT_KEY_ACTION && key->action == LINEEDIT_PREVIOUS_LINE)
        scroll(w, 1);
    else if (key->kind == LINEEDIT_KEY_ACTION && key->action == LINEEDIT_NEXT_LINE)
        scroll(w, -1);
    else
        window_help_shown(w);
}

static void take(struct window *w, const struct lineedit_key *key)
{
    if (key->kind == LINEEDIT_KEY_UNKNOWN)
        return;
    if (w->mode == WINDOW_PASTING && key->kind != LINEEDIT_KEY_FOCUS && key->kind != LINEEDIT_KEY_REDRAW &&
        key->kind != LINEEDIT_KEY_SUSPEND) {
        answer_paste(w, key);
        return;
    }
    if (w->interrupt_again && key->kind != LINEEDIT_KEY_INTERRUPT)
        w->interrupt_again = false;
    if (take_common(w, key))
        return;
    if (w->mode == WINDOW_HELPING) {
        take_in_help(w, key);
        return;
    }
    if (w->mode == WINDOW_FINDING) {
        if (go_on_finding(w, key))
            return;
        backlog_forget_found(w->shown->backlog);
        w->mode = WINDOW_TALKING;
    }
    forget_notice(w);
    if (!take_moves(w, key))
        take_typed(w, key);
}

void window_input(struct window *w, const uint8_t *data, size_t len)
{
    struct lineedit_key key;

    for (;;) {
        lineedit_keys_next(w->keys, &data, &len, &key);
        if (key.kind == LINEEDIT_KEY_MORE)
            break;
        take(w, &key);
        if (w->is_stopping)
            return;
    }
    window_draw_now(w);
}

void window_escape(struct window *w)
{
    struct lineedit_key key;

    lineedit_keys_flush(w->keys, &key);
    if (key.kind != LINEEDIT_KEY_MORE)
        take(w, &key);
    window_draw_now(w);
}
