/* SPDX-License-Identifier: ISC */
/* Chinese must come out on a machine where no Chinese locale was generated, which is every fresh Debian.
 * glibc then refuses the name in LANG and stays in "C", where gettext looks at nothing. But in "C.UTF-8",
 * which needs no generating, gettext obeys LANGUAGE: so the name is handed on there.
 *
 * Only LC_CTYPE and LC_MESSAGES are ever set. With LC_NUMERIC, a comma would get into JSON and 1.5 would be
 * no number any more. */
#include "base/i18n.h"

#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "config.h"

#define DOMAIN "landline"

/* The name of the locale that messages are wanted in, by the order of setlocale(3). */
static const char *wanted_locale(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);

        if (value && *value)
            return value;
    }
    return "C";
}

static bool is_word(const char *text, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(text, word, len) == 0;
}

/* "zh", "zh_SG", "zh_TW" and the like have no catalogue of their own, and gettext would go from them straight
 * to English: put the Chinese that there is behind them. */
static void append_language(struct str *list, const char *name, size_t len)
{
    if (list->len)
        str_append_char(list, ':');
    str_append(list, name, len);
    if (len >= 2 && memcmp(name, "zh", 2) == 0 && (len == 2 || strchr("_-.@", name[2])) &&
        !is_word(name, len, "zh_CN"))
        str_append_str(list, ":zh_CN");
}

static void set_languages(const char *locale)
{
    const char *list = getenv("LANGUAGE");
    struct str languages = STR_INIT;

    if (list && *list) {
        for (const char *next; *list; list = *next ? next + 1 : next) {
            next = list + strcspn(list, ":");
            if (next > list)
                append_language(&languages, list, (size_t)(next - list));
        }
    } else {
        size_t len = strcspn(locale, ".@");

        if (!is_word(locale, len, "C") && !is_word(locale, len, "POSIX"))
            append_language(&languages, locale, len);
    }
    if (languages.len)
        setenv("LANGUAGE", languages.data, 1);
    str_done(&languages);
}

static void bind_catalogue(void)
{
    char path[PATH_MAX];
    struct stat st;
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - sizeof("po"));

    if (len > 0) {
        path[len] = '\0';
        char *slash = strrchr(path, '/');
        if (slash) {
            memcpy(slash + 1, "po", sizeof("po"));
            if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
                bindtextdomain(DOMAIN, path);
                return;
            }
        }
    }
    bindtextdomain(DOMAIN, LANDLINE_LOCALEDIR);
}

void i18n_init(void)
{
    const char *locale = wanted_locale();

    /* Text is UTF-8 inside, from and to the terminal, whatever the locale says; LANG=C as well. */
    if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
    if (strcmp(locale, "C") != 0 && strcmp(locale, "POSIX") != 0) {
        if (!setlocale(LC_MESSAGES, ""))
            setlocale(LC_MESSAGES, "C.UTF-8");
        set_languages(locale);
    }
    bind_catalogue();
    bind_textdomain_codeset(DOMAIN, "UTF-8");
    textdomain(DOMAIN);
}

/* gettext opens a catalogue when the first text is looked up, the next one in LANGUAGE only for a text that
 * the first does not have, and the converter of its encoding only for one that it has, as it has its head "".
 */
void i18n_load(void)
{
    static const char *const domains[] = {DOMAIN, "libc"}, *const texts[] = {"", "\1"};

    for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++)
        for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++)
            (void)dgettext(domains[i], texts[t]);
}
