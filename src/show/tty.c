/* SPDX-License-Identifier: ISC */
#include "show/tty.h"

#include <errno.h>
#include <sys/ioctl.h>

void tty_init(struct tty *t, int fd)
{
    *t = (struct tty){.fd = fd};
}

static int set_mode(int fd, int when, const struct termios *mode)
{
    while (tcsetattr(fd, when, mode) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

int tty_raw(struct tty *t)
{
    struct termios raw;
    int code;

    if (t->is_raw)
        return 0;
    if (tcgetattr(t->fd, &raw) < 0)
        return -errno;
    t->saved = raw;
    /* ICRNL: Enter is \r, and Ctrl-J stays another key. IXON: Ctrl-S and Ctrl-Q are keys like others. Not
     * OPOST and CSIZE, which cfmakeraw(3) changes too: see tty.h. */
    raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INLCR | IGNCR | INPCK | ISTRIP | IXON);
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN | ISIG);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    /* What was typed ahead is kept: TCSAFLUSH would throw it away. */
    code = set_mode(t->fd, TCSADRAIN, &raw);
    t->is_raw = code == 0;
    return code;
}

void tty_restore(struct tty *t)
{
    int saved = errno;

    /* Not TCSADRAIN: a terminal that takes no more must not keep a program from ending. */
    if (t->is_raw && set_mode(t->fd, TCSANOW, &t->saved) == 0)
        t->is_raw = false;
    errno = saved;
}

bool tty_size(int fd, int *ret_columns, int *ret_rows)
{
    struct winsize size;

    if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || size.ws_row == 0)
        return false;
    *ret_columns = size.ws_col;
    *ret_rows = size.ws_row;
    return true;
}
