/* SPDX-License-Identifier: ISC */
/* The calls that change something; each in the transaction of its batch. */
#include <sqlite3.h>

#include <errno.h>
#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/utf8.h"
#include "store/grams.h"
#include "store/sqlite_private.h"

/* Two planes of private use hold 65536 characters each; a pair of them is enough for the rest. */
void journal_token(struct str *out, int64_t conversation)
{
    if (conversation > 0xffff)
        utf8_append(out, 0x100000 + (uint32_t)(conversation >> 16 & 0xffff));
    utf8_append(out, 0xf0000 + (uint32_t)(conversation & 0xffff));
}

void journal_grams(struct str *out, int64_t indexed_as, const void *text, size_t len)
{
    journal_token(out, indexed_as);
    str_append_char(out, ' ');
    grams_append(out, text, len);
}

/* The latest time of all messages so far: what behind_ns is measured from. */
static int look_up_high(struct journal *j)
{
    int code;

    if (j->high_ns)
        return 0;
    code = sql_number(j, SQL_NEWEST_HIGH, &j->high_ns, "");
    return code < 0 ? code : 0;
}

int journal_append(struct journal *j, struct store_call *call)
{
    const struct store_message *m = &call->message;
    struct str grams = STR_INIT;
    int64_t conversation = 0;
    int code = look_up_high(j);

    if (code == 0)
        code = sql_number(j, SQL_CONVERSATION, &conversation, "t", m->who);
    if (code == 0)
        code = sql_number(j, SQL_ADD_CONVERSATION, &conversation, "t", m->who);
    if (code < 0)
        goto out;
    if (j->high_ns < m->at_ns)
        j->high_ns = m->at_ns;
    code = sql_do(j, SQL_ADD_MESSAGE, "iiiiiiiiittb", conversation, m->at_ns, j->high_ns - m->at_ns,
        (int64_t)m->direction, (int64_t)m->ending, (int64_t)m->state, m->in_outbox ? j->owner : INT64_C(0),
        (int64_t)m->is_passing, m->is_passing ? INT64_C(0) : conversation, m->address, m->note, m->text,
        m->len);
    if (code < 0)
        goto out;
    call->id = sqlite3_last_insert_rowid(j->db);
    if (m->is_passing) {
        if (!m->in_outbox)
            code = sql_do(j, SQL_DROP_PASSING, "i", call->id);
        goto out;
    }
    journal_grams(&grams, conversation, m->text, m->len);
    code = sql_do(j, SQL_ADD_GRAMS, "it", call->id, grams.data);
    if (code == 0)
        code = sql_do(j, SQL_COUNT_MESSAGE, "iiii", conversation, call->id, m->at_ns, (int64_t)m->direction);
out:
    str_done(&grams);
    return code;
}

int journal_set_state(struct journal *j, struct store_call *call)
{
    const struct store_message *m = &call->message;
    int64_t found = 0;
    int code = 0;

    call->id = m->id;
    if (!m->in_outbox)
        code = sql_number(j, SQL_DROP_PASSING, &found, "i", m->id);
    if (code == 0)
        code = sql_number(j, SQL_SET_STATE, &found, "iiiitt", m->id, (int64_t)m->state, (int64_t)m->in_outbox,
            j->owner, m->address, m->note);
    if (code == 0)
        call->code = err_set(&call->err, ERR_OTHER, -ENOENT, _("the message is not in the journal"));
    return code < 0 ? code : 0;
}

int journal_mark_read(struct journal *j, struct store_call *call)
{
    int64_t conversation = 0, read_id = 0;
    int code = sql_number(j, SQL_CONVERSATION, &conversation, "t", call->message.who);

    call->id = call->message.id;
    if (code > 0 && call->id == 0)
        code = sql_number(j, SQL_MAX_ID, &call->id, "");
    if (code > 0)
        code = sql_number(j, SQL_READ_MARK, &read_id, "i", conversation);
    if (code <= 0 || read_id >= call->id)
        return code < 0 ? code : 0;
    code = sql_do(j, SQL_SET_READ, "ii", conversation, call->id);
    if (code == 0)
        code = sql_do(j, SQL_COUNT_UNREAD, "i", conversation);
    return code;
}

/* What is unread in either conversation stays so; that something read is then unread again can't be helped.
 */
static int merge_marks(struct journal *j, int64_t from, int64_t to)
{
    int64_t both[] = {from, to}, read_id = 0;
    int code = sql_number(j, SQL_MAX_ID, &read_id, "");

    for (size_t i = 0; code >= 0 && i < 2; i++) {
        int64_t mark = 0, unread = INT64_MAX;

        code = sql_number(j, SQL_READ_MARK, &mark, "i", both[i]);
        if (code >= 0)
            code = sql_number(j, SQL_FIRST_UNREAD, &unread, "ii", both[i], mark);
        if (unread <= read_id)
            read_id = unread - 1;
    }
    return code < 0 ? code : sql_do(j, SQL_SET_READ, "ii", to, read_id);
}

static int merge(struct journal *j, int64_t from, int64_t to)
{
    int code = merge_marks(j, from, to);

    if (code == 0)
        code = sql_do(j, SQL_MOVE_MESSAGES, "ii", from, to);
    if (code == 0)
        code = sql_do(j, SQL_MOVE_MERGED, "ii", from, to);
    if (code == 0)
        code = sql_do(j, SQL_MERGE, "ii", from, to);
    return code < 0 ? code : sql_do(j, SQL_REFRESH, "i", to);
}

int journal_rename(struct journal *j, struct store_call *call)
{
    int64_t from = 0, to = 0;
    int code = sql_number(j, SQL_CONVERSATION, &from, "t", call->message.who);

    if (code > 0)
        code = sql_number(j, SQL_CONVERSATION, &to, "t", call->to);
    if (code < 0 || from == 0 || from == to)
        return code < 0 ? code : 0;
    return to == 0 ? sql_do(j, SQL_RENAME, "it", from, call->to) : merge(j, from, to);
}

/* Makes nobody's what belonged to programs that have ended. */
static int disown_dead(struct journal *j)
{
    int64_t owner = 0;
    int code;

    while ((code = sql_number(j, SQL_OWNERS, &owner, "ii", owner, j->owner)) > 0) {
        code = owner_is_alive(j, owner);
        if (code == 0)
            code = sql_do(j, SQL_DISOWN, "i", owner);
        if (code < 0)
            return code;
    }
    return code;
}

int journal_adopt(struct journal *j, struct store_call *call)
{
    struct sqlite3_stmt *s;
    bool more = true;
    int code = disown_dead(j);

    if (code < 0)
        return code;
    s = sql_bind(j, SQL_ORPHANS, "");
    while (more && (code = sql_step(j, s)) > 0) {
        struct store_message m = journal_row(s);

        more = store_call_add(call, &m);
    }
    if (code > 0)
        sqlite3_reset(s);
    for (size_t i = 0; code >= 0 && i < call->n_messages; i++)
        code = sql_do(j, SQL_OWN, "ii", call->messages[i].id, j->owner);
    return code < 0 ? code : 0;
}
