/* SPDX-License-Identifier: ISC */
#include "talk/trust.h"

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
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/str.h"

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define PIN_A "sha256:" HEX_A
#define PIN_B "sha256:" HEX_B
#define PROCESSES 20

static char folder[64], path[128];

static int setup(void **state)
{
    snprintf(folder, sizeof(folder), "/tmp/landline-trust-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    setenv("XDG_DATA_HOME", folder, 1);
    snprintf(path, sizeof(path), "%s/landline/known_peers", folder);
    return 0;
}

static int teardown(void **state)
{
    char inner[128];

    unlink(path);
    snprintf(inner, sizeof(inner), "%s/landline", folder);
    rmdir(inner);
    return rmdir(folder); /* no lock and no half-written file stays */
}

static void write_file(const char *text)
{
    struct err err = {0};

    if (file_replace(path, text, strlen(text), &err) < 0)
        fail_msg("%s", err.text);
}

static void expect_file(const char *format)
{
    struct str text = STR_INIT, want = STR_INIT;
    char today[16];
    time_t now = time(NULL);
    struct tm tm;

    strftime(today, sizeof(today), "%Y-%m-%d", localtime_r(&now, &tm));
    for (const char *c = format; *c; c++)
        if (*c == '@')
            str_append_str(&want, today);
        else
            str_append_char(&want, *c);
    file_read(path, TRUST_FILE_MAX_BYTES, &text, NULL);
    assert_string_equal(text.data, want.data);
    str_done(&text);
    str_done(&want);
}

static struct trust *load(void)
{
    struct trust *t = NULL;
    struct err err = {0};

    if (trust_load(&t, &err) < 0)
        fail_msg("%s", err.text);
    return t;
}

static struct addr at(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(&a, text, ADDR_CALL, NULL), 0);
    return a;
}

static enum trust_verdict judge(
    struct trust *t, const char *address, const char *pin, bool verified, struct err *err)
{
    struct addr a = at(address);
    struct tls_facts facts = {.verified = verified};

    snprintf(facts.pin, sizeof(facts.pin), "%s", pin);
    if (!verified)
        snprintf(facts.verify_problem, sizeof(facts.verify_problem), "it is self-signed");
    *err = (struct err){0};
    return trust_judge(t, &a, &facts, err);
}

static const struct trust_peer *found(const struct trust *t, const char *address)
{
    struct addr a = at(address);

    return trust_find(t, &a);
}

static void the_first_sight_counts(void **state)
{
    struct trust *t = load();
    struct err err;

    assert_null(found(t, "tls://li.example:1"));
    assert_int_equal(judge(t, "tls://li.example:1", PIN_A, false, &err), TRUST_FIRST);
    expect_file("tls://li.example:1 " PIN_A " @\n");
    assert_int_equal(judge(t, "tls://li.example:1", PIN_A, false, &err), TRUST_KNOWN);
    /* The same host as other people write it; but another port and another protocol are other peers. */
    assert_int_equal(judge(t, "tls://LI.example.:1", PIN_A, false, &err), TRUST_KNOWN);
    assert_int_equal(judge(t, "dtls://li.example:1", PIN_B, false, &err), TRUST_FIRST);
    assert_int_equal(judge(t, "tls://li.example:2", PIN_B, false, &err), TRUST_FIRST);
    assert_int_equal(judge(t, "tls://[0:0::1]:2", PIN_B, false, &err), TRUST_FIRST);
    assert_int_equal(judge(t, "tls://[::1]:2", PIN_B, false, &err), TRUST_KNOWN);
    assert_int_equal(judge(t, "wss://a.example:1/chat", PIN_B, false, &err), TRUST_FIRST);
    assert_int_equal(judge(t, "wss://a.example:1/news", PIN_B, false, &err), TRUST_KNOWN);
    expect_file("tls://li.example:1 " PIN_A " @\ndtls://li.example:1 " PIN_B " @\ntls://li.example:2 " PIN_B
                " @\ntls://[::1]:2 " PIN_B " @\nwss://a.example:1 " PIN_B " @\n");
    assert_int_equal(trust_count(t), 5);
    assert_string_equal(trust_at(t, 4)->address, "wss://a.example:1");
    assert_string_equal(found(t, "wss://a.example:1/x")->what, PIN_B);
    trust_free(t);
}

static void a_change_is_loud(void **state)
{
    struct trust *t;
    struct err err;

    write_file("tls://li.example:1 " PIN_A " 2026-01-02 # Li\n");
    t = load();
    assert_int_equal(judge(t, "tls://li.example:1", PIN_B, false, &err), TRUST_CHANGED);
    assert_int_equal(err.kind, ERR_UNTRUSTED);
    assert_string_equal(err.text,
        "tls://li.example:1 is not who it was: its certificate HAS CHANGED. Known: " PIN_A
        " (since 2026-01-02). Shown now: " PIN_B
        ". Somebody may be listening in, so nothing was sent. If its owner tells you that it is a new one: "
        "landline contacts forget tls://li.example:1");
    expect_file("tls://li.example:1 " PIN_A " 2026-01-02 # Li\n");
    /* It verifies now: its owner has got a better one. */
    assert_int_equal(judge(t, "tls://li.example:1", PIN_B, true, &err), TRUST_KNOWN);
    expect_file("tls://li.example:1 authority @ # Li\n");
    assert_int_equal(judge(t, "tls://li.example:1", PIN_A, true, &err), TRUST_KNOWN);
    /* And does not any more, not even with the one from before. */
    assert_int_equal(judge(t, "tls://li.example:1", PIN_A, false, &err), TRUST_CHANGED);
    assert_non_null(strstr(err.text, "Known: one that an authority vouches for (since "));
    assert_non_null(strstr(err.text, "Shown now: " PIN_A ", which does not verify: it is self-signed. "));
    trust_free(t);
}

static void what_verifies_is_noted(void **state)
{
    struct trust *t = load();
    struct err err;

    assert_int_equal(judge(t, "tls://ann.example:443", PIN_A, true, &err), TRUST_KNOWN);
    expect_file("tls://ann.example:443 authority @\n");
    assert_string_equal(found(t, "tls://ann.example:443")->what, "authority");
    trust_free(t);
}

static void a_pin_is_held_to(void **state)
{
    struct addr a = at("tls://li.example:1"), plain = at("tcp://li.example:1");
    struct trust *t;
    struct err err;

    write_file("# mine\r\n\ttls://Li.example:1   " PIN_A "   2026-01-02   # Li\r\n");
    t = load();
    assert_int_equal(trust_pin(t, &a, "SHA256:" HEX_B, &err), 0);
    expect_file("# mine\r\n\ttls://Li.example:1   " PIN_B " @ pinned   # Li\r\n");
    assert_true(found(t, "tls://li.example:1")->pinned);
    assert_int_equal(judge(t, "tls://li.example:1", PIN_B, false, &err), TRUST_KNOWN);
    assert_int_equal(judge(t, "tls://li.example:1", PIN_A, true, &err), TRUST_CHANGED);
    assert_non_null(strstr(err.text, "Known: " PIN_B " (pinned on "));
    assert_int_equal(trust_pin(t, &a, "sha256:abc", &err), -EINVAL);
    assert_int_equal(err.kind, ERR_MISUSE);
    assert_int_equal(trust_pin(t, &plain, PIN_A, &err), -EINVAL);
    assert_int_equal(err.kind, ERR_MISUSE);
    assert_string_equal(err.text, "tcp://li.example:1 is not called over TLS or DTLS, so it has no pin");
    trust_free(t);
}

static void what_is_forgotten_is_a_first_sight_again(void **state)
{
    struct addr a = at("tls://li.example:1");
    struct trust *mine, *theirs;
    struct err err;

    write_file("# top\ntls://li.example:1 " PIN_A "\n# end");
    mine = load();
    theirs = load();
    assert_string_equal(found(mine, "tls://li.example:1")->since, "");
    assert_int_equal(trust_forget(theirs, &a, &err), 0);
    expect_file("# top\n# end");
    /* Who has read the file before knows of it all the same. */
    assert_int_equal(judge(mine, "tls://li.example:1", PIN_B, false, &err), TRUST_FIRST);
    expect_file("# top\n# end\ntls://li.example:1 " PIN_B " @\n");
    assert_int_equal(trust_forget(theirs, &a, &err), 0);
    assert_int_equal(trust_forget(theirs, &a, &err), -ENOENT);
    assert_int_equal(err.kind, ERR_NAME);
    assert_string_equal(err.text, "nothing is known of tls://li.example:1");
    trust_free(mine);
    trust_free(theirs);
}

static void what_proves_nothing(void **state)
{
    struct addr a = at("tls://li.example:1");
    struct tls_facts psk = {.psk = true, .verified = true};
    struct trust *t;
    struct err err;

    t = load();
    assert_int_equal(judge(t, "tls://li.example:1", "", false, &err), TRUST_UNPROVEN);
    assert_int_equal(err.kind, ERR_UNTRUSTED);
    assert_string_equal(err.text, "tls://li.example:1 is not trusted: it showed no certificate");
    assert_int_equal(trust_judge(t, &a, &psk, &err), TRUST_KNOWN);
    expect_file("");
    /* A file that was spoiled meanwhile. */
    write_file("what\n");
    assert_int_equal(judge(t, "tls://li.example:1", PIN_A, true, &err), TRUST_UNPROVEN);
    assert_int_equal(err.kind, ERR_UNTRUSTED);
    assert_non_null(strstr(err.text, "/landline/known_peers:1: "));
    expect_file("what\n");
    trust_free(t);

    /* A file that can't be written: the lock's name is taken by a folder. */
    write_file("");
    t = load();
    snprintf(path + strlen(path), sizeof(path) - strlen(path), ".lock");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(judge(t, "tls://li.example:1", PIN_A, false, &err), TRUST_UNPROVEN);
    assert_non_null(strstr(err.text, "known_peers.lock: "));
    assert_null(found(t, "tls://li.example:1"));
    assert_int_equal(judge(t, "tls://li.example:1", PIN_A, true, &err), TRUST_KNOWN);
    rmdir(path);
    *strrchr(path, '.') = '\0';
    trust_free(t);
}

static void without_a_home_only_what_verifies(void **state)
{
    struct addr a = at("tls://li.example:1");
    struct trust *t;
    struct err err;
    char *home = getenv("HOME") ? strdup(getenv("HOME")) : NULL;

    unsetenv("XDG_DATA_HOME");
    unsetenv("HOME");
    t = load();
    assert_int_equal(judge(t, "tls://li.example:1", PIN_A, false, &err), TRUST_UNPROVEN);
    assert_non_null(strstr(err.text, "XDG_DATA_HOME"));
    assert_int_equal(judge(t, "tls://li.example:1", PIN_A, true, &err), TRUST_KNOWN);
    assert_int_equal(trust_pin(t, &a, PIN_A, &err), -ENOENT);
    trust_free(t);
    if (home)
        setenv("HOME", home, 1);
    free(home);
}

static void wrong_lines_are_named(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"\n# x\ntls://a:1\n", "f:3: a known peer is written as ADDRESS sha256:HEX, or ADDRESS authority"},
        {"tls://a:1 # x\n", "f:1: a known peer is written as ADDRESS sha256:HEX, or ADDRESS authority"},
        {"tcp://a:1 authority\n", "f:1: tcp://a:1 is not called over TLS or DTLS"},
        {"tls://a:1 authority 2026-1-2\n",
            "f:1: \"2026-1-2\" is not understood; behind the certificate come a date such as 2026-11-24 and "
            "\"pinned\", or nothing"},
        {"tls://a:1 authority 2026-01-02 pined\n",
            "f:1: \"pined\" is not understood; behind the certificate come a date such as 2026-11-24 and "
            "\"pinned\", or nothing"},
        {"tls://a:1 authority pinned pinned\n",
            "f:1: \"pinned\" is not understood; behind the certificate come a date such as 2026-11-24 and "
            "\"pinned\", or nothing"},
        {"tls://a:1 authority 2026-01-02 pinned x\n",
            "f:1: \"x\" is not understood; behind the certificate come a date such as 2026-11-24 and "
            "\"pinned\", or nothing"},
        {"tls://a:1 authority\ntls://A:1 " PIN_A "\n", "f:2: tls://a:1 is in line 1 already"},
        {"tls://a:1 auth\033ority\n", "f:1: there are characters that can't be shown"},
    };
    struct trust *t = NULL;
    struct str longest = STR_INIT;
    struct err err;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        err = (struct err){0};
        assert_true(trust_parse(cases[i].text, strlen(cases[i].text), "f", &t, &err) < 0);
        assert_int_equal(err.kind, ERR_INPUT);
        assert_string_equal(err.text, cases[i].says);
        assert_null(t);
    }
    assert_true(trust_parse("tls://a:1 sha256:12\n", 20, "f", &t, &err) < 0);
    assert_non_null(strstr(err.text, "f:1: 'sha256:12' is not a pin"));
    assert_true(trust_parse("tls://a:0 authority\n", 20, "f", &t, &err) < 0);
    assert_non_null(strstr(err.text, "f:1: tls://a:0: nobody can be called at port 0"));
    for (int i = 0; i < TRUST_LINE_MAX_BYTES + 1; i++)
        str_append_char(&longest, '#');
    assert_int_equal(trust_parse(longest.data, longest.len, "f", &t, &err), -E2BIG);
    assert_string_equal(err.text, "f:1: a line of 2049 bytes; at most 2048 are allowed");
    assert_int_equal(trust_parse(longest.data, longest.len - 1, "f", &t, &err), 0);
    trust_free(t);
    str_done(&longest);
}

static void a_file_by_hand(void **state)
{
    const char text[] = "\xef\xbb\xbf  dtls://b.example " HEX_B " pinned # no scheme, no port, no date\n";
    struct trust *t = NULL;

    assert_int_equal(trust_parse(text, sizeof(text) - 1, "f", &t, NULL), 0);
    assert_int_equal(trust_count(t), 1);
    assert_string_equal(trust_at(t, 0)->address, "dtls://b.example:5463");
    assert_string_equal(trust_at(t, 0)->what, PIN_B);
    assert_string_equal(trust_at(t, 0)->since, "");
    assert_true(trust_at(t, 0)->pinned);
    trust_free(t);
}

/* All at once; each sees a peer of its own, and one that the others see as well, but with other eyes. */
static void no_first_sight_is_lost(void **state)
{
    int first = 0, ready[2], status;
    struct trust *t;
    char byte = 0;

    assert_int_equal(pipe(ready), 0);
    for (int i = 0; i < PROCESSES; i++) {
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0) {
            char address[64], pin[TLS_PIN_TEXT_BYTES];
            struct err err;
            enum trust_verdict own, common;

            close(ready[1]);
            if (read(ready[0], &byte, 1) != 0 || trust_load(&t, &err) < 0)
                _exit(9);
            snprintf(address, sizeof(address), "tls://n%d.example:1", i);
            snprintf(pin, sizeof(pin), "sha256:%064d", i);
            own = judge(t, address, pin, false, &err);
            common = judge(t, "tls://all.example:1", pin, false, &err);
            _exit(own != TRUST_FIRST ? 9 : (int)common);
        }
    }
    close(ready[1]); /* go */
    for (int i = 0; i < PROCESSES; i++) {
        assert_true(wait(&status) > 0);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == TRUST_FIRST)
            first++;
        else
            assert_int_equal(WEXITSTATUS(status), TRUST_CHANGED);
    }
    close(ready[0]);
    assert_int_equal(first, 1);
    t = load();
    assert_int_equal(trust_count(t), PROCESSES + 1);
    trust_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_sight_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(a_change_is_loud, setup, teardown),
        cmocka_unit_test_setup_teardown(what_verifies_is_noted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pin_is_held_to, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_forgotten_is_a_first_sight_again, setup, teardown),
        cmocka_unit_test_setup_teardown(what_proves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_home_only_what_verifies, setup, teardown),
        cmocka_unit_test(wrong_lines_are_named),
        cmocka_unit_test(a_file_by_hand),
        cmocka_unit_test_setup_teardown(no_first_sight_is_lost, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
