/* SPDX-License-Identifier: ISC */
/* The journal in SQLite: what every store does; what outlives the program, however it ends; two programs at
 * once; the outbox of one that has gone; layouts of other versions; disks that are full, damaged, locked,
 * read-only. */
#include "store/sqlite.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "store/sqlite_private.h"
#include "store/store_for_test.h"

static char folder[64];
static char path[128];

static void fresh_folder(void)
{
    snprintf(folder, sizeof(folder), "/tmp/landline-store-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/a/b/history.db", folder);
}

static int remove_folder(void **state)
{
    char command[128];

    if (!*folder)
        return 0;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    *folder = '\0';
    return system(command);
}

static struct store *open_path(struct loop *loop)
{
    struct store *s = NULL;
    struct err err;

    assert_int_equal(store_sqlite_open(loop, path, &s, &err), 0);
    return s;
}

struct store *test_open(struct loop *loop)
{
    if (!*folder)
        fresh_folder();
    return open_path(loop);
}

static struct journal *inside(struct fixture *f)
{
    return (struct journal *)f->store;
}

/* Ends the program, so to speak, and starts it again. */
static void reopen(struct fixture *f)
{
    store_free(f->store);
    f->store = open_path(f->loop);
}

static void adopt(struct fixture *f)
{
    store_adopt(f->store, on_found, f);
    loop_run(f->loop);
    assert_int_equal(f->code, 0);
}

static void it_outlives_the_program_and_is_the_owners_alone(void **state)
{
    struct fixture f;
    struct stat st;
    int64_t id;

    fixture_begin(&f);
    hear(&f, "a", "吃饭");
    id = hear(&f, "b", "2");
    store_mark_read(f.store, "a", id, NULL, NULL);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    reopen(&f);
    assert_string_equal(FOUND(&f, .search = "吃"), "吃饭 ");
    assert_string_equal(listed(&f), "b:1/1 a:1/0 ");
    assert_true(hear(&f, "a", "3") > id);
    fixture_end(&f);
    *strrchr(path, '/') = '\0';
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

static void the_outbox_of_one_that_has_gone_is_adopted(void **state)
{
    struct fixture f;
    int64_t first, sent;

    fixture_begin(&f);
    first = say(&f, "a", "1", false);
    say(&f, "b", "2", true);
    sent = say(&f, "a", "3", false);
    set_state(&f, sent, STORE_ACKED, false, NULL, NULL);
    hear(&f, "a", "4");
    reopen(&f);
    adopt(&f);
    assert_string_equal(f.texts.data, "1 2 ");
    assert_int_equal(f.ids[0], first);
    assert_true(f.last.is_passing && f.last.in_outbox);
    adopt(&f);
    assert_int_equal(f.count, 0);
    assert_int_equal(set_state(&f, first, STORE_ACKED, false, NULL, NULL), 0);
    reopen(&f);
    adopt(&f);
    assert_string_equal(f.texts.data, "2 ");
    fixture_end(&f);
}

static void the_outbox_of_one_that_runs_is_its_own(void **state)
{
    struct fixture a, b;

    fixture_begin(&a);
    fixture_begin(&b);
    say(&a, "x", "a1", false);
    say(&b, "x", "b1", false);
    adopt(&a);
    assert_int_equal(a.count, 0);
    adopt(&b);
    assert_int_equal(b.count, 0);
    fixture_end(&a);
    adopt(&b);
    assert_string_equal(b.texts.data, "a1 ");
    fixture_begin(&a);
    adopt(&a);
    assert_int_equal(a.count, 0);
    fixture_end(&b);
    adopt(&a);
    assert_string_equal(a.texts.data, "a1 b1 ");
    fixture_end(&a);
}

static void owners_numbers_do_not_come_back(void **state)
{
    struct fixture f;
    int64_t before = 0;

    fixture_begin(&f);
    for (int i = 0; i < 3; i++) {
        say(&f, "a", "x", false);
        assert_true(inside(&f)->owner > before);
        before = inside(&f)->owner;
        reopen(&f);
    }
    adopt(&f);
    assert_int_equal(f.count, 3);
    fixture_end(&f);
}

/* What is left of a database's count may be older than a program that runs (a copy was put back). */
static void a_number_that_is_held_is_not_taken(void **state)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 2};
    char owners[160];
    struct fixture f;
    int fd;

    fixture_begin(&f);
    snprintf(owners, sizeof(owners), "%s-owners", path);
    fd = open(owners, O_RDWR | O_CREAT, 0600);
    assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
    say(&f, "a", "x", false);
    assert_int_equal(inside(&f)->owner, 3);
    close(fd);
    fixture_end(&f);
}

static void a_big_outbox_is_adopted_in_parts(void **state)
{
    struct store_message m = test_message("a", "t");
    struct fixture f;
    int64_t first;

    fixture_begin(&f);
    m.direction = STORE_OUT;
    m.state = STORE_WAITING;
    m.in_outbox = true;
    for (int i = 0; i < STORE_FOUND_MAX + 5; i++)
        store_append(f.store, &m, NULL, NULL);
    reopen(&f);
    adopt(&f);
    assert_int_equal(f.count, STORE_FOUND_MAX);
    first = f.ids[0];
    adopt(&f);
    assert_int_equal(f.count, 5);
    assert_int_equal(f.ids[0], first + STORE_FOUND_MAX);
    adopt(&f);
    assert_int_equal(f.count, 0);
    fixture_end(&f);
}

static void two_at_once_lose_nothing(void **state)
{
    struct store_message m = test_message("a", "t");
    struct fixture a, b;

    fixture_begin(&a);
    fixture_begin(&b);
    for (int i = 0; i < 200; i++) {
        for (int k = 0; k < 10; k++) {
            store_append(a.store, &m, on_done, &a);
            store_append(b.store, &m, on_done, &b);
        }
        /* Each has a thread that goes on while the other's loop runs. */
        loop_run(i % 2 ? a.loop : b.loop);
        assert_int_equal(a.code, 0);
        assert_int_equal(b.code, 0);
    }
    loop_run(a.loop);
    loop_run(b.loop);
    assert_int_equal(a.calls, 2000);
    assert_int_equal(b.calls, 2000);
    assert_string_equal(listed(&a), "a:4000/4000 ");
    FOUND(&b, .search = "t");
    assert_int_equal(b.count, 4000);
    fixture_end(&a);
    fixture_end(&b);
}

/* A child appends and tells each message that it was told is kept; it is killed; all are there. */
static void append_for_ever(int fd)
{
    struct store_message m = test_message("a", "t");
    struct fixture f;

    fixture_begin(&f);
    m.direction = STORE_OUT;
    m.state = STORE_WAITING;
    m.in_outbox = true;
    for (;;)
        if (write(fd, &(int64_t){append(&f, &m)}, sizeof(int64_t)) != sizeof(int64_t))
            _exit(1);
}

static void what_was_said_to_be_kept_survives_a_kill(void **state)
{
    int64_t id = 0, last = 0, total = 0;
    struct fixture f;
    int fds[2];

    fresh_folder();
    for (int round = 0; round < 5; round++) {
        pid_t child;

        assert_int_equal(pipe(fds), 0);
        child = fork();
        if (child == 0)
            append_for_ever(fds[1]);
        close(fds[1]);
        for (int i = 0; i < 7 * (round + 1); i++) {
            assert_int_equal(read(fds[0], &last, sizeof(last)), sizeof(last));
            total++;
        }
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        while (read(fds[0], &id, sizeof(id)) == sizeof(id)) {
            last = id;
            total++;
        }
        close(fds[0]);
    }
    fixture_begin(&f);
    adopt(&f);
    assert_in_range(f.count, total, total + 5); /* one may have been kept and not yet told */
    FOUND(&f, .search = "t", .after_id = last - 1);
    assert_int_equal(f.ids[0], last);
    fixture_end(&f);
}

static bool file_holds(const char *file, const char *text)
{
    struct str all = STR_INIT;
    bool holds = false;

    if (file_read(file, 64 * 1024 * 1024, &all, NULL) == 0)
        holds = memmem(all.data, all.len, text, strlen(text)) != NULL;
    str_done(&all);
    return holds;
}

static void what_is_forgotten_is_not_in_the_file(void **state)
{
    char log[160];
    struct fixture f;
    int64_t id;

    fixture_begin(&f);
    snprintf(log, sizeof(log), "%s-wal", path);
    for (int i = 0; i < 100; i++)
        hear(&f, "b", "plain words");
    hear(&f, "Secretary", "Kangaroo 袋鼠");
    id = say(&f, "Passenger", "Ostrich", true);
    reopen(&f);
    assert_true(file_holds(path, "Kangaroo") && file_holds(path, "kangaroo") && file_holds(path, "袋鼠"));
    assert_true(file_holds(path, "Ostrich"));
    assert_false(file_holds(path, "ostrich")); /* not indexed */
    set_state(&f, id, STORE_SENT, false, NULL, NULL);
    reopen(&f);
    assert_false(file_holds(path, "Ostrich"));
    assert_int_equal(forget(&f, (struct store_query){.who = "Secretary"}), 1);
    assert_false(file_holds(log, "angaroo"));
    reopen(&f);
    assert_false(file_holds(path, "angaroo"));
    assert_false(file_holds(path, "袋鼠"));
    assert_false(file_holds(path, "Secretary"));
    FOUND(&f, .search = "plain");
    assert_int_equal(f.count, 100);
    fixture_end(&f);
}

static void stop(void *loop)
{
    loop_stop(loop);
}

/* With a patience of less than the deletion takes. */
static void others_write_while_much_is_forgotten(void **state)
{
    struct store_message m = test_message("a", "some words to be forgotten, and a few more of them");
    struct fixture a, b;
    struct timer *timer;
    int64_t begin_ns;
    size_t n = 0;

    fixture_begin(&a);
    fixture_begin(&b);
    for (int i = 0; i < 8000; i++)
        store_append(a.store, &m, NULL, NULL);
    loop_run(a.loop);
    hear(&b, "b", "ready");
    store_delete(a.store, &(struct store_query){.who = "a"}, on_done, &a);
    store_append(a.store, &m, on_done, &a);
    /* Calls go over at the end of a turn: one turn, and then a's loop stands still. */
    timer = timer_new(a.loop, stop, a.loop);
    timer_start(timer, 0);
    loop_run(a.loop);
    timer_free(timer);
    assert_int_equal(a.calls, 0);
    for (begin_ns = clock_now_ns(); clock_now_ns() - begin_ns < INT64_C(300000000); n++)
        hear(&b, "b", "word");
    loop_run(a.loop);
    assert_int_equal(a.calls, 2);
    assert_int_equal(a.code, 0);
    FOUND(&b, .search = "word");
    assert_int_equal(b.count, n + 1);
    FOUND(&b, .search = "forgotten");
    assert_int_equal(b.count, 1);
    fixture_end(&a);
    fixture_end(&b);
}

/* The older layout is made with the older step; a second one is then added. */
static void an_older_layout_is_brought_up_to_date(void **state)
{
    static const char *const steps[] = {
        "CREATE TABLE t(a); INSERT INTO t VALUES(7);",
        "ALTER TABLE t ADD COLUMN b; UPDATE t SET b = a + 1;",
        "UPDATE t SET b = b * 2; UPDATE missing SET a = 1;",
    };
    struct journal j = {.path = path, .owners_fd = -1};
    sqlite3_stmt *s;

    fresh_folder();
    assert_int_equal(file_make_folders(path), 0);
    assert_int_equal(sqlite3_open(path, &j.db), SQLITE_OK);
    assert_int_equal(schema_migrate(&j, steps, 1), 0);
    sqlite3_close(j.db);
    assert_int_equal(sqlite3_open(path, &j.db), SQLITE_OK);
    assert_int_equal(schema_migrate(&j, steps, 2), 0);
    assert_int_equal(schema_migrate(&j, steps, 2), 0); /* nothing is done twice */
    /* A step that fails leaves all as it was, what it had done too. */
    assert_true(schema_migrate(&j, steps, 3) < 0);
    assert_non_null(strstr(j.err.text, "no such table"));
    assert_int_equal(sqlite3_prepare_v2(j.db, "SELECT b FROM t", -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(s, 0), 8);
    sqlite3_finalize(s);
    assert_int_equal(schema_migrate(&j, steps, 2), 0);
    /* A newer one is refused. */
    assert_int_equal(schema_migrate(&j, steps, 1), -EPROTONOSUPPORT);
    assert_non_null(strstr(j.err.text, "newer landline"));
    assert_int_equal(j.err.kind, ERR_INPUT);
    sqlite3_close(j.db);
}

static void open_fails(int code, enum err_kind kind, const char *says)
{
    struct loop *loop = loop_new();
    struct store *s = NULL;
    struct err err;

    assert_int_equal(store_sqlite_open(loop, path, &s, &err), code);
    assert_null(s);
    assert_int_equal(err.kind, kind);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, says));
    loop_free(loop);
}

static void run_sql(const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void databases_of_others_are_left_alone(void **state)
{
    fresh_folder();
    assert_int_equal(file_make_folders(path), 0);
    run_sql("CREATE TABLE theirs(a)");
    open_fails(-EPROTONOSUPPORT, ERR_INPUT, "another program");
    run_sql("DROP TABLE theirs; PRAGMA application_id = 77");
    open_fails(-EPROTONOSUPPORT, ERR_INPUT, "another program");
    run_sql("PRAGMA application_id = 0; PRAGMA user_version = 1");
    open_fails(-EPROTONOSUPPORT, ERR_INPUT, "another program");
}

static void a_newer_file_is_refused(void **state)
{
    struct fixture f;

    fixture_begin(&f);
    fixture_end(&f);
    run_sql("PRAGMA user_version = 99");
    open_fails(-EPROTONOSUPPORT, ERR_INPUT, "newer landline");
}

static void an_empty_file_is_a_new_one(void **state)
{
    struct fixture f;

    fresh_folder();
    assert_int_equal(file_replace(path, "", 0, NULL), 0);
    fixture_begin(&f);
    hear(&f, "a", "1");
    fixture_end(&f);
}

static void a_file_that_is_no_database_is_said(void **state)
{
    fresh_folder();
    assert_int_equal(file_replace(path, "garbage, and more than a header of it", 37, NULL), 0);
    open_fails(-EBADMSG, ERR_INPUT, "is damaged");
}

static void what_is_in_the_way_is_said(void **state)
{
    fresh_folder();
    assert_int_equal(file_make_folders(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    open_fails(-EISDIR, ERR_INPUT, err_word(-EISDIR));
}

static void damage_is_said_and_the_rest_goes_on(void **state)
{
    struct fixture f;
    char junk[4096];
    struct stat st;
    int fd;

    fixture_begin(&f);
    for (int i = 0; i < 50; i++)
        hear(&f, "a", "some words in a message");
    reopen(&f); /* closing moves the log into the file */
    memset(junk, 0xa5, sizeof(junk));
    fd = open(path, O_RDWR);
    assert_int_equal(fstat(fd, &st), 0);
    for (off_t at = 4096; at < st.st_size; at += 4096)
        assert_int_equal(pwrite(fd, junk, sizeof(junk), at), sizeof(junk));
    close(fd);
    FOUND(&f, .who = "a");
    assert_int_equal(f.code, -EBADMSG);
    assert_int_equal(f.err.kind, ERR_INPUT);
    assert_non_null(strstr(f.err.text, path));
    store_append(f.store, &(struct store_message){.who = "a", .text = "", .address = ""}, on_done, &f);
    loop_run(f.loop);
    assert_int_equal(f.code, -EBADMSG);
    fixture_end(&f);
}

static void exec(struct fixture *f, const char *sql)
{
    /* The worker sleeps: it has the database only while calls are under way. */
    assert_int_equal(sqlite3_exec(inside(f)->db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void a_full_disk_fails_the_batch_and_passes(void **state)
{
    char big[64 * 1024] = {0};
    struct store_message small = test_message("a", "small"), m = test_message("a", big);
    struct fixture f;

    fixture_begin(&f);
    memset(big, 'x', sizeof(big) - 1);
    m.len = sizeof(big) - 1;
    hear(&f, "a", "before");
    exec(&f, "PRAGMA max_page_count = 30");
    store_append(f.store, &small, on_done, &f);
    store_append(f.store, &m, on_done, &f);
    store_append(f.store, &m, on_done, &f);
    store_append(f.store, &small, on_done, &f);
    loop_run(f.loop);
    assert_int_equal(f.calls, 5);
    assert_int_equal(f.code, -ENOSPC);
    assert_non_null(strstr(f.err.text, "no room"));
    assert_string_equal(FOUND(&f, 0), "before ");
    assert_string_equal(listed(&f), "a:1/1 ");
    exec(&f, "PRAGMA max_page_count = 100000");
    append(&f, &m);
    append(&f, &small);
    assert_string_equal(FOUND(&f, .search = "small"), "small ");
    fixture_end(&f);
}

static void a_lock_that_stays_is_said_and_passes(void **state)
{
    struct fixture f;
    sqlite3 *other;

    fixture_begin(&f);
    hear(&f, "a", "before");
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_busy_timeout(inside(&f)->db, 1);
    for (int i = 0; i < 3; i++)
        store_append(f.store, &(struct store_message){.who = "a", .text = "", .address = ""}, on_done, &f);
    loop_run(f.loop);
    assert_int_equal(f.calls, 4);
    assert_int_equal(f.code, -EBUSY);
    assert_non_null(strstr(f.err.text, "locked"));
    assert_string_equal(FOUND(&f, 0), "before "); /* a WAL is read all the same */
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    hear(&f, "a", "after");
    assert_string_equal(FOUND(&f, 0), "before after ");
    fixture_end(&f);
}

static void what_may_not_be_written_is_said(void **state)
{
    struct fixture f;
    int status;
    pid_t child;

    fixture_begin(&f);
    hear(&f, "a", "1");
    fixture_end(&f);
    assert_int_equal(chmod(path, 0400), 0);
    assert_int_equal(chmod(folder, 0755), 0);
    child = fork(); /* root may write everything: as somebody else then */
    if (child == 0) {
        struct loop *loop = loop_new();
        struct store *s = NULL;
        struct err err = {0};

        if (geteuid() == 0 && seteuid(65534) < 0)
            _exit(77);
        if (store_sqlite_open(loop, path, &s, &err) != -EACCES || err.kind != ERR_PERMISSION ||
            !strstr(err.text, path))
            _exit(1);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
#define EACH(name) cmocka_unit_test_teardown(name, remove_folder)
#undef cmocka_unit_test
#define cmocka_unit_test(name) EACH(name)
    const struct CMUnitTest tests[] = {
        STORE_CASES,
        EACH(it_outlives_the_program_and_is_the_owners_alone),
        EACH(the_outbox_of_one_that_has_gone_is_adopted),
        EACH(the_outbox_of_one_that_runs_is_its_own),
        EACH(owners_numbers_do_not_come_back),
        EACH(a_number_that_is_held_is_not_taken),
        EACH(a_big_outbox_is_adopted_in_parts),
        EACH(two_at_once_lose_nothing),
        EACH(what_was_said_to_be_kept_survives_a_kill),
        EACH(what_is_forgotten_is_not_in_the_file),
        EACH(others_write_while_much_is_forgotten),
        EACH(an_older_layout_is_brought_up_to_date),
        EACH(databases_of_others_are_left_alone),
        EACH(a_newer_file_is_refused),
        EACH(an_empty_file_is_a_new_one),
        EACH(a_file_that_is_no_database_is_said),
        EACH(what_is_in_the_way_is_said),
        EACH(damage_is_said_and_the_rest_goes_on),
        EACH(a_full_disk_fails_the_batch_and_passes),
        EACH(a_lock_that_stays_is_said_and_passes),
        EACH(what_may_not_be_written_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
