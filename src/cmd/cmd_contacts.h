/* SPDX-License-Identifier: ISC */
#ifndef CMD_CMD_CONTACTS_H
#define CMD_CMD_CONTACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "talk/book.h"
#include "talk/trust.h"

/* What the files of landline contacts share. */

struct contacts {
    bool json;
    char **args; /* behind the word that says what to do */
    size_t n_args;
    struct trust *trust; /* as the file of known peers is; NULL where it is not needed */
};

/* ---- printing (cmd_contacts_print.c) ------------------------------------------------------------- */

/* One contact, or with entry NULL the whole book in columns. */
void contacts_print(const struct contacts *c, const struct book *book, const struct book_entry *entry);
/* What is known of an address; name: the contact that has it, or NULL. */
void contacts_print_peer(
    const struct contacts *c, const char *name, const char *address, const struct trust_peer *peer);
void contacts_print_imported(const struct contacts *c, size_t contacts, size_t addresses, size_t unchanged);
/* A change after which there is nothing to show; event is for --json, text (translated) for people. */
void contacts_print_done(
    const struct contacts *c, const char *event, const char *name, const char *address, const char *text);

/* ---- what the words do (cmd_contacts.c, _file.c, _rename.c, _trust.c) ----------------------------- */

/* Prints a contact as it is in the file now. */
int contacts_show(struct contacts *c, const char *name, struct err *err);

/* Each does what its word says. 0, or a negative errno with err. */
int contacts_import(struct contacts *c, struct err *err);
int contacts_export(struct contacts *c, struct err *err);
int contacts_edit(struct contacts *c, struct err *err);
int contacts_rename(struct contacts *c, struct err *err);
int contacts_trust(struct contacts *c, struct err *err);
int contacts_forget(struct contacts *c, struct err *err);

#endif
