/* SPDX-License-Identifier: ISC */
#ifndef SEE_SOURCE_LIVE_H
#define SEE_SOURCE_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "see/source.h"

/* Packets from an interface, by libpcap, over a ring that it shares with the kernel (TPACKET_V3). The
 * functions are those of see/source.h. */
struct source_live;

int source_live_open(const char *interface, const struct source_live_options *options,
    struct source_live **ret, struct err *err);
void source_live_close(struct source_live *s);
enum source_result source_live_batch(
    struct source_live *s, struct pcapfile_packet *ret, unsigned max, unsigned *ret_count, struct err *err);
int source_live_fd(const struct source_live *s);
void source_live_stop(struct source_live *s);
void source_live_counts(struct source_live *s, struct source_counts *ret);
const char *source_live_name(const struct source_live *s);
uint16_t source_live_linktype(const struct source_live *s);
uint32_t source_live_snaplen(const struct source_live *s);
bool source_live_has_interface(const char *name);

#endif
