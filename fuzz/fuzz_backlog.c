/* SPDX-License-Identifier: ISC */
/* A conversation as a stream of orders, a byte each: messages with the bytes that follow, pages of older and
 * newer ones, scrolling, searching, drawing at any size. Whatever the order, memory stays bounded, what is
 * drawn holds no byte that could steer a terminal, and each row has just as many columns as it should. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "show/backlog.h"
#include "show/grid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_BYTES 64
#define PAGE 8

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_grid(const struct grid *g)
{
    for (int row = 0; row < grid_rows(g); row++) {
        const struct grid_cell *cells = grid_row(g, row);

        for (int i = 0; i < grid_columns(g); i++) {
            check(utf8_is_valid(cells[i].text, cells[i].len));
            check((cells[i].columns == 0) == (cells[i].len == 0));
            check(cells[i].columns != 0 || (i > 0 && cells[i - 1].columns == 2));
            check(cells[i].columns != 2 || (i + 1 < grid_columns(g) && cells[i + 1].columns == 0));
            for (size_t j = 0; j < cells[i].len; j++)
                check((unsigned char)cells[i].text[j] >= 0x20 && cells[i].text[j] != 0x7f);
        }
    }
}

static void add_page(struct backlog *b, bool older, int64_t from, uint8_t count, const char *text, size_t len)
{
    struct backlog_item items[PAGE];

    count %= PAGE + 1;
    for (uint8_t i = 0; i < count; i++)
        items[i] = (struct backlog_item){
            .id = from + i, .at_ns = (from + i) * INT64_C(1000000000000), .text = text, .len = len};
    if (older)
        backlog_add_older(b, items, count, count == 0);
    else
        backlog_add_newer(b, items, count, count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct backlog_look look = {.me = "me", .them = "李四"};
    struct backlog *b = backlog_new(size && data[0] & 1);
    struct grid *g = grid_new();
    int64_t newest = 1 << 20;
    char word[8];

    while (size >= 2) {
        uint8_t order = data[0], how = data[1];
        size_t len = size - 2 < how % TEXT_BYTES ? size - 2 : how % TEXT_BYTES;
        const char *text = (const char *)data + 2;
        struct backlog_item item = {
            .number = (uint64_t)newest + 1,
            .at_ns = (newest + 1) * INT64_C(1000000000000),
            .kind = how % 4,
            .mark = how % 7,
            .text = text,
            .len = len,
            .note = how & 64 ? "a note that is\nlonger" : "",
        };

        newest++;
        data += 2;
        size -= 2;
        switch (order % 10) {
        case 0:
        case 1:
            backlog_add(b, &item);
            data += len;
            size -= len;
            break;
        case 2:
            if (backlog_wants_older(b))
                add_page(b, true, (backlog_oldest_id(b) ? backlog_oldest_id(b) : newest) - how % (PAGE + 1),
                    how, text, len);
            break;
        case 3:
            if (backlog_wants_newer(b))
                add_page(b, false, backlog_newest_id(b) + 1, how, text, len);
            break;
        case 4:
            backlog_scroll(b, (int8_t)how);
            break;
        case 5:
            grid_reset(g, 1 + order / 10, 1 + how);
            backlog_draw(b, g, 0, 0, grid_rows(g), grid_columns(g), &look);
            check_grid(g);
            break;
        case 6:
            memset(word, 0, sizeof(word));
            memcpy(word, text, len < sizeof(word) ? len : sizeof(word) - 1);
            backlog_find(b, word, how & 128);
            break;
        case 7:
            backlog_change(b, (uint64_t)(newest - how), how, how % 7, how & 1 ? "failed" : NULL);
            break;
        case 8:
            if (how & 1)
                backlog_leave(b);
            else
                backlog_set_unread(b, how);
            break;
        default:
            if (how & 1)
                backlog_to_end(b);
            else
                backlog_found_elsewhere(b, "x", how);
            break;
        }
        check(backlog_count(b) <= BACKLOG_ITEMS);
    }
    grid_free(g);
    backlog_free(b);
    return 0;
}
