/* SPDX-License-Identifier: ISC */
/* The first byte chooses how reads cut the rest. However they cut it, the keys are the same as when all comes
 * in one read (runs of text joined), and text is UTF-8 without controls. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "show/lineedit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void record(struct str *told, const struct lineedit_key *key)
{
    if (key->kind == LINEEDIT_KEY_TEXT) {
        check(key->len > 0 && utf8_is_valid(key->text, key->len));
        for (size_t i = 0; i < key->len; i++)
            check((unsigned char)key->text[i] >= 0x20 && key->text[i] != 0x7f);
        str_append(told, key->text, key->len);
        return;
    }
    str_appendf(told, "\n%d %d %d %d %d %d %d %zu", (int)key->kind, (int)key->action, key->number,
        key->button, key->column, key->row, key->pressed, key->len);
    check(key->kind != LINEEDIT_KEY_MOUSE || (key->column >= 0 && key->row >= 0 && key->button >= 0));
    if (key->kind == LINEEDIT_KEY_PASTE) {
        check(key->len <= LINEEDIT_PASTE_BYTES);
        str_append(told, key->text, key->len);
    }
    str_append_char(told, '\n');
}

static void read_all(const uint8_t *data, size_t size, uint32_t cuts, struct str *told)
{
    struct lineedit_keys *k = lineedit_keys_new();
    struct lineedit_key key;
    bool pending;

    while (size) {
        size_t piece = size;

        if (cuts) {
            cuts = cuts * 1664525 + 1013904223;
            piece = 1 + (cuts >> 29);
            if (piece > size)
                piece = size;
        }
        size -= piece;
        for (;;) {
            lineedit_keys_next(k, &data, &piece, &key);
            if (key.kind == LINEEDIT_KEY_MORE)
                break;
            record(told, &key);
        }
        check(piece == 0);
    }
    pending = lineedit_keys_pending(k);
    lineedit_keys_flush(k, &key);
    check(pending == (key.kind != LINEEDIT_KEY_MORE) && !lineedit_keys_pending(k));
    record(told, &key);
    lineedit_keys_free(k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str whole = STR_INIT, pieces = STR_INIT;

    if (size < 1)
        return 0;
    read_all(data + 1, size - 1, 0, &whole);
    read_all(data + 1, size - 1, data[0] + 1U, &pieces);
    check(whole.len == pieces.len && memcmp(whole.data, pieces.data, whole.len) == 0);
    str_done(&whole);
    str_done(&pieces);
    return 0;
}
