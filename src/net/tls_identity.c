/* SPDX-License-Identifier: ISC */
#include "net/tls_identity.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/lock.h"
#include "base/str.h"
#include "net/tls_private.h"

/* What stands before the first line of a PEM block is for people (RFC 7468 2). */
static const char preface[] =
    "This is who landline is to those who call it over TLS or DTLS. The key is a secret.\n"
    "Without this file landline makes itself another one, and who knew it is warned of a stranger.\n\n";

/* 0 for one that may be used, -ENOENT, or why not. */
static int check(const char *path, struct err *err)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? -ENOENT
                   : err_set(err, ERR_INPUT, -errno, "%s: %s", path, err_word(-errno));
    if (st.st_mode & 077)
        return err_set(err, ERR_INPUT, -EPERM,
            _("%s: others may read the key in it, so it proves nothing; \"chmod 600\" it if nobody has, else "
              "remove it, and a new one is made"),
            path);
    return 0;
}

static int write_new(const char *path, struct err *err)
{
    BIO *bio = BIO_new(BIO_s_mem());
    EVP_PKEY *key = NULL;
    X509 *cert = NULL;
    char *text;
    long len;
    int code = tls_make_self_signed(TLS_SELF_LASTING, &key, &cert, err);

    if (code < 0)
        goto out;
    if (!bio || BIO_puts(bio, preface) <= 0 ||
        PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1 ||
        PEM_write_bio_X509(bio, cert) != 1) {
        code = err_set(err, ERR_OTHER, -EIO, _("could not make a certificate: %s"),
            ERR_reason_error_string(ERR_peek_error()));
        ERR_clear_error();
        goto out;
    }
    len = BIO_get_mem_data(bio, &text);
    code = file_replace(path, text, (size_t)len, err);
    OPENSSL_cleanse(text, (size_t)len);
out:
    BIO_free(bio);
    X509_free(cert);
    EVP_PKEY_free(key);
    return code;
}

/* Another one may have made it since we looked. */
static int make(const char *path, struct err *err)
{
    int code, lock = lock_take(path, err);

    if (lock < 0)
        return lock;
    code = check(path, err);
    if (code == -ENOENT)
        code = write_new(path, err);
    lock_release(path, lock);
    return code;
}

int tls_identity_path(struct str *out, struct err *err)
{
    struct str path = STR_INIT;
    int code = file_data_path(&path, "identity.pem");

    if (code < 0)
        return err_set(err, ERR_OTHER, code,
            _("there is no place for a certificate that stays; set HOME or XDG_DATA_HOME"));
    code = check(path.data, err);
    if (code == -ENOENT)
        code = make(path.data, err);
    if (code == 0)
        str_append(out, path.data, path.len);
    str_done(&path);
    return code;
}
