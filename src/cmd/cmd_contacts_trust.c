/* SPDX-License-Identifier: ISC */
/* landline contacts trust and forget: the certificates that peers are known by (talk/trust.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "cmd/cmd_contacts.h"
#include "net/addr.h"

/* Whom a NAME or an ADDRESS means: those of its addresses that have certificates. */
struct whom {
    char *name; /* NULL where an address was given */
    struct addr *addrs;
    size_t n;
};

static void whom_done(struct whom *w)
{
    free(w->name);
    free(w->addrs);
}

static void add_address(struct whom *w, const struct addr *addr)
{
    w->addrs = xreallocarray(w->addrs, w->n + 1, sizeof(*w->addrs));
    w->addrs[w->n++] = *addr;
}

static int take_address(struct whom *w, const char *text, struct err *err)
{
    struct addr addr;
    int code = addr_parse(&addr, text, ADDR_CALL, err);

    if (code < 0)
        return code;
    if (!addr_is_secure(addr.scheme))
        return err_set(err, ERR_MISUSE, -EINVAL,
            _("%s: only who is called over TLS or DTLS has a certificate; write tls://... or dtls://..."),
            text);
    add_address(w, &addr);
    return 0;
}

static int take_entry(struct whom *w, const struct book_entry *entry, struct err *err)
{
    struct addr addr;

    w->name = xstrdup(entry->name);
    for (size_t i = 0; i < entry->n_addresses; i++) {
        if (addr_parse(&addr, entry->addresses[i], ADDR_CALL, NULL) < 0 || !addr_is_secure(addr.scheme))
            continue;
        add_address(w, &addr);
    }
    if (w->n > 0)
        return 0;
    return err_set(err, ERR_NAME, -ENOENT,
        _("%s has no address that is called over TLS or DTLS, so there is no certificate to know"),
        entry->name);
}

static int find_whom(struct whom *w, const char *text, struct err *err)
{
    const struct book_entry *entry = NULL;
    struct book *book = NULL;
    const char *near;
    int code = 0;

    if (!book_may_be_name(text))
        return take_address(w, text, err);
    code = book_load(&book, err);
    if (code < 0)
        return code;
    entry = book_find(book, text);
    near = book_nearest(book, text);
    if (entry)
        code = take_entry(w, entry, err);
    else if (near)
        code = err_set(
            err, ERR_NAME, -ENOENT, _("there is no contact \"%s\"; did you mean \"%s\"?"), text, near);
    else
        code = err_set(err, ERR_NAME, -ENOENT,
            _("there is no contact \"%s\"; an address is written as tls://%s"), text, text);
    book_free(book);
    return code;
}

static int pin(struct contacts *c, const struct whom *w, const char *text, struct err *err)
{
    if (w->n > 1)
        return err_set(err, ERR_MISUSE, -EINVAL,
            _("%s has several addresses with certificates; say which one is to be pinned"), w->name);
    return trust_pin(c->trust, &w->addrs[0], text, err);
}

static void print_all(const struct contacts *c)
{
    for (size_t i = 0; i < trust_count(c->trust); i++) {
        const struct trust_peer *peer = trust_at(c->trust, i);

        contacts_print_peer(c, NULL, peer->address, peer);
    }
}

int contacts_trust(struct contacts *c, struct err *err)
{
    struct whom w = {0};
    char text[ADDR_TEXT_BYTES];
    int code = trust_load(&c->trust, err);

    if (code < 0)
        return code;
    if (c->n_args == 0) {
        print_all(c);
        return 0;
    }
    code = find_whom(&w, c->args[0], err);
    if (code == 0 && c->n_args == 2)
        code = pin(c, &w, c->args[1], err);
    for (size_t i = 0; i < w.n && code == 0; i++)
        contacts_print_peer(c, w.name, addr_format(&w.addrs[i], text), trust_find(c->trust, &w.addrs[i]));
    whom_done(&w);
    return code;
}

int contacts_forget(struct contacts *c, struct err *err)
{
    struct whom w = {0};
    char text[ADDR_TEXT_BYTES];
    size_t forgotten = 0;
    int code = trust_load(&c->trust, err);

    if (code == 0)
        code = find_whom(&w, c->args[0], err);
    for (size_t i = 0; i < w.n && code == 0; i++) {
        struct str said = STR_INIT;

        code = trust_forget(c->trust, &w.addrs[i], err);
        if (code == 0) {
            forgotten++;
            addr_format(&w.addrs[i], text);
            str_appendf(&said, _("forgot %s: the next certificate it shows will be trusted"), text);
            contacts_print_done(c, "forgotten", w.name, text, said.data);
            str_done(&said);
        } else if (code == -ENOENT && err->kind == ERR_NAME && (i + 1 < w.n || forgotten > 0)) {
            code = 0; /* of a contact's addresses it is enough that one was known */
        }
    }
    whom_done(&w);
    return code;
}
