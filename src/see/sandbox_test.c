/* SPDX-License-Identifier: ISC */
/* The sandbox from within: a child enters it and tries what an intruder would, and what reading needs. */
#include "see/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/i18n.h"
#include "see/landlock.h"

#define NOT_HERE 77

static const struct sandbox_options plain = {.opener_fd = -1};

/* Runs it in a child that has entered; its wait status. Skips where there is no seccomp. */
static int run(const struct sandbox_options *options, int (*what)(void *arg), void *arg)
{
    struct sandbox held;
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        /* A job of its own, for what is done to a whole one. */
        setpgid(0, 0);
        sandbox_enter(options, &held);
        _exit(held.has_seccomp ? what(arg) : NOT_HERE);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_HERE) {
        print_message("# there is no seccomp here, or a sanitizer\n");
        skip();
    }
    return status;
}

/* ---- refused ---- */

struct attempt {
    const char *name;
    int (*try)(void);
};

static int try_reading(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static int try_writing(void)
{
    return open("/tmp/landline-sandbox-test", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static int try_looking(void)
{
    struct stat st;

    return stat("/etc/passwd", &st);
}

static int try_unlinking(void)
{
    return unlink("/tmp/landline-sandbox-test");
}

static int try_forking(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    return child;
}

static int try_killing(void)
{
    return kill(getppid(), 0);
}

static int try_killing_the_job(void)
{
    return kill(0, SIGCONT);
}

static int try_signalling_by_descriptor(void)
{
    return fcntl(STDIN_FILENO, F_SETOWN, getppid());
}

/* Puts a key into the terminal, as if it had been typed. */
static int try_typing(void)
{
    return ioctl(STDIN_FILENO, TIOCSTI, "x");
}

static int try_running_data(void)
{
    void *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return code == MAP_FAILED ? -1 : 0;
}

static int try_making_data_run(void)
{
    void *data = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return data == MAP_FAILED ? 0 : mprotect(data, 4096, PROT_READ | PROT_EXEC);
}

static int try_renaming_itself(void)
{
    return prctl(PR_SET_NAME, "sshd", 0, 0, 0);
}

static int try_sending(void)
{
    return (int)send(STDIN_FILENO, "x", 1, 0);
}

static int is_refused(void *arg)
{
    const struct attempt *attempt = arg;

    errno = 0;
    return attempt->try() < 0 && (errno == EPERM || errno == EACCES) ? 0 : 1;
}

static void test_refuses(void **state)
{
    static const struct attempt attempts[] = {
        {"reading", try_reading},
        {"writing", try_writing},
        {"looking", try_looking},
        {"unlinking", try_unlinking},
        {"forking", try_forking},
        {"killing", try_killing},
        {"killing the job", try_killing_the_job},
        {"signalling by descriptor", try_signalling_by_descriptor},
        {"typing", try_typing},
        {"running data", try_running_data},
        {"making data run", try_making_data_run},
        {"renaming itself", try_renaming_itself},
        {"sending", try_sending},
    };

    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        int status = run(&plain, is_refused, (void *)&attempts[i]);

        if (!WIFEXITED(status) || WEXITSTATUS(status))
            fail_msg("%s: status %x", attempts[i].name, (unsigned)status);
    }
}

/* ---- deadly ---- */

static int do_exec(void *arg)
{
    char *const argv[] = {(char[]){"true"}, NULL};

    return execv("/bin/true", argv);
}

static int do_socket(void *arg)
{
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int do_pair(void *arg)
{
    int ends[2];

    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
}

static int do_trace(void *arg)
{
    return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static void test_ends_who_runs_connects_or_traces(void **state)
{
    static int (*const deeds[])(void *) = {do_exec, do_socket, do_pair, do_trace};

    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
        int status = run(&plain, deeds[i], NULL);

        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
            fail_msg("deed %zu: status %x", i, (unsigned)status);
    }
}

/* ---- what goes on ---- */

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static volatile sig_atomic_t heard;

static void hear(int signum)
{
    heard = signum;
}

/* Memory by brk and by mmap, growing and given back; sorting; printing; a descriptor and a signal of its own.
 */
static int work(void *arg)
{
    int fd = *(int *)arg;
    struct stat st;
    char text[8] = "";
    size_t many = 3 << 20;
    int *numbers = malloc(many), *more;
    FILE *out = fdopen(fd, "w+");

    if (!numbers || !out || !(more = realloc(numbers, 2 * many)))
        return 1;
    for (size_t i = 0; i < 100000; i++)
        more[i] = (int)(i * 7919 % 100003);
    qsort(more, 100000, sizeof(*more), compare);
    if (more[1] < more[0])
        return 2;
    free(more);
    if (fputs("hello", out) < 0 || fflush(out) || fseek(out, 0, SEEK_SET) ||
        !fgets(text, sizeof(text), out) || strcmp(text, "hello") != 0 || fstat(fd, &st) < 0 ||
        st.st_size != 5)
        return 3;
    if (signal(SIGUSR1, hear) == SIG_ERR || raise(SIGUSR1) || heard != SIGUSR1)
        return 4;
    return strcmp(gettext("\1never"), "\1never") == 0 ? 0 : 5;
}

static void test_what_reading_needs_goes_on(void **state)
{
    int fd = memfd_create("test", MFD_CLOEXEC), status = run(&plain, work, &fd);

    close(fd);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int do_abort(void *arg)
{
    abort();
}

static void test_dies_as_others_do(void **state)
{
    int status = run(&plain, do_abort, NULL);

    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* ---- what some need ---- */

/* SIGTSTP is ignored by all of the group. */
static int stop_and_set(void *arg)
{
    int missing = kill(0, SIGTSTP) < 0 ? 1 : 0;

    errno = 0;
    return missing | (ioctl(*(int *)arg, TCFLSH, 0) < 0 && errno == EPERM ? 2 : 0);
}

static void test_a_screen_may_stop_the_job(void **state)
{
    const struct sandbox_options screen = {.opener_fd = -1, .terminal = true};
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), status;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;

    sigaction(SIGTSTP, &ignore, &before);
    status = run(&screen, stop_and_set, &fd);
    sigaction(SIGTSTP, &before, NULL);
    close(fd);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int send_to(void *arg)
{
    const int *fds = arg;
    int code = send(fds[0], "x", 1, 0) == 1 ? 0 : 1;

    return code | (send(fds[1], "x", 1, 0) < 0 && errno == EPERM ? 0 : 2);
}

static void test_sends_to_the_opener_alone(void **state)
{
    struct sandbox_options options = plain;
    int ends[2], status;

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    options.opener_fd = ends[0];
    status = run(&options, send_to, ends);
    close(ends[0]);
    close(ends[1]);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- Landlock without the filter ---- */

static int landlock_alone(void)
{
    int fd;

    if (!SANDBOX_IS_BUILT || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || landlock_enter() == 0)
        return NOT_HERE;
    fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    if (fd >= 0 || errno != EACCES)
        return 1;
    fd = open("/tmp/landline-sandbox-test", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 || errno != EACCES)
        return 2;
    if (execl("/bin/true", "true", (char *)NULL) == 0 || errno != EACCES)
        return 3;
    return mkdir("/tmp/landline-sandbox-test", 0700) < 0 && errno == EACCES ? 0 : 4;
}

static void test_landlock_holds_by_itself(void **state)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0)
        _exit(landlock_alone());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NOT_HERE) {
        print_message("# there is no Landlock here, or a sanitizer\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_ends_who_runs_connects_or_traces),
        cmocka_unit_test(test_what_reading_needs_goes_on),
        cmocka_unit_test(test_dies_as_others_do),
        cmocka_unit_test(test_a_screen_may_stop_the_job),
        cmocka_unit_test(test_sends_to_the_opener_alone),
        cmocka_unit_test(test_landlock_holds_by_itself),
    };

    i18n_load();
    if (!SANDBOX_IS_BUILT) {
        print_message("1..0 # SKIP a sanitizer and the sandbox exclude each other\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
