/* SPDX-License-Identifier: ISC */
/* A contacts file of any bytes: either one line says what is wrong, or it is printed back byte for byte,
 * every name is found, and after a change it can be read again and holds what the change was. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "talk/book.h"

#define NEW_NAME "fuzz/new"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* The book as it is after it went through a file. */
static struct book *reread(const struct book *b)
{
    struct str text = STR_INIT;
    struct book *again = NULL;

    book_print(b, &text);
    check(book_parse(text.data, text.len, "f", &again, NULL) == 0);
    check(book_count(again) == book_count(b));
    for (size_t i = 0; i < book_count(b); i++) {
        const struct book_entry *one = book_at(b, i), *two = book_at(again, i);

        check(strcmp(one->name, two->name) == 0 && one->n_addresses == two->n_addresses);
        check(one->mute == two->mute && one->no_history == two->no_history);
        for (size_t j = 0; j < one->n_addresses; j++)
            check(strcmp(one->addresses[j], two->addresses[j]) == 0);
    }
    str_done(&text);
    return again;
}

static void check_printed(const struct book *b, const uint8_t *data, size_t size)
{
    struct str text = STR_INIT;

    book_print(b, &text);
    check(text.len == size && (size == 0 || memcmp(text.data, data, size) == 0));
    str_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct book *b = NULL;
    struct err err = {0};
    size_t count;

    if (book_parse((const char *)data, size, "f", &b, &err) < 0) {
        check(!b && err.kind == ERR_INPUT && strncmp(err.text, "f:", 2) == 0);
        return 0;
    }
    check_printed(b, data, size);
    count = book_count(b);
    for (size_t i = 0; i < count; i++) {
        const struct book_entry *entry = book_at(b, i);

        check(book_may_be_name(entry->name) && book_find(b, entry->name) == entry);
        check(entry->n_addresses >= 1 && entry->n_addresses <= BOOK_ADDRESSES_MAX);
    }
    if (count > 0) {
        const char *name_now;
        char *name = strdup(book_at(b, count / 2)->name);
        bool mute = book_find(b, name)->mute;
        int added = book_add(b, name, "tcp://fuzz:1", &err);
        int flagged = book_set_flag(b, name, BOOK_MUTE, !mute, &err);
        int renamed = book_rename(b, name, NEW_NAME, &err);

        book_free(reread(b));
        name_now = renamed == 0 ? NEW_NAME : name;
        check(book_find(b, name_now)->mute == (flagged == 0 ? !mute : mute));
        check(added < 0 || book_remove_address(b, name_now, "fuzz:1", &err) == 0);
        check(book_find(b, name_now)->mute == (flagged == 0 ? !mute : mute));
        book_free(reread(b));
        check(book_remove(b, name_now, &err) == 0);
        check(book_count(b) == count - 1);
        free(name);
    }
    if (book_add(b, "fuzz/more", "tcp://fuzz:2", &err) == 0) {
        struct book *again = reread(b);

        check(book_find(again, "fuzz/more") != NULL);
        book_free(again);
    }
    book_free(b);
    return 0;
}
