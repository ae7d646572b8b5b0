/* SPDX-License-Identifier: ISC */
#include "show/term.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/parse.h"

#define DEFAULT_COLUMNS 80

bool term_is(int fd)
{
    return isatty(fd) == 1;
}

bool term_wants_color(int fd, bool no_color_given)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

    if (no_color_given || (no_color && *no_color) || !term || !*term || strcmp(term, "dumb") == 0)
        return false;
    return term_is(fd);
}

const struct term_colors *term_colors(bool on)
{
    /* The eight that every terminal has had since the VT100's children; yellow and blue on black or white are
     * the terminal's own choice, which the user has made. */
    static const struct term_colors some = {
        .off = "\033[m",
        .bold = "\033[1m",
        .dim = "\033[2m",
        .red = "\033[31m",
        .green = "\033[32m",
        .yellow = "\033[33m",
        .blue = "\033[34m",
        .magenta = "\033[35m",
        .cyan = "\033[36m",
        .escape_on = "\033[7m",
        .escape_off = "\033[27m",
    };
    static const struct term_colors none = {"", "", "", "", "", "", "", "", "", "", ""};

    return on ? &some : &none;
}

int term_columns(int fd)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    int64_t wide = DEFAULT_COLUMNS;

    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        wide = size.ws_col;
    else if (columns)
        parse_number(columns, 1, INT64_MAX, &wide);
    if (wide < TERM_COLUMNS_MIN)
        wide = TERM_COLUMNS_MIN;
    return wide > TERM_COLUMNS_MAX ? TERM_COLUMNS_MAX : (int)wide;
}
