/* SPDX-License-Identifier: ISC */
/* Timers, deadlines, the turn's end, signals and watches. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/loop.h"

struct seen {
    struct loop *loop;
    struct timer *timer;
    struct deadlines *set;
    struct deadline peers[4];
    struct turn_end ends[2];
    struct watch *watch;
    char order[32];
    int count, fd;
};

static void note(struct seen *seen, char c)
{
    seen->order[seen->count++] = c;
}

static void fire_and_free(void *arg)
{
    struct seen *seen = arg;

    note(seen, 't');
    timer_free(seen->timer);
}

static void a_timer_may_be_freed_in_its_callback(void **state)
{
    struct seen seen = {.loop = loop_new()};

    seen.timer = timer_new(seen.loop, fire_and_free, &seen);
    timer_start(seen.timer, 50);
    assert_true(timer_is_running(seen.timer));
    timer_start(seen.timer, 1);
    loop_run(seen.loop); /* ends by itself: nothing is left */
    assert_string_equal(seen.order, "t");
    loop_free(seen.loop);
}

static void on_deadline(struct deadline *d, void *arg)
{
    struct seen *seen = arg;

    note(seen, (char)('0' + (d - seen->peers)));
    if (d == &seen->peers[0]) {
        deadline_disarm(&seen->peers[3]); /* due in the same moment */
        if (seen->count < 4)
            deadlines_arm(seen->set, d);
    }
}

static void deadlines_fire_in_the_order_of_arming(void **state)
{
    struct seen seen = {.loop = loop_new()};

    seen.set = deadlines_new(seen.loop, 5, on_deadline, &seen);
    for (int i = 0; i < 4; i++) {
        deadline_init(&seen.peers[i]);
        deadlines_arm(seen.set, &seen.peers[i]);
    }
    deadlines_arm(seen.set, &seen.peers[1]); /* to the back */
    deadline_disarm(&seen.peers[2]);
    assert_false(deadline_is_armed(&seen.peers[2]));
    assert_true(deadline_is_armed(&seen.peers[3]));
    loop_run(seen.loop);
    assert_string_equal(seen.order, "0100");
    deadlines_free(seen.set);
    loop_free(seen.loop);
}

static void at_end_a(struct turn_end *t)
{
    struct seen *seen = list_entry(t, struct seen, ends[0]);

    note(seen, 'a');
    if (seen->count < 20)
        loop_at_turn_end(seen->loop, t); /* more rounds than one turn has: none may be lost */
}

static void at_end_b(struct turn_end *t)
{
    note(list_entry(t, struct seen, ends[1]), 'b');
}

static void work_for_the_turns_end_is_done_once_and_all_of_it(void **state)
{
    struct seen seen = {.loop = loop_new()};

    turn_end_init(&seen.ends[0], at_end_a);
    turn_end_init(&seen.ends[1], at_end_b);
    loop_at_turn_end(seen.loop, &seen.ends[1]);
    loop_at_turn_end(seen.loop, &seen.ends[1]);
    loop_run(seen.loop);
    assert_string_equal(seen.order, "b");
    loop_at_turn_end(seen.loop, &seen.ends[1]);
    turn_end_cancel(&seen.ends[1]);
    loop_at_turn_end(seen.loop, &seen.ends[0]);
    loop_run(seen.loop);
    assert_string_equal(seen.order, "baaaaaaaaaaaaaaaaaaa");
    loop_free(seen.loop);
}

static void on_signal(int signum, void *arg)
{
    struct seen *seen = arg;

    assert_int_equal(signum, SIGUSR1);
    note(seen, 's');
    timer_stop(seen->timer);
}

static void never(void *arg)
{
    fail_msg("a timer that must not fire did");
}

static void signals_come_through_the_loop(void **state)
{
    struct seen seen = {.loop = loop_new()};

    assert_int_equal(loop_on_signal(seen.loop, SIGUSR1, on_signal, &seen), 0);
    seen.timer = timer_new(seen.loop, never, NULL);
    timer_start(seen.timer, 60000);
    kill(getpid(), SIGUSR1);
    loop_run(seen.loop); /* ends: a signal watch alone does not keep it running */
    assert_string_equal(seen.order, "s");
    timer_free(seen.timer);
    loop_free(seen.loop);
}

static void on_ready(int events, void *arg)
{
    struct seen *seen = arg;
    char c;

    assert_int_equal(events, WATCH_READ);
    if (read(seen->fd, &c, 1) == 1) {
        note(seen, c);
        return;
    }
    watch_free(seen->watch);
}

static void a_watch_tells_bytes_and_the_end(void **state)
{
    struct seen seen = {.loop = loop_new()};
    int fds[2], file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct watch *none;

    assert_int_equal(pipe(fds), 0);
    seen.fd = fds[0];
    assert_int_equal(watch_new(seen.loop, fds[0], on_ready, &seen, &seen.watch), 0);
    watch_start(seen.watch, WATCH_READ);
    assert_int_equal(write(fds[1], "xyz", 3), 3);
    close(fds[1]);
    loop_run(seen.loop);
    assert_string_equal(seen.order, "xyz");
    assert_int_equal(watch_new(seen.loop, file, on_ready, &seen, &none), -EPERM);
    close(file);
    close(fds[0]);
    loop_free(seen.loop);
}

static void a_watch_in_the_background_keeps_nothing_running(void **state)
{
    struct seen seen = {.loop = loop_new()};
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    seen.fd = fds[0];
    assert_int_equal(watch_new(seen.loop, fds[0], on_ready, &seen, &seen.watch), 0);
    watch_in_background(seen.watch);
    watch_start(seen.watch, WATCH_READ);
    loop_run(seen.loop);
    assert_string_equal(seen.order, "");
    watch_free(seen.watch);
    close(fds[0]);
    close(fds[1]);
    loop_free(seen.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_may_be_freed_in_its_callback),
        cmocka_unit_test(deadlines_fire_in_the_order_of_arming),
        cmocka_unit_test(work_for_the_turns_end_is_done_once_and_all_of_it),
        cmocka_unit_test(signals_come_through_the_loop),
        cmocka_unit_test(a_watch_tells_bytes_and_the_end),
        cmocka_unit_test(a_watch_in_the_background_keeps_nothing_running),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
