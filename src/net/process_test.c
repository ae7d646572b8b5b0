/* SPDX-License-Identifier: ISC */
/* Children: what they read and write, with what they start, how they end, and that nothing is left of them.
 */
#include "net/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"

#define FOREVER_MS (60 * 1000)

struct run {
    struct loop *loop;
    struct process *process;
    struct stream *input, *output;
    struct str read;
    int status, failure;
    bool exited, ended, stop_at_word;
};

static void end_if_done(struct run *r)
{
    if (r->exited && r->ended)
        loop_stop(r->loop);
}

static void on_exited(struct process *p, int status, void *arg)
{
    struct run *r = arg;

    r->exited = true;
    r->status = status;
    end_if_done(r);
}

static void on_data(struct stream *s, const uint8_t *data, size_t len, void *arg)
{
    struct run *r = arg;

    str_append(&r->read, data, len);
    if (r->stop_at_word)
        process_stop(r->process, 200);
}

static void on_ended(struct stream *s, void *arg)
{
    struct run *r = arg;

    if (s == r->output) {
        r->ended = true;
        end_if_done(r);
    }
}

static void on_failed(struct stream *s, int code, const struct err *err, void *arg)
{
    struct run *r = arg;

    r->failure = code;
}

static const struct stream_events events = {.data = on_data, .ended = on_ended, .failed = on_failed};

static void start(struct run *r, const char *command, const char *const *variables)
{
    struct process_options options = {.command = command, .variables = variables};
    struct err err;

    *r = (struct run){.read = STR_INIT};
    r->loop = loop_new();
    assert_int_equal(
        process_new(r->loop, &options, on_exited, r, &r->process, &r->input, &r->output, &err), 0);
    stream_attach(r->input, &events, r);
    stream_attach(r->output, &events, r);
}

/* Sends input, then its end, and runs until the command has ended and its output too. */
static void run(struct run *r, const void *input, size_t len)
{
    if (r->input) {
        assert_int_equal(stream_write(r->input, input, len), 0);
        stream_finish(r->input, FOREVER_MS);
        r->input = NULL;
    }
    loop_run(r->loop);
}

static void finish(struct run *r)
{
    stream_close(r->input);
    stream_close(r->output);
    process_free(r->process);
    loop_free(r->loop);
    str_done(&r->read);
    /* Nobody is left, dead or alive. */
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void speaks(void **state)
{
    struct run r;

    start(&r, "cat; echo done; exit 3", NULL);
    run(&r, "hello ", 6);
    assert_string_equal(r.read.data, "hello done\n");
    assert_true(WIFEXITED(r.status));
    assert_int_equal(WEXITSTATUS(r.status), 3);
    finish(&r);
}

/* More than two pipes hold, so both directions have to move together. */
static void speaks_at_length(void **state)
{
    size_t len = 3 * 1024 * 1024;
    char *text = malloc(len);
    struct run r;

    for (size_t i = 0; i < len; i++)
        text[i] = (char)('a' + i % 23);
    start(&r, "cat", NULL);
    run(&r, text, len);
    assert_int_equal(r.read.len, len);
    assert_memory_equal(r.read.data, text, len);
    finish(&r);
    free(text);
}

static void standard_streams_can_be_opened(void **state)
{
    struct run r;

    start(&r, "cat /dev/stdin > /dev/stdout", NULL);
    run(&r, "through", 7);
    assert_string_equal(r.read.data, "through");
    finish(&r);
}

static void environment(void **state)
{
    const char *const variables[] = {"LINE_ONE=first value", "LINE_TWO=2", NULL};
    struct run r;

    setenv("LINE_TWO", "old", 1);
    setenv("LINE_TWO_MORE", "kept", 1);
    start(&r, "echo \"$LINE_ONE,$LINE_TWO,$LINE_TWO_MORE,${HOME:+home}\"; env | grep -c ^LINE_", variables);
    run(&r, "", 0);
    assert_string_equal(
        r.read.data, getenv("HOME") ? "first value,2,kept,home\n3\n" : "first value,2,kept,\n3\n");
    finish(&r);
}

/* No descriptor of ours but the three; no signal ignored or blocked; a process group of its own. */
static void starts_clean(void **state)
{
    unsigned long blocked, ignored;
    sigset_t all, old;
    struct run r;
    char want[64];

    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);
    start(&r,
        "ls /proc/self/fd | tr '\\n' ' '; grep -E '^Sig(Ign|Blk)' /proc/$$/status | tr -d '\\t\\n'; "
        "echo; echo $$ $(ps -o pgid= -p $$ 2>/dev/null || cut -d' ' -f5 /proc/$$/stat)",
        NULL);
    sigprocmask(SIG_SETMASK, &old, NULL);
    run(&r, "", 0);
    snprintf(want, sizeof(want), "\n%d %d\n", (int)process_pid(r.process), (int)process_pid(r.process));
    /* ls itself has the folder open as 3. */
    /* ls itself has the folder open as 3. */
    assert_int_equal(sscanf(r.read.data, "0 1 2 3 SigBlk:%16lxSigIgn:%16lx", &blocked, &ignored), 2);
    assert_int_equal(blocked, 0);
    assert_int_equal(ignored & ~(3UL << 31), 0); /* 32 and 33 are glibc's own affair */
    assert_non_null(strstr(r.read.data, want));
    finish(&r);
    signal(SIGUSR1, SIG_DFL);
}

static void stops(void **state)
{
    struct run r;

    start(&r, "echo up; sleep 1000", NULL);
    r.stop_at_word = true;
    run(&r, "", 0);
    assert_true(WIFSIGNALED(r.status));
    assert_int_equal(WTERMSIG(r.status), SIGTERM);
    finish(&r);
}

static void is_killed_if_it_will_not_stop(void **state)
{
    char text[64];
    struct run r;

    /* The loop, not only one sleep, must survive SIGTERM. */
    start(&r, "trap '' TERM; echo up; while :; do sleep 1000; done", NULL);
    r.stop_at_word = true;
    run(&r, "", 0);
    assert_true(WIFSIGNALED(r.status));
    assert_int_equal(WTERMSIG(r.status), SIGKILL);
    assert_string_equal(process_status_text(r.status, text, sizeof(text)), "ended by signal 9 (Killed)");
    finish(&r);
}

static void exited_only(struct process *p, int status, void *arg)
{
    struct run *r = arg;

    r->exited = true;
    loop_stop(r->loop);
}

/* What a command leaves behind in its group is gone after process_free, and its output ends with it. */
static void leaves_nobody(void **state)
{
    struct process_options options = {.command = "sleep 1000 & echo $!"};
    struct run r = {.read = STR_INIT};
    struct err err;
    pid_t left;

    r.loop = loop_new();
    assert_int_equal(
        process_new(r.loop, &options, exited_only, &r, &r.process, &r.input, &r.output, &err), 0);
    stream_attach(r.input, &events, &r);
    stream_attach(r.output, &events, &r);
    loop_run(r.loop);
    assert_true(r.exited);
    assert_false(r.ended);
    process_free(r.process);
    r.process = NULL;
    loop_run(r.loop); /* until the output ends */
    assert_true(r.ended);
    left = (pid_t)atoi(r.read.data);
    assert_true(left > 1);
    /* It may be a zombie of init's, not yet reaped, but it does not run. */
    for (int i = 0; i < 5000 && kill(left, 0) == 0; i++) {
        char path[64], line[256] = "";
        FILE *stat;

        poll(NULL, 0, 1); /* a busy machine delivers the signal when it comes to it */
        snprintf(path, sizeof(path), "/proc/%d/stat", (int)left);
        stat = fopen(path, "r");
        if (stat && fgets(line, sizeof(line), stat) && strstr(line, ") Z"))
            i = 5000;
        if (stat)
            fclose(stat);
        assert_true(i != 4999);
    }
    finish(&r);
}

static void freed_while_it_runs(void **state)
{
    struct run r;

    start(&r, "trap '' TERM; sleep 1000", NULL);
    finish(&r);
}

static void nobody_reads(void **state)
{
    char data[256 * 1024];
    struct run r;

    memset(data, 'x', sizeof(data));
    start(&r, "exec <&-; echo closed; sleep 0.1", NULL);
    assert_int_equal(stream_write(r.input, data, sizeof(data)), 0);
    loop_run(r.loop);
    assert_int_equal(r.failure, -EPIPE);
    finish(&r);
}

static void no_descriptors(void **state)
{
    struct process_options options = {.command = "true"};
    struct run r = {.read = STR_INIT};
    struct rlimit old, few;
    struct err err;

    r.loop = loop_new();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    few = old;
    few.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    assert_int_equal(
        process_new(r.loop, &options, on_exited, &r, &r.process, &r.input, &r.output, &err), -EMFILE);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_string_equal(err.text, "can't start 'true': too many open files");
    finish(&r);
}

/* And what was open before us is none of ours. */
static int no_wait_for_ever(void **state)
{
    for (int fd = 3; fd < 1024; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    alarm(30);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speaks),
        cmocka_unit_test(speaks_at_length),
        cmocka_unit_test(standard_streams_can_be_opened),
        cmocka_unit_test(environment),
        cmocka_unit_test(starts_clean),
        cmocka_unit_test(stops),
        cmocka_unit_test(is_killed_if_it_will_not_stop),
        cmocka_unit_test(leaves_nobody),
        cmocka_unit_test(freed_while_it_runs),
        cmocka_unit_test(nobody_reads),
        cmocka_unit_test(no_descriptors),
    };

    return cmocka_run_group_tests(tests, no_wait_for_ever, NULL);
}
