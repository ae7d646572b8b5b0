/* SPDX-License-Identifier: ISC */
#ifndef NET_TLS_IDENTITY_H
#define NET_TLS_IDENTITY_H

struct err;
struct str;

/* Who this user is to those who call over TLS or DTLS: a key and a self-signed certificate that stay the
 * same, so that callers who trusted it at first sight find it again, in $XDG_DATA_HOME/landline/identity.pem.
 *
 * It never expires (RFC 5280 4.1.2.5 has a date that says so). Callers know it by its pin, and a pin is of
 * the certificate: renewed, with the same key or not, it would be a stranger to all of them. Who wants
 * another one removes the file, or puts a key and a certificate of their own there. */

/* Appends the path, for tls_options.cert_file, after making the file if there is none; of two programs that
 * make it at once one does, and both use that. Failures, with err and out untouched: -ENOENT where there is
 * no home for it, -EPERM where others may read the key that is there, or what writing says. */
int tls_identity_path(struct str *out, struct err *err);

#endif
