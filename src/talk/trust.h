/* SPDX-License-Identifier: ISC */
#ifndef TALK_TRUST_H
#define TALK_TRUST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "net/addr.h"
#include "net/tls.h"

/* Whom we know over TLS and DTLS, as ssh's known_hosts: by the address that was called, what its certificate
 * was the first time. A text file that people may edit, $XDG_DATA_HOME/landline/known_peers:
 *
 *     # ADDRESS              CERTIFICATE    SINCE
 *     tls://li.example:5463  sha256:9f86... 2026-11-24           no authority vouches for it
 *     tls://ann.example:443  authority      2026-11-24           any that verifies will do
 *     dtls://bob.example:1   sha256:5e88... 2026-11-24 pinned    this one, and not even one that verifies
 *
 * The rule. A certificate that verifies (system store or --ca, with the right name) is trusted. One that does
 * not is trusted at first sight, and from then on only that very one. Whoever once verified, and does not any
 * more, is refused like one whose certificate has changed. What a person has pinned is held to in any case.
 *
 * Several landlines may share the file: it is read again before each judgement and each change, and changed
 * under a lock (base/lock.h). */
struct trust;

#define TRUST_FILE_MAX_BYTES (1024 * 1024)
#define TRUST_LINE_MAX_BYTES 2048

/* Owned by the trust, and gone when the file is next read or changed. */
struct trust_peer {
    const char *address; /* as addr_format writes it; the host in lower case, no path */
    const char *what;    /* "sha256:HEX" or "authority" */
    const char *since;   /* "2026-11-24", or "" where the file does not say */
    bool pinned;         /* by a person */
};

enum trust_verdict {
    TRUST_KNOWN,    /* as before, or verified */
    TRUST_FIRST,    /* trusted at first sight; it is in the file now */
    TRUST_CHANGED,  /* another certificate than before: err says both and the way out */
    TRUST_UNPROVEN, /* nothing to go by: no certificate was shown, or the file can't be read or written */
};

/* Reads the user's file; that there is none makes an empty one. Failures are ERR_INPUT with "FILE:LINE: ...",
 * or what file_read says. */
int trust_load(struct trust **ret, struct err *err);
/* Reads the text of a file, which errors call `file`, and which changes are written to; "" can't be written.
 */
int trust_parse(const char *text, size_t len, const char *file, struct trust **ret, struct err *err);
void trust_free(struct trust *t); /* accepts NULL */

/* Judges a finished handshake, made with tls_options.insecure set and no pin there (verification is done and
 * told of in facts, but ends nothing), and writes down a first sight at once. addr is what was called.
 * TRUST_CHANGED and TRUST_UNPROVEN fill err (ERR_UNTRUSTED): hang up, with nothing sent. A pre-shared key
 * that fits proves enough. */
enum trust_verdict trust_judge(
    struct trust *t, const struct addr *addr, const struct tls_facts *facts, struct err *err);

/* What was known of an address when the file was last read; NULL: nothing. */
const struct trust_peer *trust_find(const struct trust *t, const struct addr *addr);
size_t trust_count(const struct trust *t);
const struct trust_peer *trust_at(const struct trust *t, size_t i); /* in the order of the file */

/* These change the file. forget: the next certificate is a first sight again; -ENOENT (ERR_NAME) where
 * nothing is known. pin: this one and no other (ERR_MISUSE where it is no pin, or the address is not called
 * over TLS or DTLS). */
int trust_forget(struct trust *t, const struct addr *addr, struct err *err);
int trust_pin(struct trust *t, const struct addr *addr, const char *pin, struct err *err);

#endif
