/* SPDX-License-Identifier: ISC */
#ifndef SEE_LABELS_H
#define SEE_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The labels (wire/label.h) of conversations, by their numbers. A flow has no room for one, and a detail
 * would be forty times as large. */
struct labels;

/* So many are kept at once; a conversation that comes when all are taken has none. They take 2 MiB, once
 * there is one, and their texts. */
#define LABELS_MAX 65536

struct found_label {
    uint8_t label;    /* enum label */
    uint8_t side;     /* FLOW_A or FLOW_B: who said it */
    const char *text; /* bytes from outside, a NUL behind them; valid until it is removed */
};

struct labels *labels_new(void);
void labels_free(struct labels *l); /* accepts NULL */
/* number: of a conversation that has none yet, not 0. False: there is no room. */
bool labels_add(
    struct labels *l, uint32_t number, unsigned label, unsigned side, const char *text, size_t len);
bool labels_find(const struct labels *l, uint32_t number, struct found_label *ret);
/* Nothing if there is none. */
void labels_remove(struct labels *l, uint32_t number);
size_t labels_count(const struct labels *l);

#endif
