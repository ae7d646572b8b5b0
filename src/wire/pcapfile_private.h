/* SPDX-License-Identifier: ISC */
#ifndef WIRE_PCAPFILE_PRIVATE_H
#define WIRE_PCAPFILE_PRIVATE_H

#include "wire/pcapfile.h"

/* What pcapfile.c and pcapng.c share. */

/* The fault is at the cursor's place, plus. */
static inline enum pcapfile_result pcapfile_fail(
    struct pcapfile *f, enum pcapfile_fault fault, uint32_t plus, uint32_t value)
{
    f->fault = fault;
    f->fault_offset = f->offset + plus;
    f->fault_value = value;
    return PCAPFILE_BAD;
}

static inline enum pcapfile_result pcapfile_more(struct pcapfile *f, uint32_t wanted_bytes)
{
    f->wanted_bytes = wanted_bytes;
    return PCAPFILE_MORE;
}

/* A new one in its section; NULL and a fault if there are too many. */
struct pcapfile_interface *pcapfile_add_interface(struct pcapfile *f);

static inline void pcapfile_advance(struct pcapfile *f, struct cursor *in, uint32_t bytes)
{
    in->at += bytes;
    f->offset += bytes;
}

enum pcapfile_result pcapng_next(struct pcapfile *f, struct cursor *in, struct pcapfile_packet *ret);

#endif
