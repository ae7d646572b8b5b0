/* SPDX-License-Identifier: ISC */
#include "show/screen_parts.h"

#include <string.h>

#include "show/text.h"

#define HELP_KEY_COLUMNS_MAX 24

int screen_clamp(int value, int least, int most)
{
    return value > most ? most : value < least ? least : value;
}

int screen_columns_of(const char *text)
{
    return text_columns(text, strlen(text));
}

void screen_put_wrapped(
    struct grid *g, int row, int column, int rows, int columns, const char *text, enum style style)
{
    size_t len = strlen(text), at = 0;

    for (int i = 0; i < rows && at < len; i++) {
        size_t next, fits = text_row(text, len, at, columns < 2 ? 2 : columns, &next);

        grid_put(g, row + i, column, columns, text + at, fits, style);
        at = next;
    }
}

void screen_put_help(struct grid *g, int row, int column, int rows, int columns,
    const struct screen_help *help, size_t count, size_t top)
{
    int keys = 0;

    for (size_t i = 0; i < count; i++) {
        int own = help[i].text ? screen_columns_of(help[i].key) : 0;

        keys = own > keys ? own : keys;
    }
    keys = screen_clamp(keys, 1, screen_clamp(columns / 2, 1, HELP_KEY_COLUMNS_MAX));
    for (int i = 0; i < rows && top + (size_t)i < count; i++) {
        const struct screen_help *line = &help[top + (size_t)i];

        if (line->text) {
            grid_put_text(g, row + i, column + 1, keys, line->key, STYLE_ME);
            grid_put_text(g, row + i, column + keys + 3, columns - keys - 3, line->text, STYLE_NORMAL);
        } else
            grid_put_text(g, row + i, column, columns, line->key, STYLE_BOLD);
    }
}

void screen_put_status(
    struct grid *g, int row, const char *who, const char *state, enum style state_style, const char *hint)
{
    int columns = grid_columns(g), own = screen_columns_of(hint), at = 1;

    grid_fill(g, row, 0, columns, STYLE_STATUS);
    at += grid_put_text(g, row, at, columns - at - 1, who, STYLE_STATUS);
    at += *who ? 2 : 0;
    at += grid_put_text(g, row, at, columns - at - 1, state, state_style);
    if (at + 2 + own + 1 <= columns)
        grid_put_text(g, row, columns - own - 1, own, hint, STYLE_STATUS);
}
