/* SPDX-License-Identifier: ISC */
#include "net/tls_identity.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/str.h"
#include "net/tls_for_test.h"

#define PROCESSES 8

static char folder[64], inner[96], path[128];

static int setup(void **state)
{
    snprintf(folder, sizeof(folder), "/tmp/landline-identity-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    setenv("XDG_DATA_HOME", folder, 1);
    snprintf(inner, sizeof(inner), "%s/landline", folder);
    snprintf(path, sizeof(path), "%s/identity.pem", inner);
    return 0;
}

static int teardown(void **state)
{
    unlink(path);
    rmdir(inner);
    return rmdir(folder);
}

/* The pin of who listens with the identity; made by the first call. */
static void identity_pin(enum tls_kind kind, char ret[TLS_PIN_TEXT_BYTES])
{
    struct str file = STR_INIT;
    struct tls_context *ctx = NULL;
    struct err err = {0};

    if (tls_identity_path(&file, &err) < 0)
        fail_msg("%s", err.text);
    assert_string_equal(file.data, path);
    if (tls_context_new(&(struct tls_options){.cert_file = file.data}, TLS_SERVER, kind, &ctx, &err) < 0)
        fail_msg("%s", err.text);
    snprintf(ret, TLS_PIN_TEXT_BYTES, "%s", tls_context_pin(ctx));
    assert_string_equal(tls_context_warning(ctx), "");
    tls_context_free(ctx);
    str_done(&file);
}

static void it_stays_the_same(void **state)
{
    char one[TLS_PIN_TEXT_BYTES], two[TLS_PIN_TEXT_BYTES];
    struct tls_facts facts;
    struct stat st;
    struct talk t;

    identity_pin(TLS_STREAM, one);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    identity_pin(TLS_DATAGRAM, two);
    assert_string_equal(one, two);
    talk_init(&t, (struct tls_options){.pin = one}, (struct tls_options){.cert_file = path});
    run(&t);
    assert_int_equal(tls_facts(t.client.s, &facts), 0);
    assert_true(facts.verified);
    assert_string_equal(facts.pin, one);
    assert_has(facts.names, "localhost, 127.0.0.1, ::1");
    assert_true(facts.not_before < time(NULL));
    assert_int_equal(facts.not_after, INT64_C(253402300799)); /* 9999-12-31T23:59:59Z */
    talk_done(&t);

    unlink(path);
    identity_pin(TLS_STREAM, two);
    assert_string_not_equal(one, two);
}

static void a_key_that_others_may_read_is_refused(void **state)
{
    static const mode_t modes[] = {0644, 0640, 0604, 0620};
    struct str file = STR_INIT;
    char pin[TLS_PIN_TEXT_BYTES];
    struct err err = {0};

    identity_pin(TLS_STREAM, pin);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        chmod(path, modes[i]);
        assert_int_equal(tls_identity_path(&file, &err), -EPERM);
        assert_int_equal(err.kind, ERR_INPUT);
        assert_has(err.text, "identity.pem: others may read the key in it");
        assert_string_equal(file.data, "");
    }
    chmod(path, 0400);
    assert_int_equal(tls_identity_path(&file, &err), 0);
    str_done(&file);
}

static void where_it_has_no_place(void **state)
{
    struct str file = STR_INIT;
    struct err err = {0};

    setenv("XDG_DATA_HOME", "/dev/null", 1);
    assert_int_equal(tls_identity_path(&file, &err), -ENOTDIR);
    assert_has(err.text, "/dev/null/landline/identity.pem");
    unsetenv("XDG_DATA_HOME");
    unsetenv("HOME");
    assert_int_equal(tls_identity_path(&file, &err), -ENOENT);
    assert_has(err.text, "XDG_DATA_HOME");
}

/* Several start at once, and are one and the same to their callers. */
static void programs_at_once_share_one(void **state)
{
    char pins[PROCESSES][TLS_PIN_TEXT_BYTES], byte;
    int go[2], told[2], status;

    assert_int_equal(pipe(go), 0);
    assert_int_equal(pipe(told), 0);
    for (int i = 0; i < PROCESSES; i++) {
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0) {
            close(go[1]);
            if (read(go[0], &byte, 1) != 0)
                _exit(9);
            identity_pin(TLS_STREAM, pins[0]);
            _exit(write(told[1], pins[0], TLS_PIN_TEXT_BYTES) != TLS_PIN_TEXT_BYTES);
        }
    }
    close(go[0]);
    close(go[1]);
    close(told[1]);
    for (int i = 0; i < PROCESSES; i++) {
        assert_int_equal(read(told[0], pins[i], TLS_PIN_TEXT_BYTES), TLS_PIN_TEXT_BYTES);
        assert_string_equal(pins[i], pins[0]);
    }
    close(told[0]);
    for (int i = 0; i < PROCESSES; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_stays_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_that_others_may_read_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(programs_at_once_share_one, setup, teardown),
        cmocka_unit_test(where_it_has_no_place),
    };

    return cmocka_run_group_tests(tests, make_certs, free_certs);
}
