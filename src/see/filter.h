/* SPDX-License-Identifier: ISC */
#ifndef SEE_FILTER_H
#define SEE_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/pcapfile.h"

/* Packet filters in the language that every capturing program has, pcap-filter(7), compiled by libpcap. The
 * same expression is another program for each link type, so a filter is a set of them. */
struct filter;

/* Compiles for all link types that landline decodes, at once: names of hosts and networks are looked up here,
 * by the system's resolver, and never afterwards. 0, or a negative code with err filled (ERR_MISUSE). */
int filter_new(const char *expression, struct filter **ret, struct err *err);
void filter_free(struct filter *f); /* accepts NULL */
/* 1 or 0. Negative, with err filled: the expression says nothing about packets of this link type ("ether
 * host" where there are no Ethernet addresses). Those of a link type that is not decoded never match. */
int filter_matches(const struct filter *f, const struct pcapfile_packet *packet, struct err *err);

/* Fills err with what is wrong with an expression: why is libpcap's word on it. Returns its code. */
int filter_fail(const char *expression, const char *why, struct err *err);

#endif
