/* SPDX-License-Identifier: ISC */
/* The one file that sees curses.
 *
 * ncurses is used for what it is good at: the terminal's database, its modes, and the shortest way from what
 * is shown to what shall be. Its keys are not used (it knows neither bracketed paste nor a loop that is not
 * its own), nor its signal handlers, which are undone as soon as they are set.
 *
 * The width of a cluster is utf8proc's (show/text.h), in ncurses it is wcwidth's, and in the terminal a third
 * party's. Where the first two differ the cluster is shown as simpler ones that have just as many columns, so
 * a row is never moved: an emoji of several people is one person, a flag is its two letters. */
#include "show/screen.h"

#include <curses.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "show/grid.h"

/* What terminfo has no names for; xterm's ctlseqs. 2004: pastes are marked. 1004: focus is told. 1000 and
 * 1006: buttons, as text. 22;0t and 23;0t: the title is put on a stack, and taken from it. */
#define MARKS_ON "\033[?2004h\033[?1004h"
#define MARKS_OFF "\033[?2004l\033[?1004l"
#define MOUSE_ON "\033[?1000h\033[?1006h"
#define MOUSE_OFF "\033[?1006l\033[?1000l"
#define TITLE_PUSH "\033[22;0t"
#define TITLE_POP "\033[23;0t"

#define RESCUE_BYTES 256

struct screen {
    SCREEN *curses;
    FILE *in, *out; /* ncurses wants streams; of our own descriptors */
    int in_fd, out_fd;
    bool is_xterm; /* understands the sequences above */
    bool mouse;
    bool spoiled;
    struct termios modes; /* as they were */
    struct grid *shown;
    struct str title;
    attr_t attrs[STYLE_COUNT];
    short pairs[STYLE_COUNT];
    char rescue[RESCUE_BYTES];
    size_t rescue_len;
};

struct look {
    attr_t mono, colored; /* attributes without and with colours */
    short front, back;    /* of 8, -1: the terminal's own */
    short front256, back256;
};

/* Chosen to be read on black and on white alike: middle tones, and the terminal's own for text. */
static const struct look looks[STYLE_COUNT] = {
    [STYLE_NORMAL] = {A_NORMAL, A_NORMAL, -1, -1, -1, -1},
    [STYLE_DIM] = {A_DIM, A_NORMAL, -1, -1, 245, -1},
    [STYLE_BOLD] = {A_BOLD, A_BOLD, -1, -1, -1, -1},
    [STYLE_ME] = {A_NORMAL, A_NORMAL, COLOR_CYAN, -1, 37, -1},
    [STYLE_THEM] = {A_BOLD, A_BOLD, COLOR_GREEN, -1, 71, -1},
    [STYLE_GOOD] = {A_NORMAL, A_NORMAL, COLOR_GREEN, -1, 71, -1},
    [STYLE_WARNING] = {A_BOLD, A_NORMAL, COLOR_YELLOW, -1, 172, -1},
    [STYLE_ERROR] = {A_BOLD, A_BOLD, COLOR_RED, -1, 167, -1},
    [STYLE_UNREAD] = {A_BOLD, A_BOLD, COLOR_YELLOW, -1, 172, -1},
    [STYLE_ESCAPED] = {A_REVERSE, A_REVERSE, -1, -1, -1, -1},
    [STYLE_FOUND] = {A_REVERSE | A_BOLD, A_NORMAL, COLOR_BLACK, COLOR_YELLOW, 16, 179},
    [STYLE_SELECTED] = {A_REVERSE, A_BOLD, COLOR_WHITE, COLOR_BLUE, 231, 24},
    [STYLE_STATUS] = {A_REVERSE, A_NORMAL, COLOR_WHITE, COLOR_BLUE, 252, 237},
    [STYLE_STATUS_GOOD] = {A_REVERSE, A_NORMAL, COLOR_WHITE, COLOR_BLUE, 114, 237},
    [STYLE_STATUS_WARNING] = {A_REVERSE | A_BOLD, A_BOLD, COLOR_YELLOW, COLOR_BLUE, 215, 237},
    [STYLE_STATUS_ERROR] = {A_REVERSE | A_BOLD, A_BOLD, COLOR_WHITE, COLOR_RED, 210, 237},
};

static void set_looks(struct screen *s, bool no_color)
{
    const char *unwanted = getenv("NO_COLOR");
    bool mono = no_color || (unwanted && *unwanted) || !has_colors() || start_color() == ERR;
    bool own = !mono && use_default_colors() == OK;

    for (int i = 0; i < STYLE_COUNT; i++) {
        const struct look *look = &looks[i];
        short front = COLORS >= 256 ? look->front256 : look->front;
        short back = COLORS >= 256 ? look->back256 : look->back;

        s->attrs[i] = mono ? look->mono : look->colored;
        if (mono || (front < 0 && back < 0))
            continue;
        if (!own && front < 0)
            front = COLOR_WHITE;
        if (!own && back < 0)
            back = COLOR_BLACK;
        s->pairs[i] = (short)(i + 1);
        if (init_pair(s->pairs[i], front, back) == ERR)
            s->pairs[i] = 0;
    }
    if (!mono && COLORS < 256)
        s->attrs[STYLE_DIM] = A_DIM;
}

/* Past ncurses: what it has no function for. Its own output is flushed at the end of each refresh. */
static void say(const struct screen *s, const char *text, size_t len)
{
    while (len) {
        ssize_t done = write(s->out_fd, text, len);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return;
        text += done;
        len -= (size_t)done;
    }
}

static void say_text(const struct screen *s, const char *text)
{
    say(s, text, strlen(text));
}

static void set_marks(const struct screen *s, bool on)
{
    if (!s->is_xterm)
        return;
    say_text(s, on ? TITLE_PUSH MARKS_ON : MARKS_OFF TITLE_POP);
    if (s->mouse)
        say_text(s, on ? MOUSE_ON : MOUSE_OFF);
}

/* Which terminals know xterm's sequences. Others show them as rubbish, or take them for something else. */
static bool is_xterm_like(const char *term)
{
    static const char *const names[] = {"xterm", "tmux", "screen", "rxvt", "alacritty", "foot", "kitty",
        "konsole", "gnome", "vte", "st", "wezterm", "contour", "mintty", "iterm", "ghostty"};

    for (size_t i = 0; term && i < sizeof(names) / sizeof(names[0]); i++) {
        size_t len = strlen(names[i]);

        if (strncmp(term, names[i], len) == 0 && (!term[len] || strchr("-+.", term[len])))
            return true;
    }
    return false;
}

/* What terminfo has for a name, "" where the terminal lacks it. (term.h would make macros of rows, columns
 * and a thousand other words.) */
static const char *capability(const char *name)
{
    const char *text = tigetstr(name);

    return text && text != (const char *)-1 ? text : "";
}

static void prepare_rescue(struct screen *s)
{
    /* Attributes off, colours off, the cursor visible, back from the alternate screen. */
    const char *const parts[] = {s->is_xterm ? MARKS_OFF MOUSE_OFF TITLE_POP : "", capability("sgr0"),
        capability("op"), capability("cnorm"), capability("rmcup"), "\r\n"};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        size_t len = strlen(parts[i]);

        if (s->rescue_len + len > sizeof(s->rescue))
            break;
        memcpy(s->rescue + s->rescue_len, parts[i], len);
        s->rescue_len += len;
    }
}

static int open_streams(struct screen *s)
{
    int in = dup(s->in_fd), out = dup(s->out_fd);

    s->in = in < 0 ? NULL : fdopen(in, "r");
    s->out = out < 0 ? NULL : fdopen(out, "w");
    if (s->in && s->out)
        return 0;
    if (in >= 0 && !s->in)
        close(in);
    if (out >= 0 && !s->out)
        close(out);
    return -errno;
}

static int start_curses(struct screen *s, struct err *err)
{
    static const int theirs[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
    struct sigaction before[sizeof(theirs) / sizeof(theirs[0])];
    const char *term = getenv("TERM");

    for (size_t i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++)
        sigaction(theirs[i], NULL, &before[i]);
    s->curses = newterm(NULL, s->out, s->in);
    for (size_t i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++)
        sigaction(theirs[i], &before[i], NULL);
    if (!s->curses)
        return err_set(err, ERR_OTHER, -ENODEV,
            _("the terminal's type, TERM=%s, is not known here; set TERM, or say --lines"), term ? term : "");
    if (!*capability("cup"))
        return err_set(err, ERR_OTHER, -ENODEV, _("this terminal, TERM=%s, has no full screen; say --lines"),
            term ? term : "");
    return 0;
}

int screen_new(const struct screen_options *options, struct screen **ret, struct err *err)
{
    struct screen *s = xcalloc(1, sizeof(*s));
    int code;

    s->in_fd = options->in_fd;
    s->out_fd = options->out_fd;
    s->mouse = options->mouse;
    s->is_xterm = is_xterm_like(getenv("TERM"));
    s->spoiled = true;
    str_init(&s->title);
    code = tcgetattr(s->in_fd, &s->modes) < 0 ? -errno : open_streams(s);
    if (code < 0) {
        err_set(err, ERR_OTHER, code, _("the terminal: %s"), err_word(code));
        goto out;
    }
    code = start_curses(s, err);
    if (code < 0)
        goto out;
    s->shown = grid_new();
    /* No key is a signal: Ctrl-C and Ctrl-Z are the caller's, and Enter differs from Ctrl-J. */
    raw();
    noecho();
    nonl();
    set_looks(s, options->no_color);
    prepare_rescue(s);
    screen_resized(s);
    set_marks(s, true);
    *ret = s;
    return 0;
out:
    screen_free(s);
    return code;
}

void screen_free(struct screen *s)
{
    if (!s)
        return;
    if (s->shown)
        set_marks(s, false);
    if (s->curses) {
        endwin();
        delscreen(s->curses);
    }
    if (s->in)
        fclose(s->in);
    if (s->out)
        fclose(s->out);
    grid_free(s->shown);
    str_done(&s->title);
    free(s);
}

void screen_rescue(const struct screen *s)
{
    if (!s)
        return;
    say(s, s->rescue, s->rescue_len);
    tcsetattr(s->in_fd, TCSANOW, &s->modes);
}

void screen_size(const struct screen *s, int *ret_rows, int *ret_columns)
{
    int rows, columns;

    getmaxyx(stdscr, rows, columns);
    *ret_rows = rows < 1 ? 1 : rows > GRID_ROWS_MAX ? GRID_ROWS_MAX : rows;
    *ret_columns = columns < 1 ? 1 : columns > GRID_COLUMNS_MAX ? GRID_COLUMNS_MAX : columns;
}

void screen_resized(struct screen *s)
{
    struct winsize size;

    if (ioctl(s->out_fd, TIOCGWINSZ, &size) < 0 || size.ws_row == 0 || size.ws_col == 0)
        return;
    if (is_term_resized(size.ws_row, size.ws_col))
        resize_term(size.ws_row, size.ws_col);
    s->spoiled = true;
}

void screen_spoiled(struct screen *s)
{
    s->spoiled = true;
}

/* One character with the marks on it, if ncurses gives it so many columns; else false. */
static bool put_character(const struct screen *s, const wchar_t *text, int columns, enum style style)
{
    wchar_t base[CCHARW_MAX + 1] = {text[0]};
    size_t len = 1;
    cchar_t cell;

    if (wcwidth(text[0]) != columns)
        return false;
    while (len < CCHARW_MAX && text[len] && wcwidth(text[len]) == 0) {
        /* A selector would make a wide picture of a narrow letter, and a joiner wants what is left out. */
        if (text[len] == 0xfe0f || text[len] == 0x200d)
            break;
        base[len] = text[len];
        len++;
    }
    if (setcchar(&cell, base, s->attrs[style], s->pairs[style], NULL) == ERR)
        return false;
    add_wch(&cell);
    return true;
}

static void put_cell(const struct screen *s, const struct grid_cell *cell)
{
    wchar_t text[GRID_CELL_BYTES + 1] = {0};
    size_t n = 0, next = 1;
    int left = cell->columns;

    for (size_t i = 0; i < cell->len;) {
        uint32_t code;
        int len = utf8_decode(cell->text + i, cell->len - i, &code);

        text[n++] = len > 0 ? (wchar_t)code : L'?';
        i += len > 0 ? (size_t)len : 1;
    }
    text[n] = L'\0';
    if (put_character(s, text, left, cell->style))
        return;
    /* Two letters of one column, as a flag has; or one, and a blank. */
    if (left == 2 && put_character(s, text, 1, cell->style)) {
        while (next < n && wcwidth(text[next]) != 1)
            next++;
        if (next < n && put_character(s, text + next, 1, cell->style))
            return;
        left = 1;
    } else if (left == 2 && put_character(s, L"\uff1f", 2, cell->style))
        return;
    while (left-- > 0)
        put_character(s, left == 0 && cell->columns == 1 ? L"?" : L" ", 1, cell->style);
}

static bool is_row_same(const struct grid *a, const struct grid *b, int row)
{
    return memcmp(grid_row(a, row), grid_row(b, row), (size_t)grid_columns(a) * sizeof(struct grid_cell)) ==
           0;
}

void screen_show(struct screen *s, const struct grid *g, int row, int column)
{
    int rows = grid_rows(g), columns = grid_columns(g);
    bool all = s->spoiled || rows != grid_rows(s->shown) || columns != grid_columns(s->shown);

    if (all) {
        grid_reset(s->shown, rows, columns);
        clearok(curscr, TRUE);
        erase();
    }
    for (int i = 0; i < rows; i++) {
        if (!all && is_row_same(g, s->shown, i))
            continue;
        move(i, 0);
        for (int j = 0; j < columns; j++)
            if (grid_row(g, i)[j].columns)
                put_cell(s, &grid_row(g, i)[j]);
    }
    grid_copy(s->shown, g);
    s->spoiled = false;
    curs_set(row >= 0);
    move(row >= 0 ? row : 0, row >= 0 ? column : 0);
    refresh();
}

void screen_suspend(struct screen *s)
{
    struct sigaction stop = {.sa_handler = SIG_DFL}, before;

    set_marks(s, false);
    endwin();
    sigaction(SIGTSTP, &stop, &before);
    /* The whole job, as the terminal would: a script around us must stop too, or the shell waits for ever. */
    kill(0, SIGTSTP);
    /* Here it goes on. */
    sigaction(SIGTSTP, &before, NULL);
    reset_prog_mode();
    set_marks(s, true);
    screen_resized(s);
    s->spoiled = true;
    if (s->title.len) {
        struct str title = s->title;

        str_init(&s->title);
        screen_title(s, title.data);
        str_done(&title);
    }
}

void screen_bell(struct screen *s)
{
    beep();
}

void screen_title(struct screen *s, const char *title)
{
    struct str text = STR_INIT;

    if (!s->is_xterm || strcmp(title, s->title.data) == 0)
        return;
    str_reset(&s->title);
    str_append_str(&s->title, title);
    str_appendf(&text, "\033]2;%s\033\\", title);
    say(s, text.data, text.len);
    str_done(&text);
}

void screen_mouse(struct screen *s, bool on)
{
    s->mouse = on;
    if (s->is_xterm)
        say_text(s, on ? MOUSE_ON : MOUSE_OFF);
}
