/* SPDX-License-Identifier: ISC */
/* Certificates, keys, pins and pre-shared keys out of files and options, with errors that name the file and
 * say what is wrong with it. Whole files are read first: what OpenSSL says of a file it opened itself does
 * not tell a missing file from a damaged one. */
#include <ctype.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "net/tls_private.h"

/* Neither PEM, nor anything else that was hoped for. */
static int explain_no_pem(const char *path, const struct str *file, const char *what, struct err *err)
{
    const char *text = file->data;

    if (file->len > 1 && (uint8_t)text[0] == 0x30) /* ASN.1 SEQUENCE: both certificates and keys begin so */
        return err_set(err, ERR_INPUT, -EINVAL,
            _("%s: is DER, not PEM; \"openssl x509 -inform DER\" (a key: \"openssl pkey -inform DER\") turns "
              "it "
              "into PEM"),
            path);
    if (!memmem(text, file->len, "-----BEGIN ", 11))
        return err_set(err, ERR_INPUT, -EINVAL, _("%s: is not a PEM file (no \"-----BEGIN\" line)"), path);
    return err_set(err, ERR_INPUT, -EINVAL, _("%s: has no %s in it"), path, what);
}

/* All certificates of a file, in order. ret owned by the caller. */
static int read_certificates(const char *path, STACK_OF(X509) * *ret, struct err *err)
{
    struct str file = STR_INIT;
    STACK_OF(X509) *all = sk_X509_new_null();
    BIO *bio = NULL;
    X509 *cert;
    unsigned long e;
    int code = file_read(path, TLS_FILE_BYTES, &file, err);

    if (code < 0)
        goto out;
    bio = BIO_new_mem_buf(file.data, (int)file.len);
    ERR_clear_error();
    while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
        sk_X509_push(all, cert);
    e = ERR_peek_last_error();
    if (ERR_GET_LIB(e) != ERR_LIB_PEM || ERR_GET_REASON(e) != PEM_R_NO_START_LINE)
        code = err_set(
            err, ERR_INPUT, -EINVAL, _("%s: certificate %d in it is damaged"), path, sk_X509_num(all) + 1);
    else if (sk_X509_num(all) == 0)
        code = explain_no_pem(path, &file, _("certificate"), err);
    ERR_clear_error();
out:
    BIO_free(bio);
    str_done(&file);
    if (code < 0)
        sk_X509_pop_free(all, X509_free);
    else
        *ret = all;
    return code;
}

int tls_read_chain(const char *path, X509 **ret_leaf, STACK_OF(X509) * *ret_chain, struct err *err)
{
    int code = read_certificates(path, ret_chain, err);

    if (code == 0)
        *ret_leaf = sk_X509_shift(*ret_chain);
    return code;
}

int tls_read_ca(const char *path, STACK_OF(X509) * *ret, struct err *err)
{
    return read_certificates(path, ret, err);
}

/* OpenSSL's own callback would ask on the terminal. */
static int no_passphrase(char *text, int size, int writing, void *arg)
{
    bool *asked = arg;

    *asked = true;
    return -1;
}

int tls_read_key(const char *path, EVP_PKEY **ret, struct err *err)
{
    struct str file = STR_INIT;
    BIO *bio = NULL;
    EVP_PKEY *key;
    bool asked = false;
    int code = file_read(path, TLS_FILE_BYTES, &file, err);

    if (code < 0)
        goto out;
    bio = BIO_new_mem_buf(file.data, (int)file.len);
    ERR_clear_error();
    key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &asked);
    if (key)
        *ret = key;
    else if (asked)
        code = err_set(err, ERR_INPUT, -EACCES,
            _("%s: the key is encrypted, and passphrases are never asked for; \"openssl pkey -in %s -out "
              "FILE\" "
              "writes a plain one"),
            path, path);
    else if (!memmem(file.data, file.len, "PRIVATE KEY-----", 16))
        code = explain_no_pem(path, &file, _("private key"), err);
    else
        code = err_set(err, ERR_INPUT, -EINVAL, _("%s: the key in it is damaged"), path);
    ERR_clear_error();
out:
    BIO_free(bio);
    OPENSSL_cleanse(file.data, file.cap);
    str_done(&file);
    return code;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Hex digits, with colons between bytes allowed, up to the text's end. Returns the count of bytes, or -1 for
 * anything else. */
static int parse_hex(const char *text, uint8_t *ret, size_t max)
{
    size_t count = 0;

    while (*text) {
        int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);

        if (low < 0 || count == max)
            return -1;
        ret[count++] = (uint8_t)(high << 4 | low);
        text += 2;
        if (text[0] == ':' && text[1])
            text++;
    }
    return (int)count;
}

static bool parse_pin_base64(const char *text, uint8_t ret[TLS_PIN_BYTES])
{
    /* 32 bytes are 43 digits and one '=', which decode to 33 bytes, the last of them padding. */
    uint8_t bytes[TLS_PIN_BYTES + 1];

    if (strlen(text) != 44 || text[43] != '=' || text[42] == '=')
        return false;
    if (EVP_DecodeBlock(bytes, (const uint8_t *)text, 44) != TLS_PIN_BYTES + 1)
        return false;
    memcpy(ret, bytes, TLS_PIN_BYTES);
    return true;
}

int tls_parse_pin(const char *text, uint8_t ret[TLS_PIN_BYTES], struct err *err)
{
    /* As printed by landline; and by "openssl x509 -fingerprint -sha256". */
    static const char *const prefixes[] = {"sha256:", "sha256 fingerprint="};
    const char *digits = text;
    uint8_t pin[TLS_PIN_BYTES];

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
        if (strncasecmp(text, prefixes[i], strlen(prefixes[i])) == 0)
            digits = text + strlen(prefixes[i]);
    if (parse_hex(digits, pin, sizeof(pin)) != TLS_PIN_BYTES && !parse_pin_base64(digits, pin))
        return err_set(err, ERR_MISUSE, -EINVAL,
            _("'%s' is not a pin: it is sha256: and the 64 hex digits (or 44 base64 ones) of the SHA-256 of "
              "the "
              "peer's certificate"),
            text);
    memcpy(ret, pin, sizeof(pin));
    return 0;
}

void tls_pin_of(X509 *cert, uint8_t ret[TLS_PIN_BYTES])
{
    unsigned len = TLS_PIN_BYTES;

    if (X509_digest(cert, EVP_sha256(), ret, &len) != 1)
        memset(ret, 0, TLS_PIN_BYTES); /* matches no certificate */
}

const char *tls_format_pin(const uint8_t pin[TLS_PIN_BYTES], char text[TLS_PIN_TEXT_BYTES])
{
    snprintf(text, TLS_PIN_TEXT_BYTES, "sha256:");
    for (int i = 0; i < TLS_PIN_BYTES; i++)
        snprintf(text + 7 + i * 2, 3, "%02x", pin[i]);
    return text;
}

int tls_normalize_pin(const char *text, char ret[TLS_PIN_TEXT_BYTES], struct err *err)
{
    uint8_t pin[TLS_PIN_BYTES] = {0};
    int code = tls_parse_pin(text, pin, err);

    if (code == 0)
        tls_format_pin(pin, ret);
    return code;
}

static int parse_psk_line(char *line, const char *path, int number, struct tls_psk *ret, struct err *err)
{
    char *colon = strrchr(line, ':');
    int len;

    if (!colon || colon == line)
        return err_set(err, ERR_INPUT, -EINVAL, _("%s, line %d: not IDENTITY:HEXKEY"), path, number);
    *colon = '\0';
    if (strlen(line) > TLS_PSK_IDENTITY_BYTES)
        return err_set(err, ERR_INPUT, -EINVAL, _("%s, line %d: the identity is longer than %d bytes"), path,
            number, TLS_PSK_IDENTITY_BYTES);
    len = parse_hex(colon + 1, ret->key, sizeof(ret->key));
    if (len <= 0)
        return err_set(err, ERR_INPUT, -EINVAL, _("%s, line %d: the key of %s is not 1 to %d bytes in hex"),
            path, number, line, TLS_PSK_KEY_BYTES);
    ret->key_len = (size_t)len;
    ret->identity = xstrdup(line);
    return 0;
}

int tls_read_psks(const char *path, struct tls_psk **ret, size_t *ret_count, struct err *err)
{
    struct str file = STR_INIT;
    struct tls_psk *psks = NULL;
    size_t count = 0;
    int number = 0, code = file_read(path, TLS_FILE_BYTES, &file, err);
    char *next;

    if (code < 0)
        goto out;
    next = file.data;
    while (next && *next) {
        char *line = next, *end = strchr(line, '\n');

        number++;
        next = end ? end + 1 : NULL;
        if (!end)
            end = line + strlen(line);
        while (end > line && isspace((unsigned char)end[-1]))
            end--;
        *end = '\0';
        if (*line == '\0' || *line == '#')
            continue;
        if (count == TLS_PSK_MAX) {
            code = err_set(err, ERR_INPUT, -EFBIG, _("%s: more than %d keys"), path, TLS_PSK_MAX);
            goto out;
        }
        psks = xreallocarray(psks, count + 1, sizeof(*psks));
        psks[count] = (struct tls_psk){0};
        if ((code = parse_psk_line(line, path, number, &psks[count], err)) < 0)
            goto out;
        count++;
    }
    if (count == 0)
        code = err_set(err, ERR_INPUT, -EINVAL, _("%s: no line IDENTITY:HEXKEY in it"), path);
out:
    OPENSSL_cleanse(file.data, file.cap);
    str_done(&file);
    if (code < 0) {
        tls_free_psks(psks, count);
        return code;
    }
    *ret = psks;
    *ret_count = count;
    return 0;
}

void tls_free_psks(struct tls_psk *psks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(psks[i].identity);
    if (psks)
        OPENSSL_cleanse(psks, count * sizeof(*psks));
    free(psks);
}
