/* SPDX-License-Identifier: ISC */
#ifndef BASE_I18N_H
#define BASE_I18N_H

#include <libintl.h>

/* Translation. _() looks a text up, N_() only marks it (for tables), ngettext() picks the plural. */
#define _(text) gettext(text)
#define N_(text) (text)

/* Picks the language from LANGUAGE, LC_ALL, LC_MESSAGES and LANG, also where the locale they name was
 * never generated on this machine, and finds the catalogue: beside the program in a build folder
 * (EXE_DIR/po), else where it was installed. Call once, first thing in main. */
void i18n_init(void);
/* Opens every catalogue that a text may still be looked up in: afterwards no message needs a file. */
void i18n_load(void);

#endif
