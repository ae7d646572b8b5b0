/* SPDX-License-Identifier: ISC */
/* Cells. A wide cluster has two, of which the second is empty; whoever writes over one half of it blanks the
 * other, so that a row's cells always add up to its columns. */
#include "show/grid.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "show/text.h"

struct grid {
    int rows, columns;
    struct grid_cell *cells;
};

static const struct grid_cell blank = {.text = " ", .len = 1, .columns = 1};

static int clamp(int value, int most)
{
    return value < 1 ? 1 : value > most ? most : value;
}

struct grid *grid_new(void)
{
    struct grid *g = xcalloc(1, sizeof(*g));

    grid_reset(g, 1, 1);
    return g;
}

void grid_free(struct grid *g)
{
    if (!g)
        return;
    free(g->cells);
    free(g);
}

void grid_reset(struct grid *g, int rows, int columns)
{
    rows = clamp(rows, GRID_ROWS_MAX);
    columns = clamp(columns, GRID_COLUMNS_MAX);
    if (rows != g->rows || columns != g->columns) {
        free(g->cells);
        g->cells = xreallocarray(NULL, (size_t)rows * (size_t)columns, sizeof(*g->cells));
        g->rows = rows;
        g->columns = columns;
    }
    for (int i = 0; i < rows * columns; i++)
        g->cells[i] = blank;
}

void grid_copy(struct grid *g, const struct grid *from)
{
    grid_reset(g, from->rows, from->columns);
    memcpy(g->cells, from->cells, (size_t)from->rows * (size_t)from->columns * sizeof(*g->cells));
}

int grid_rows(const struct grid *g)
{
    return g->rows;
}

int grid_columns(const struct grid *g)
{
    return g->columns;
}

const struct grid_cell *grid_row(const struct grid *g, int row)
{
    return &g->cells[row * g->columns];
}

static struct grid_cell *at(struct grid *g, int row, int column)
{
    return &g->cells[row * g->columns + column];
}

static void set(
    struct grid *g, int row, int column, const char *text, size_t len, int columns, enum style style)
{
    struct grid_cell *cell = at(g, row, column);

    if (cell->columns == 0)
        cell[-1] = (struct grid_cell){.text = " ", .len = 1, .columns = 1, .style = cell[-1].style};
    for (int i = 0; i < columns; i++)
        if (cell[i].columns == 2 && column + i + 1 < g->columns)
            cell[i + 1] = (struct grid_cell){.text = " ", .len = 1, .columns = 1, .style = cell[i].style};
    memset(cell, 0, (size_t)columns * sizeof(*cell));
    memcpy(cell->text, text, len);
    cell->len = (uint8_t)len;
    for (int i = 0; i < columns; i++)
        cell[i].style = (uint8_t)style;
    cell->columns = (uint8_t)columns;
}

/* A lone combining mark, or what a cell before it has no room for: joins what stands before it in this piece.
 */
static void join(struct grid_cell *cell, const char *text, size_t len)
{
    if (cell && cell->len + len <= GRID_CELL_BYTES) {
        memcpy(cell->text + cell->len, text, len);
        cell->len = (uint8_t)(cell->len + len);
    }
}

static bool is_control(const char *text)
{
    return (unsigned char)*text < 0x20 || (unsigned char)*text == 0x7f;
}

int grid_put(struct grid *g, int row, int column, int columns, const char *text, size_t len, enum style style)
{
    struct grid_cell *last = NULL;
    int used = 0, wide;

    if (row < 0 || row >= g->rows || column < 0)
        return 0;
    if (columns > g->columns - column)
        columns = g->columns - column;
    while (len) {
        size_t cluster = text_grapheme(text, len, &wide);
        size_t kept = cluster > GRID_CELL_BYTES ? utf8_truncate(text, cluster, GRID_CELL_BYTES) : cluster;

        if (wide > columns - used)
            break;
        if (is_control(text))
            ;
        else if (wide == 0)
            join(last, text, kept);
        else {
            set(g, row, column + used, text, kept, wide, style);
            last = at(g, row, column + used);
            used += wide;
        }
        text += cluster;
        len -= cluster;
    }
    return used;
}

int grid_put_text(struct grid *g, int row, int column, int columns, const char *text, enum style style)
{
    size_t len = strlen(text), fits;
    int used, most = columns;

    if (most > g->columns - column)
        most = g->columns - column;
    if (most <= 0)
        return 0;
    fits = text_fit(text, len, most, &used);
    if (fits == len)
        return grid_put(g, row, column, most, text, len, style);
    fits = text_fit(text, len, most - 1, &used);
    used = grid_put(g, row, column, most, text, fits, style);
    return used + grid_put(g, row, column + used, most - used, "…", strlen("…"), style);
}

void grid_fill(struct grid *g, int row, int column, int columns, enum style style)
{
    if (row < 0 || row >= g->rows)
        return;
    if (column < 0) {
        columns += column;
        column = 0;
    }
    for (int i = column; i < g->columns && i < column + columns; i++)
        set(g, row, i, " ", 1, 1, style);
}

void grid_print(const struct grid *g, struct str *out)
{
    for (int row = 0; row < g->rows; row++) {
        size_t solid = out->len;

        for (int column = 0; column < g->columns; column++) {
            const struct grid_cell *cell = &grid_row(g, row)[column];

            str_append(out, cell->text, cell->len);
            if (cell->len != 1 || *cell->text != ' ')
                solid = cell->len ? out->len : solid;
        }
        out->len = solid;
        str_append_char(out, '\n');
    }
}
