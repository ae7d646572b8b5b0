/* SPDX-License-Identifier: ISC */
#ifndef SHOW_LADDER_WORDS_H
#define SHOW_LADDER_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "see/ladder.h"
#include "show/grid.h"

/* All that there is to say of a rung, in small pieces. ladder_text.c finds room for them: on the arrow, below
 * it or beside it. */

enum word_kind {
    WORD_FACT,  /* of the header: flags, numbers, length. Always said */
    WORD_EXTRA, /* the same, where there is room on the arrow */
    WORD_NOTE,  /* what it means. Always said */
    WORD_ASIDE, /* the same, where there is room */
};

struct word {
    size_t at, len; /* in words.text */
    int columns;
    enum word_kind kind;
    enum style style;
};

/* More than a rung can have: every verdict, every finding, and its header. */
#define LADDER_WORDS_MAX 80

struct ladder_words {
    struct str text;
    struct word words[LADDER_WORDS_MAX];
    unsigned count;
    bool is_bad; /* the arrow is to be drawn in style */
    enum style style;
};

void ladder_words_init(struct ladder_words *w);
void ladder_words_done(struct ladder_words *w);
/* In place of those that were there. */
void ladder_words_of(
    struct ladder_words *w, const struct ladder *l, const struct rung *rung, bool absolute, bool ascii);

#endif
