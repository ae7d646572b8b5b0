/* SPDX-License-Identifier: ISC */
/* What landline contacts prints: columns for people, --json for programs (the keys are told in
 * landline-contacts(1)). */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "cmd/cmd_contacts.h"
#include "net/addr.h"
#include "show/json.h"
#include "show/text.h"

#define GAP_COLUMNS 2

/* What is known of an address as it stands in the book; *ret_secure: whether there is anything to know. */
static const struct trust_peer *known(const struct contacts *c, const char *address, bool *ret_secure)
{
    struct addr addr;

    *ret_secure = addr_parse(&addr, address, ADDR_CALL, NULL) == 0 && addr_is_secure(addr.scheme);
    return *ret_secure && c->trust ? trust_find(c->trust, &addr) : NULL;
}

static void append_known(struct str *out, const struct trust_peer *peer)
{
    bool pin = peer && strncmp(peer->what, "sha256:", 7) == 0;
    const char *what = !peer ? _("no certificate seen yet")
                       : pin ? peer->what
                             : _("an authority vouches for it");

    if (peer && *peer->since)
        str_appendf(out, peer->pinned ? _("%s (pinned on %s)") : _("%s (since %s)"), what, peer->since);
    else
        str_append_str(out, what);
}

/* ---- columns ------------------------------------------------------------------------------------- */

struct widths {
    int name, flags, address;
};

static void append_flags(struct str *out, const struct book_entry *entry)
{
    if (entry->mute)
        str_append_str(out, "+mute");
    if (entry->no_history)
        str_append_str(out, entry->mute ? " +no-history" : "+no-history");
}

static void widen(int *width, const char *text)
{
    int columns = text_columns(text, strlen(text));

    if (columns > *width)
        *width = columns;
}

static void measure(struct widths *w, const struct book_entry *entry)
{
    struct str flags = STR_INIT;

    append_flags(&flags, entry);
    widen(&w->name, entry->name);
    widen(&w->flags, flags.data);
    for (size_t i = 0; i < entry->n_addresses; i++)
        widen(&w->address, entry->addresses[i]);
    str_done(&flags);
}

/* A column that no line has anything in is not there. */
static void append_column(struct str *out, const char *text, int width)
{
    if (width > 0)
        text_pad(out, text, strlen(text), width + GAP_COLUMNS);
}

static void append_entry(
    const struct contacts *c, struct str *out, const struct widths *w, const struct book_entry *entry)
{
    struct str flags = STR_INIT;

    append_flags(&flags, entry);
    for (size_t i = 0; i < entry->n_addresses; i++) {
        const struct trust_peer *peer;
        bool secure;

        append_column(out, i ? "" : entry->name, w->name);
        append_column(out, i ? "" : flags.data, w->flags);
        append_column(out, entry->addresses[i], w->address);
        peer = known(c, entry->addresses[i], &secure);
        if (secure)
            append_known(out, peer);
        while (out->len > 0 && out->data[out->len - 1] == ' ')
            out->data[--out->len] = '\0';
        str_append_char(out, '\n');
    }
    str_done(&flags);
}

/* ---- JSON ---------------------------------------------------------------------------------------- */

static void add_known(struct json *j, const struct trust_peer *peer)
{
    json_add_text(j, "trusted", peer ? peer->what : NULL);
    if (!peer)
        return;
    json_add_text(j, "since", *peer->since ? peer->since : NULL);
    json_add_bool(j, "pinned", peer->pinned);
}

static void append_json(const struct contacts *c, struct str *out, const struct book_entry *entry)
{
    struct json *j = json_begin("contact");

    json_add_text(j, "name", entry->name);
    json_add_bool(j, "mute", entry->mute);
    json_add_bool(j, "no_history", entry->no_history);
    json_open_list(j, "addresses");
    for (size_t i = 0; i < entry->n_addresses; i++) {
        const struct trust_peer *peer;
        bool secure;

        json_open(j, NULL);
        json_add_text(j, "address", entry->addresses[i]);
        peer = known(c, entry->addresses[i], &secure);
        if (secure)
            add_known(j, peer);
        json_close(j);
    }
    json_end(j, out);
}

/* -------------------------------------------------------------------------------------------------- */

static void put(struct str *text)
{
    fwrite(text->data, 1, text->len, stdout);
    str_done(text);
}

void contacts_print(const struct contacts *c, const struct book *book, const struct book_entry *entry)
{
    struct widths widths = {0};
    struct str text = STR_INIT;

    for (size_t i = 0; i < book_count(book); i++)
        if (!entry || entry == book_at(book, i))
            measure(&widths, book_at(book, i));
    for (size_t i = 0; i < book_count(book); i++) {
        if (entry && entry != book_at(book, i))
            continue;
        if (c->json)
            append_json(c, &text, book_at(book, i));
        else
            append_entry(c, &text, &widths, book_at(book, i));
    }
    put(&text);
    if (book_count(book) == 0)
        fputs(_("landline: there are no contacts yet; landline contacts add NAME ADDRESS\n"), stderr);
}

void contacts_print_peer(
    const struct contacts *c, const char *name, const char *address, const struct trust_peer *peer)
{
    struct str text = STR_INIT;
    struct json *j;

    if (c->json) {
        j = json_begin("trust");
        if (name)
            json_add_text(j, "name", name);
        json_add_text(j, "address", address);
        add_known(j, peer);
        json_end(j, &text);
    } else {
        str_appendf(&text, "%s  ", address);
        append_known(&text, peer);
        str_append_char(&text, '\n');
    }
    put(&text);
}

void contacts_print_imported(const struct contacts *c, size_t contacts, size_t addresses, size_t unchanged)
{
    struct str text = STR_INIT;
    struct json *j;

    if (c->json) {
        j = json_begin("imported");
        json_add_int(j, "contacts", (int64_t)contacts);
        json_add_int(j, "addresses", (int64_t)addresses);
        json_add_int(j, "unchanged", (int64_t)unchanged);
        json_end(j, &text);
    } else {
        str_appendf(&text,
            _("contacts added: %zu; addresses and flags added to others: %zu; unchanged: %zu\n"), contacts,
            addresses, unchanged);
    }
    put(&text);
}

void contacts_print_done(
    const struct contacts *c, const char *event, const char *name, const char *address, const char *said)
{
    struct str text = STR_INIT;
    struct json *j;

    if (c->json) {
        j = json_begin(event);
        if (name)
            json_add_text(j, "name", name);
        if (address)
            json_add_text(j, "address", address);
        json_end(j, &text);
    } else {
        str_appendf(&text, "%s\n", said);
    }
    put(&text);
}
