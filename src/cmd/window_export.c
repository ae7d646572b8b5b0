/* SPDX-License-Identifier: ISC */
/* /export: a conversation from the journal into a file, page by page, so that a million messages need no more
 * memory than a thousand. What is written is what landline history writes. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/file.h"
#include "base/xmalloc.h"
#include "cmd/cmd_history.h"
#include "cmd/window.h"

#define JSON_LINES ".jsonl"

struct export
{
    struct window *w;
    char *who, *path;
    FILE *file;
    struct history_print print;
    size_t written;
};

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcasecmp(text + len - end_len, end) == 0;
}

static void end(struct export *e, int code)
{
    bool failed = fclose(e->file) != 0;

    if (code < 0 || failed)
        window_say(
            e->w, STYLE_ERROR, _("%s: %s; it is not complete"), e->path, err_word(code < 0 ? code : -errno));
    else
        window_say(e->w, STYLE_DIM,
            ngettext("%zu message written to %s", "%zu messages written to %s", e->written), e->written,
            e->path);
    free(e->who);
    free(e->path);
    free(e);
}

static void ask(struct export *e, int64_t after_id);

static void on_page(
    const struct store_message *messages, size_t count, int code, const struct err *err, void *arg)
{
    struct export *e = arg;
    struct str text = STR_INIT;

    for (size_t i = 0; i < count; i++)
        history_append_message(&e->print, &messages[i], &text);
    if (code == 0 && fwrite(text.data, 1, text.len, e->file) < text.len)
        code = -errno;
    str_done(&text);
    e->written += count;
    if (code < 0 || count == 0 || !e->w->screen)
        end(e, code);
    else
        ask(e, messages[count - 1].id);
}

static void ask(struct export *e, int64_t after_id)
{
    struct store_query query = {
        .who = e->who, .after_id = after_id, .oldest = true, .limit = WINDOW_EXPORT_PAGE};

    store_find(e->w->run->store, &query, on_page, e);
}

void window_export(struct window *w, const char *path, bool overwrites)
{
    struct export *e;
    char *whole;
    FILE *file;
    int fd;

    if (!w->shown->is_kept) {
        window_say(
            w, STYLE_ERROR, "%s", _("nothing of this conversation is kept, so there is nothing to export"));
        return;
    }
    whole = file_typed_path(path);
    fd = open(whole, O_WRONLY | O_CREAT | O_CLOEXEC | (overwrites ? O_TRUNC : O_EXCL), 0600);
    file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file) {
        if (errno == EEXIST)
            window_say(w, STYLE_ERROR, _("%s is there already; /export! %s writes over it"), whole, path);
        else
            window_say(w, STYLE_ERROR, "%s: %s", whole, err_word(-errno));
        if (fd >= 0)
            close(fd);
        free(whole);
        return;
    }
    e = xcalloc(1, sizeof(*e));
    e->w = w;
    e->who = xstrdup(w->shown->who);
    e->path = whole;
    e->file = file;
    e->print = (struct history_print){
        .form = ends_with(whole, JSON_LINES) ? HISTORY_JSON : HISTORY_TEXT,
        .of_one = true,
        .colors = term_colors(false),
    };
    ask(e, 0);
}
