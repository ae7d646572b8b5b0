/* SPDX-License-Identifier: ISC */
/* landline contacts import, export and edit: the contacts as a whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/str.h"
#include "cmd/cmd_contacts.h"

#define READ_BYTES 4096

/* A pipe too, unlike file_read, since this is not read behind anybody's back. */
static int read_all(int fd, const char *name, struct str *out, struct err *err)
{
    for (;;) {
        ssize_t got;

        str_reserve(out, READ_BYTES);
        got = read(fd, out->data + out->len, READ_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(err, ERR_INPUT, -errno, "%s: %s", name, err_word(-errno));
        if (got == 0)
            break;
        out->len += (size_t)got;
        if (out->len > BOOK_FILE_MAX_BYTES)
            return err_set(err, ERR_INPUT, -EFBIG,
                _("%s: longer than %zu bytes, which is the most for such a file"), name,
                (size_t)BOOK_FILE_MAX_BYTES);
    }
    out->data[out->len] = '\0';
    return 0;
}

static int read_book(const char *file, struct book **ret, struct err *err)
{
    bool is_stdin = !file || strcmp(file, "-") == 0;
    const char *name = is_stdin ? _("standard input") : file;
    struct str text = STR_INIT;
    int code, fd = is_stdin ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0)
        return err_set(err, ERR_INPUT, -errno, "%s: %s", file, err_word(-errno));
    code = read_all(fd, name, &text, err);
    if (code == 0)
        code = book_parse(text.data, text.len, name, ret, err);
    if (!is_stdin)
        close(fd);
    str_done(&text);
    return code;
}

struct import {
    const struct book *from;
    size_t contacts, addresses, unchanged;
};

/* How much of entry is in the book already, in what counts as a change: an address, a flag. */
static int merge_entry(
    struct book *into, const struct book_entry *entry, size_t *ret_changes, struct err *err)
{
    const struct book_entry *own = book_find(into, entry->name);
    bool mute = own && own->mute, no_history = own && own->no_history;
    size_t changes = 0;
    int code = 0;

    for (size_t i = 0; i < entry->n_addresses && code == 0; i++) {
        code = book_add(into, entry->name, entry->addresses[i], err);
        if (code == -EEXIST)
            code = 0;
        else if (code == 0)
            changes++;
    }
    if (code == 0 && entry->mute && !mute) {
        code = book_set_flag(into, entry->name, BOOK_MUTE, true, err);
        changes++;
    }
    if (code == 0 && entry->no_history && !no_history) {
        code = book_set_flag(into, entry->name, BOOK_NO_HISTORY, true, err);
        changes++;
    }
    *ret_changes = changes;
    return code;
}

static int merge(struct book *into, void *arg, struct err *err)
{
    struct import *m = arg;
    int code = 0;

    m->contacts = m->addresses = m->unchanged = 0; /* it may be the second try */
    for (size_t i = 0; i < book_count(m->from) && code == 0; i++) {
        const struct book_entry *entry = book_at(m->from, i);
        bool is_new = !book_find(into, entry->name);
        size_t changes = 0;

        code = merge_entry(into, entry, &changes, err);
        if (is_new)
            m->contacts++;
        else if (changes > 0)
            m->addresses += changes;
        else
            m->unchanged++;
    }
    return code;
}

int contacts_import(struct contacts *c, struct err *err)
{
    struct import m = {0};
    struct book *from = NULL;
    int code = read_book(c->n_args ? c->args[0] : NULL, &from, err);

    if (code == 0)
        code = book_check(from, err);
    m.from = from;
    if (code == 0)
        code = book_change(merge, &m, err);
    if (code == 0)
        contacts_print_imported(c, m.contacts, m.addresses, m.unchanged);
    book_free(from);
    return code;
}

int contacts_export(struct contacts *c, struct err *err)
{
    struct book *book = NULL;
    struct str text = STR_INIT;
    int code = book_load(&book, err);

    if (code < 0)
        return code;
    book_print(book, &text);
    if (c->n_args == 0 || strcmp(c->args[0], "-") == 0)
        fwrite(text.data, 1, text.len, stdout);
    else
        code = file_replace(c->args[0], text.data, text.len, err);
    str_done(&text);
    book_free(book);
    return code;
}

/* Runs the editor as git does, through the shell: EDITOR may have options in it. */
static int run_editor(const char *editor, const char *path, struct err *err)
{
    struct str command = STR_INIT;
    int status = 0;
    pid_t child;

    str_appendf(&command, "%s \"$@\"", editor);
    child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", command.data, editor, path, (char *)NULL);
        _exit(127);
    }
    str_done(&command);
    if (child < 0)
        return err_set(err, ERR_OTHER, -errno, "%s: %s", editor, err_word(-errno));
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return err_set(err, ERR_OTHER, -ECANCELED,
        _("the editor \"%s\" failed; VISUAL or EDITOR says which one is used"), editor);
}

int contacts_edit(struct contacts *c, struct err *err)
{
    const char *editor = getenv("VISUAL");
    struct str path = STR_INIT;
    struct book *book = NULL;
    int code;

    if (!editor || !*editor)
        editor = getenv("EDITOR");
    if (!editor || !*editor)
        editor = "vi";
    code = file_config_path(&path, "contacts");
    if (code < 0) {
        err_set(err, ERR_OTHER, code, _("the contacts have no place; set HOME or XDG_CONFIG_HOME"));
        goto out;
    }
    code = file_make_folders(path.data);
    if (code < 0) {
        err_set(err, ERR_OTHER, code, "%s: %s", path.data, err_word(code));
        goto out;
    }
    code = run_editor(editor, path.data, err);
    if (code == 0)
        code = book_load(&book, err);
    if (code == 0)
        code = book_check(book, err);
    book_free(book);
out:
    str_done(&path);
    return code;
}
