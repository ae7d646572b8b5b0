/* SPDX-License-Identifier: ISC */
/* Searching goes through what the screen would show of each row or rung, from the one after the cursor round
 * to the cursor: so whatever can be seen can be found, in the language that it is seen in. A slice at a time,
 * since a list may have a million rows. */
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/utf8.h"
#include "cmd/viewer.h"

#define FIND_STEP 64 /* between two looks at the clock */

void viewer_find(struct viewer *v, bool backwards)
{
    size_t count = v->shows_ladder ? v->places.count : roll_count(v->roll);
    size_t at = v->shows_ladder ? v->rung : v->bar;

    if (v->wanted.len == 0) {
        viewer_say(v, STYLE_DIM, "%s", _("nothing is searched for yet: / begins"));
        return;
    }
    if (count == 0) {
        screen_bell(v->screen);
        return;
    }
    v->finds_backwards = backwards;
    v->find_at = at >= count ? 0 : at;
    v->find_left = count;
    viewer_work_on(v);
}

static bool is_found(struct viewer *v, const struct watch_screen_view *view, size_t index, struct str *text)
{
    str_reset(text);
    watch_screen_append_text(text, view, index);
    return strcasestr(text->data, v->wanted.data) != NULL;
}

static void arrive(struct viewer *v, size_t index)
{
    v->find_left = 0;
    if (v->shows_ladder) {
        v->rung = index;
        v->follows_end = false;
        v->packet_first = 0;
    } else {
        v->bar = index;
        v->chosen_id = roll_id(v->roll, index);
    }
}

bool viewer_find_go(struct viewer *v)
{
    int64_t until_ns = clock_now_ns() + VIEWER_SLICE_NS;
    size_t count = v->shows_ladder ? v->places.count : roll_count(v->roll);
    struct watch_screen_view view;
    struct str text = STR_INIT;
    bool was_on = v->find_left > 0;

    viewer_view(v, &view);
    while (v->find_left > 0 && count > 0 && clock_now_ns() < until_ns)
        for (int i = 0; i < FIND_STEP && v->find_left > 0; i++) {
            v->find_left--;
            if (v->find_at >= count)
                v->find_at = count - 1;
            if (v->finds_backwards)
                v->find_at = v->find_at ? v->find_at - 1 : count - 1;
            else
                v->find_at = v->find_at + 1 < count ? v->find_at + 1 : 0;
            if (is_found(v, &view, v->find_at, &text)) {
                arrive(v, v->find_at);
                was_on = false;
            }
        }
    str_done(&text);
    if (v->find_left > 0) {
        viewer_say(v, STYLE_DIM, _("searching for \"%s\" ... Esc ends it"), v->wanted.data);
        return true;
    }
    if (was_on)
        viewer_say(v, STYLE_WARNING, _("\"%s\" is not there"), v->wanted.data);
    return false;
}
