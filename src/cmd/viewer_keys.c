/* SPDX-License-Identifier: ISC */
/* What keys do: in the list, in the ladder, in what is typed on the last line. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "cmd/viewer.h"

static void bell(const struct viewer *v)
{
    screen_bell(v->screen);
}

/* ---- moving ---- */

static size_t count_of(const struct viewer *v)
{
    return v->shows_ladder ? v->places.count : roll_count(v->roll);
}

static size_t *place_of(struct viewer *v)
{
    return v->shows_ladder ? &v->rung : &v->bar;
}

/* Of what is captured, that is: what is explained stands below. */
static bool is_at_end(struct viewer *v, size_t rung)
{
    return v->live && v->pass.closeup && rung + 1 >= ladder_count(closeup_ladder(v->pass.closeup, v->every));
}

static void move_to(struct viewer *v, size_t at)
{
    size_t count = count_of(v);

    if (at >= count)
        at = count ? count - 1 : 0;
    if (v->shows_ladder && at != v->rung)
        v->packet_first = 0;
    if (v->shows_ladder)
        v->follows_end = is_at_end(v, at);
    *place_of(v) = at;
    if (!v->shows_ladder)
        v->chosen_id = count ? roll_id(v->roll, at) : 0;
}

static void move(struct viewer *v, long rows)
{
    size_t at = *place_of(v);

    if (v->shows_help)
        at = v->help_first;
    else if (v->packet_has_focus)
        at = v->packet_first;
    if (rows < 0)
        at = at > (size_t)-rows ? at - (size_t)-rows : 0;
    else
        at += (size_t)rows;
    if (v->shows_help)
        v->help_first = at < viewer_help_count() ? at : viewer_help_count() - 1;
    else if (v->packet_has_focus)
        v->packet_first = at;
    else
        move_to(v, at);
}

static long page_of(const struct viewer *v)
{
    int rows = v->packet_has_focus ? v->places.packet_rows : v->places.body_rows;

    return rows > 2 ? rows - 1 : 1;
}

static void click(struct viewer *v, const struct lineedit_key *key)
{
    struct watch_screen_view view;
    size_t at;

    if (!key->pressed)
        return;
    if (key->button == 64 || key->button == 65) {
        move(v, key->button == 64 ? -VIEWER_WHEEL_ROWS : VIEWER_WHEEL_ROWS);
        return;
    }
    if (key->button != 0 || v->shows_help)
        return;
    viewer_view(v, &view);
    at = watch_screen_hit(&view, &v->places, grid_columns(v->grid), key->row);
    if (at == WATCH_SCREEN_NONE)
        return;
    /* A click on what is chosen already opens it. */
    if (!v->shows_ladder && at == v->bar && v->chosen_id)
        viewer_open_ladder(v, v->chosen_id);
    else
        move_to(v, at);
}

/* ---- what they do ---- */

void viewer_open_ladder(struct viewer *v, uint32_t id)
{
    if (v->pass.id != id && !viewer_pass_begin(v, &v->pass, id))
        return;
    v->shows_ladder = true;
    v->rung = v->rung_first = v->packet_first = 0;
    v->follows_end = v->live != NULL;
    v->skip = 0;
    v->packet_has_focus = false;
}

static void go_back(struct viewer *v)
{
    if (v->packet_has_focus)
        v->packet_has_focus = false;
    else if (v->shows_ladder) {
        v->shows_ladder = false;
        v->skip = 0;
    } else
        viewer_quit(v);
}

static bool is_wanted(void *arg, const struct conversation *c)
{
    const struct viewer *v = arg;

    return match_is(v->only, c);
}

bool viewer_filter(struct viewer *v, const char *text)
{
    struct match *m = NULL;
    struct err err;

    if (*text && match_parse(text, &m, &err) < 0) {
        viewer_say(v, STYLE_ERROR, "%s", err.text);
        return false;
    }
    match_free(v->only);
    v->only = m;
    str_reset(&v->only_text);
    str_append_str(&v->only_text, text);
    roll_filter(v->roll, m ? is_wanted : NULL, v);
    viewer_tidy(v, true);
    return true;
}

static void sort_by(struct viewer *v, enum roll_key key, bool is_reversed)
{
    v->key = key;
    v->is_reversed = is_reversed;
    roll_sort(v->roll, key, is_reversed);
    viewer_tidy(v, true);
    viewer_say(v, STYLE_DIM, is_reversed ? _("by %s, reversed") : _("by %s"), gettext(roll_key_text(key)));
}

/* Where the cursor was, by the packet that it stood on. */
static void toggle_every(struct viewer *v)
{
    const struct rung *rung = viewer_rung(v);
    uint64_t number = rung ? rung->number : 0;
    const struct ladder *l;

    v->every = !v->every;
    if (!v->pass.closeup)
        return;
    l = closeup_ladder(v->pass.closeup, v->every);
    if (!rung)
        return;
    for (v->rung = 0; v->rung + 1 < ladder_count(l); v->rung++)
        if (ladder_rung(l, v->rung + 1)->number > number)
            break;
}

static void ask(struct viewer *v, enum viewer_asking what)
{
    struct str name = STR_INIT;

    v->asking = what;
    switch (what) {
    case ASKING_SEARCH:
        lineedit_clear(v->search);
        break;
    case ASKING_SAVE:
        if (!v->shows_ladder && !v->chosen_id) {
            v->asking = ASKING_NOTHING;
            bell(v);
            break;
        }
        viewer_save_name(v, &name);
        lineedit_set(v->file_name, name.data, name.len, name.len);
        break;
    default:
        break;
    }
    str_done(&name);
}

static void pause_or_go_on(struct viewer *v)
{
    v->is_paused = !v->is_paused;
    if (!v->is_paused)
        viewer_work_on(v);
}

static void press_in_ladder(struct viewer *v, char c)
{
    switch (c) {
    case 'e':
        toggle_every(v);
        break;
    case 'a':
        v->absolute = !v->absolute;
        break;
    default:
        bell(v);
    }
}

static void press_in_list(struct viewer *v, char c)
{
    switch (c) {
    case 'o':
        sort_by(v, (v->key + 1) % ROLL_KEYS, false);
        break;
    case 'O':
        sort_by(v, v->key, !v->is_reversed);
        break;
    case 'F':
        ask(v, ASKING_FILTER);
        break;
    default:
        bell(v);
    }
}

static void press(struct viewer *v, char c)
{
    switch (c) {
    case 'q':
        go_back(v);
        break;
    case '?':
    case 'h':
        v->shows_help = true;
        v->help_first = 0;
        break;
    case '/':
        ask(v, ASKING_SEARCH);
        break;
    case 'n':
    case 'N':
        viewer_find(v, c == 'N');
        break;
    case 's':
        ask(v, ASKING_SAVE);
        break;
    case 'p':
        pause_or_go_on(v);
        break;
    case 'j':
    case 'k':
        move(v, c == 'j' ? 1 : -1);
        break;
    case 'g':
        move_to(v, 0);
        break;
    case 'G':
        move_to(v, SIZE_MAX);
        break;
    case ' ':
        move(v, page_of(v));
        break;
    default:
        if (v->shows_ladder)
            press_in_ladder(v, c);
        else
            press_in_list(v, c);
    }
}

static void go_aside(struct viewer *v, int columns)
{
    v->skip = v->skip + columns > 0 ? v->skip + columns : 0;
    if (v->skip > GRID_COLUMNS_MAX)
        v->skip = GRID_COLUMNS_MAX;
}

static void act(struct viewer *v, enum lineedit_action action)
{
    switch (action) {
    case LINEEDIT_PREVIOUS_LINE:
    case LINEEDIT_PREVIOUS_HISTORY:
        move(v, -1);
        break;
    case LINEEDIT_NEXT_LINE:
    case LINEEDIT_NEXT_HISTORY:
        move(v, 1);
        break;
    case LINEEDIT_BEGINNING_OF_LINE:
    case LINEEDIT_BEGINNING_OF_TEXT:
        move(v, -INT32_MAX);
        break;
    case LINEEDIT_END_OF_LINE:
    case LINEEDIT_END_OF_TEXT:
        move(v, INT32_MAX);
        break;
    case LINEEDIT_FORWARD_CHAR:
    case LINEEDIT_BACKWARD_CHAR:
        go_aside(v, action == LINEEDIT_FORWARD_CHAR ? VIEWER_SIDE_COLUMNS : -VIEWER_SIDE_COLUMNS);
        break;
    default:
        break;
    }
}

static void take_typed(struct viewer *v, const struct lineedit_key *key);

/* Keys that came at once: what follows one that asks for something is the beginning of the answer. */
static void press_all(struct viewer *v, const struct lineedit_key *key)
{
    size_t i = 0;

    while (i < key->len && v->asking == ASKING_NOTHING)
        press(v, key->text[i++]);
    if (i < key->len && v->asking != ASKING_OVERWRITE) {
        struct lineedit_key rest = *key;

        rest.text += i;
        rest.len -= i;
        take_typed(v, &rest);
    }
}

static void take_command(struct viewer *v, const struct lineedit_key *key)
{
    switch (key->kind) {
    case LINEEDIT_KEY_TEXT:
        press_all(v, key);
        break;
    case LINEEDIT_KEY_ACTION:
        act(v, key->action);
        break;
    case LINEEDIT_KEY_ENTER:
        if (!v->shows_ladder && v->chosen_id)
            viewer_open_ladder(v, v->chosen_id);
        break;
    case LINEEDIT_KEY_TAB:
    case LINEEDIT_KEY_BACK_TAB:
        v->packet_has_focus = !v->packet_has_focus && v->shows_ladder && v->places.packet_rows > 0;
        break;
    case LINEEDIT_KEY_SEARCH:
        ask(v, ASKING_SEARCH);
        break;
    case LINEEDIT_KEY_ESCAPE:
        if (v->find_left)
            v->find_left = 0;
        else
            go_back(v);
        break;
    case LINEEDIT_KEY_END:
        go_back(v);
        break;
    default:
        break;
    }
}

/* ---- what is typed ---- */

static void enter(struct viewer *v)
{
    enum viewer_asking asked = v->asking;
    struct str text = STR_INIT;

    v->asking = ASKING_NOTHING;
    if (asked == ASKING_SEARCH) {
        str_reset(&v->wanted);
        str_append(&v->wanted, lineedit_text(v->search), lineedit_len(v->search));
        viewer_find(v, false);
    } else if (asked == ASKING_FILTER) {
        /* What is wrong with it stands on the line now; F goes on with what was typed. */
        viewer_filter(v, lineedit_text(v->filter));
    } else {
        str_append(&text, lineedit_text(v->file_name), lineedit_len(v->file_name));
        viewer_save(v, text.data, false);
    }
    str_done(&text);
}

static void take_typed(struct viewer *v, const struct lineedit_key *key)
{
    struct lineedit *edit = v->asking == ASKING_SEARCH   ? v->search
                            : v->asking == ASKING_FILTER ? v->filter
                                                         : v->file_name;

    switch (key->kind) {
    case LINEEDIT_KEY_TEXT:
    case LINEEDIT_KEY_PASTE:
        if (memchr(key->text, '\n', key->len) || memchr(key->text, '\r', key->len) ||
            !lineedit_insert(edit, key->text, key->len))
            bell(v);
        break;
    case LINEEDIT_KEY_ACTION:
        if (key->action == LINEEDIT_NEWLINE || !lineedit_do(edit, key->action))
            bell(v);
        break;
    case LINEEDIT_KEY_ENTER:
        enter(v);
        break;
    case LINEEDIT_KEY_ESCAPE:
        v->asking = ASKING_NOTHING;
        break;
    default:
        break;
    }
}

static void answer_overwrite(struct viewer *v, const struct lineedit_key *key)
{
    char c = key->kind == LINEEDIT_KEY_TEXT && key->len == 1 ? *key->text : '\0';

    if (key->kind == LINEEDIT_KEY_ESCAPE)
        c = 'n';
    if (!c || !strchr("yYnN", c)) {
        bell(v);
        return;
    }
    v->asking = ASKING_NOTHING;
    str_reset(&v->notice);
    if (c == 'y' || c == 'Y')
        viewer_save(v, lineedit_text(v->file_name), true);
}

/* Keys that do the same wherever one is. */
static bool take_common(struct viewer *v, const struct lineedit_key *key)
{
    switch (key->kind) {
    case LINEEDIT_KEY_INTERRUPT:
        if (v->asking == ASKING_NOTHING)
            viewer_quit(v);
        v->asking = ASKING_NOTHING;
        str_reset(&v->notice);
        return true;
    case LINEEDIT_KEY_SUSPEND:
        screen_suspend(v->screen);
        return true;
    case LINEEDIT_KEY_REDRAW:
        screen_spoiled(v->screen);
        return true;
    case LINEEDIT_KEY_FOCUS:
    case LINEEDIT_KEY_UNKNOWN:
        return true;
    default:
        return false;
    }
}

static bool take_in_any_view(struct viewer *v, const struct lineedit_key *key)
{
    switch (key->kind) {
    case LINEEDIT_KEY_MOUSE:
        click(v, key);
        return true;
    case LINEEDIT_KEY_PAGE_UP:
    case LINEEDIT_KEY_PAGE_DOWN:
        move(v, key->kind == LINEEDIT_KEY_PAGE_UP ? -page_of(v) : page_of(v));
        return true;
    case LINEEDIT_KEY_FUNCTION:
        if (key->number == 1) {
            v->shows_help = !v->shows_help;
            v->help_first = 0;
        } else if (key->number == 2)
            v->hides_packet = !v->hides_packet;
        return true;
    default:
        return false;
    }
}

static void take(struct viewer *v, const struct lineedit_key *key)
{
    if (take_common(v, key))
        return;
    if (v->asking == ASKING_OVERWRITE) {
        answer_overwrite(v, key);
        return;
    }
    str_reset(&v->notice);
    if (v->asking != ASKING_NOTHING)
        take_typed(v, key);
    else if (take_in_any_view(v, key))
        ;
    else if (v->shows_help && key->kind != LINEEDIT_KEY_ACTION)
        v->shows_help = false;
    else
        take_command(v, key);
}

void viewer_input(struct viewer *v, const uint8_t *data, size_t len)
{
    struct lineedit_key key;

    for (;;) {
        lineedit_keys_next(v->keys, &data, &len, &key);
        if (key.kind == LINEEDIT_KEY_MORE)
            break;
        take(v, &key);
    }
    viewer_draw_now(v);
}

void viewer_escape(struct viewer *v)
{
    struct lineedit_key key;

    lineedit_keys_flush(v->keys, &key);
    if (key.kind != LINEEDIT_KEY_MORE)
        take(v, &key);
    viewer_draw_now(v);
}
