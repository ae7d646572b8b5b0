/* SPDX-License-Identifier: ISC */
/* landline contacts rename: in the contact book, and in the journal, whose conversations go by the names of
 * contacts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "cmd/cmd_contacts.h"
#include "net/loop.h"
#include "store/sqlite.h"

struct rename {
    const struct contacts *contacts;
    char *from; /* as it stood in the book: the journal's name of it */
    int code;
    struct err *err;
};

static int rename_contact(struct book *b, void *arg, struct err *err)
{
    struct rename *r = arg;
    const struct book_entry *entry = book_find(b, r->contacts->args[0]);

    free(r->from);
    r->from = entry ? xstrdup(entry->name) : NULL;
    return book_rename(b, r->contacts->args[0], r->contacts->args[1], err);
}

static void renamed(int64_t id, int code, const struct err *err, void *arg)
{
    struct rename *r = arg;

    r->code = code;
    if (code < 0)
        *r->err = *err;
}

/* Where nothing was ever kept there is nothing to rename. */
static int rename_conversation(struct rename *r, const char *to, struct err *err)
{
    struct str path = STR_INIT;
    struct loop *loop = NULL;
    struct store *store = NULL;

    r->err = err;
    if (file_data_path(&path, "history.db") < 0 || access(path.data, F_OK) < 0)
        goto out;
    loop = loop_new();
    r->code = store_sqlite_open(loop, path.data, &store, err);
    if (r->code < 0)
        goto out;
    store_rename(store, r->from, to, renamed, r);
    store_free(store); /* after the call is done */
out:
    loop_free(loop);
    str_done(&path);
    return r->code;
}

int contacts_rename(struct contacts *c, struct err *err)
{
    struct rename r = {.contacts = c};
    struct err why = {.kind = ERR_OTHER};
    int code = book_change(rename_contact, &r, err);

    if (code == 0 && rename_conversation(&r, c->args[1], &why) < 0)
        code = err_set(err, why.kind, why.code,
            _("%s is %s in the contacts now, but what was said is still kept under the old name: %s"), r.from,
            c->args[1], why.text);
    free(r.from);
    if (code == 0)
        code = contacts_show(c, c->args[1], err);
    return code;
}
