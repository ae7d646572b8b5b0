/* SPDX-License-Identifier: ISC */
#include "cmd/screen_guard.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "show/screen.h"

/* What a handler must know. */
static struct screen *rescued;

static void on_death(int signum)
{
    struct screen *screen = rescued;

    rescued = NULL;
    screen_rescue(screen);
    /* SA_RESETHAND: this time it kills. */
    raise(signum);
}

static void on_exit_anyhow(void)
{
    screen_rescue(rescued);
}

void screen_guard(struct screen *screen)
{
    static const int deadly[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGQUIT};
    static bool is_registered;
    struct sigaction action = {.sa_handler = on_death, .sa_flags = (int)SA_RESETHAND | SA_NODEFER}, before;

    rescued = screen;
    if (!screen)
        return;
    for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
        /* A sanitizer has its own way of dying, and tells more. */
        if (sigaction(deadly[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            sigaction(deadly[i], &action, NULL);
    if (!is_registered)
        is_registered = atexit(on_exit_anyhow) == 0;
}
