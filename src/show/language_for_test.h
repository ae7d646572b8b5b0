/* SPDX-License-Identifier: ISC */
#ifndef SHOW_LANGUAGE_FOR_TEST_H
#define SHOW_LANGUAGE_FOR_TEST_H

#include <libintl.h>
#include <limits.h>
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The language that a test's texts are in. Its own choice, whatever that of the machine is. */

static inline void speak_english(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    setlocale(LC_MESSAGES, "C.UTF-8");
    setenv("LANGUAGE", "en", 1);
    textdomain("landline");
}

/* The catalogue is that of the build folder, of which the tests are. False if it is not there. */
static inline bool speak_chinese(void)
{
    static const char catalogue[] = "/../po";
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - sizeof(catalogue));
    char *slash;

    if (len <= 0)
        return false;
    path[len] = '\0';
    slash = strrchr(path, '/');
    memcpy(slash, catalogue, sizeof(catalogue));
    bindtextdomain("landline", path);
    speak_english();
    setenv("LANGUAGE", "zh_CN", 1);
    textdomain("landline");
    return strcmp(gettext("retransmission"), "retransmission") != 0;
}

#endif
