/* SPDX-License-Identifier: ISC */
#ifndef LAB_FATES_ORDER_H
#define LAB_FATES_ORDER_H

#include "lab/fates.h"

/* An order of fates.h, read: of fates.c alone. */

struct order {
    uint8_t kind; /* enum fates_order */
    bool has_chance;
    bool has_side;     /* RATE, QUEUE, MTU, MTU_SILENT, DOWN: of one direction; else of both */
    uint8_t side;      /* enum lab_side: that it comes from; VANISH, RESET: whom it is about */
    bool has_selector; /* VANISH: after such a packet, not at a time */
    uint32_t chance_ppb;
    /* By kind: ns (DELAY, JITTER, REORDER, VANISH at, DOWN from), copies, bytes, or bits a second. */
    uint64_t value;
    int64_t until_ns; /* DOWN */
    struct selector selector;
    char *text; /* as it would be typed, with its name */

    /* ---- on the way ---- */
    uint64_t count; /* packets that it has selected so far */
    bool is_met;    /* VANISH, RESET: such a packet came */
};

/* Fills *ret, which order_done frees. 0, or a negative code with err. */
int order_read(enum fates_order kind, const char *text, struct order *ret, struct err *err);
void order_done(struct order *o);

#endif
