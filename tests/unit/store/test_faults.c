/* Disks that fill up, writes and fsyncs that fail, processes that are killed. */
#include "support/fault_vfs.h"
#include "support/store_help.h"

#include "base/crash.h"
#include "base/token.h"
#include "base/mem.h"
#include "store/call.h"
#include "store/db.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

static struct fault_plan plan;

static int set_up(void **state)
{
    (void)state;
    plan = (struct fault_plan){ .good_writes = -1 };
    fault_vfs_install(&plan);
    return 0;
}

static void assert_whole(struct store *store)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(store->writer, "PRAGMA integrity_check", -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_string_equal(sqlite3_column_text(stmt, 0), "ok");
    sqlite3_finalize(stmt);
    int64_t jobs = 0, derived = 0, counted = 0;
    assert_int_equal(db_int(store->writer, "SELECT count(*) FROM job", &jobs, NULL), 0);
    assert_int_equal(
        db_int(store->writer, "SELECT count(*) FROM job_index JOIN job_doc USING(id)", &derived, NULL), 0);
    assert_int_equal(db_int(store->writer, "SELECT ifnull(sum(n), 0) FROM job_count", &counted, NULL), 0);
    assert_int_equal(jobs, derived);
    assert_int_equal(jobs, counted);
}

struct told {
    int yes, no;
};

static void note(void *ctx, bool committed)
{
    struct told *told = ctx;
    told->yes += committed;
    told->no += !committed;
}

/* A read without memory makes SQLite roll the turn back by itself. What follows in the turn must not be
 * committed by itself, or the next event gets an id that is there already, for ever. */
static void a_read_without_memory_takes_the_turn_along(void **state)
{
    struct store_help h;
    struct told told = { 0 };
    struct job *job = NULL;
    (void)state;
    store_help_init(&h);
    int64_t first = store_help_insert(h.store, 1, JOB_STATE_RUNNING);
    assert_int_equal(store_flush(h.store, NULL), 0);
    (void)store_help_insert(h.store, 2, JOB_STATE_RUNNING);
    store_after_commit(h.store, note, &told);
    (void)sqlite3_exec(h.store->writer, "ROLLBACK", NULL, NULL, NULL); /* as SQLite does */
    struct err err = { 0 };
    struct job *late = store_help_job(3);
    assert_int_equal(
        job_store_insert(h.store, late, &(struct job_script){ .script = (char *)"true\n" }, &err), -1);
    assert_int_equal(err.code, ERR_IO);
    job_free(late);
    assert_non_null(store_problem(h.store));
    assert_int_equal(store_flush(h.store, NULL), -1);
    assert_int_equal(told.no, 1);
    for (int n = 4; n < 7; n++) {
        (void)store_help_insert(h.store, n, JOB_STATE_RUNNING);
        assert_int_equal(store_flush(h.store, NULL), 0);
    }
    assert_null(store_problem(h.store));
    assert_int_equal(job_store_get(h.store, first, &job, NULL), 0);
    job_free(job);
    int64_t jobs = 0, events = 0;
    assert_int_equal(db_int(h.store->writer, "SELECT count(*) FROM job", &jobs, NULL), 0);
    assert_int_equal(db_int(h.store->writer, "SELECT max(id) - count(*) FROM event", &events, NULL), 0);
    assert_int_equal(jobs, 4);
    assert_int_equal(events, 0); /* no gap and none twice */
    assert_whole(h.store);
    store_help_end(&h);
}

static void a_full_disk_rolls_the_turn_back_and_the_store_lives_on(void **state)
{
    struct store_help h;
    struct err err = { 0 };
    struct told told = { 0 };
    (void)state;
    store_help_init(&h);
    store_help_insert(h.store, 1, JOB_STATE_RUNNING);
    assert_int_equal(store_flush(h.store, &err), 0);
    plan = (struct fault_plan){ .write_code = SQLITE_FULL, .writes_fail = -1 };
    assert_int_equal(store_help_insert(h.store, 2, JOB_STATE_SUBMITTING), 2);
    store_after_commit(h.store, note, &told);
    assert_int_equal(store_flush(h.store, &err), -1);
    assert_int_equal(err.code, ERR_FULL);
    assert_int_equal(told.no, 1);
    assert_non_null(strstr(store_problem(h.store), "full"));
    auto_job struct job *job = NULL;
    assert_int_equal(job_store_get(h.store, 2, &job, &err), -1);
    assert_int_equal(event_store_last(h.store), 1);
    plan.good_writes = -1;
    assert_int_equal(store_help_insert(h.store, 3, JOB_STATE_SUBMITTING), 2);
    store_after_commit(h.store, note, &told);
    assert_int_equal(store_flush(h.store, &err), 0);
    assert_int_equal(told.yes, 1);
    assert_null(store_problem(h.store));
    assert_whole(h.store);
    store_help_reopen(&h);
    assert_int_equal(event_store_last(h.store), 2);
    store_help_end(&h);
}

static void a_turn_that_cannot_begin_is_told_to_its_waiters(void **state)
{
    struct store_help h;
    struct told told = { 0 };
    char path[128];
    sqlite3 *other = NULL;
    (void)state;
    store_help_init(&h);
    store_help_path(&h, "sluice.db", path, sizeof(path));
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(db_exec(other, "BEGIN IMMEDIATE", NULL), 0);
    sqlite3_busy_timeout(h.store->writer, 0);
    struct err err = { 0 };
    auto_job struct job *job = store_help_job(1);
    assert_int_equal(job_store_insert(h.store, job, &(struct job_script){ 0 }, &err), -1);
    store_after_commit(h.store, note, &told);
    assert_true(store_has_pending(h.store));
    assert_int_equal(store_flush(h.store, &err), -1);
    assert_int_equal(told.no, 1);
    assert_non_null(store_problem(h.store));
    assert_int_equal(db_exec(other, "ROLLBACK", NULL), 0);
    sqlite3_close(other);
    store_help_insert(h.store, 2, JOB_STATE_RUNNING);
    assert_int_equal(store_flush(h.store, &err), 0);
    store_help_end(&h);
}

/* A refused change leaves the others of its turn; one that memory or disk failed takes them along. */
static void a_change_that_failed_takes_its_turn_along(void **state)
{
    static const struct {
        enum err_code code;
        int64_t jobs;
    } rows[] = { { ERR_CONFLICT, 1 }, { ERR_TOO_LARGE, 1 }, { ERR_IO, 0 }, { ERR_FULL, 0 } };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct store_help h;
        struct told told = { 0 };
        struct err err = { .code = rows[i].code };
        int64_t jobs = -1;
        store_help_init(&h);
        store_help_insert(h.store, 1, JOB_STATE_RUNNING);
        assert_int_equal(change_begin(h.store, &err), 0);
        assert_int_equal(change_end(h.store, -1, &err), -1);
        store_after_commit(h.store, note, &told);
        assert_int_equal(store_flush(h.store, NULL), rows[i].jobs ? 0 : -1);
        assert_int_equal(told.yes, rows[i].jobs);
        assert_int_equal(db_int(h.store->writer, "SELECT count(*) FROM job", &jobs, NULL), 0);
        assert_int_equal(jobs, rows[i].jobs);
        assert_int_equal(event_store_last(h.store), rows[i].jobs);
        store_help_end(&h);
    }
}

/* Spills into the log in mid-turn, so that a statement fails and SQLite may roll all back by itself. */
static int one_big_turn(struct store *store, struct told *told)
{
    struct err err = { 0 };
    char *big = mem_alloc(200001);
    memset(big, 'x', 200000);
    big[200000] = '\0';
    int failed = 0;
    for (int i = 0; i < 4; i++) {
        auto_job struct job *job = store_help_job(i);
        mem_replace_str(&job->token, token_new(store->next_event).text);
        const struct job_script script = { .script = big, .request = big };
        failed += job_store_insert(store, job, &script, &err) < 0;
        store_after_commit(store, note, told);
    }
    free(big);
    return store_flush(store, &err) < 0 || failed ? -1 : 0;
}

static void the_nth_write_may_fail_for_every_n(void **state)
{
    static const int codes[] = { SQLITE_FULL, SQLITE_IOERR_WRITE };
    (void)state;
    for (size_t c = 0; c < ARRAY_LEN(codes); c++) {
        struct store_help h;
        bool went_through = false;
        store_help_init(&h);
        assert_int_equal(db_exec(h.store->writer, "PRAGMA cache_size = 10", NULL), 0);
        for (int n = 0; !went_through; n += 1 + n / 4) {
            struct told told = { 0 };
            int64_t last = event_store_last(h.store);
            plan = (struct fault_plan){ .good_writes = n, .write_code = codes[c], .writes_fail = 1 };
            went_through = one_big_turn(h.store, &told) == 0 && plan.writes_fail == 1;
            plan.good_writes = -1;
            assert_int_equal(told.yes + told.no, 4);
            assert_true(told.yes == 4 || told.no == 4);
            if (told.no)
                assert_int_equal(event_store_last(h.store), last);
            assert_int_equal(one_big_turn(h.store, &told), 0);
        }
        assert_whole(h.store);
        store_help_end(&h);
    }
}

/* Runs fn in a child and gives its wait status. */
static int in_child(void (*fn)(struct store_help *h), struct store_help *h)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        fn(h);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void commit_without_fsync(struct store_help *h)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    (void)dup2(null, STDERR_FILENO);
    store_help_reopen(h);
    store_help_insert(h->store, 1, JOB_STATE_RUNNING);
    plan.sync_code = SQLITE_IOERR_FSYNC;
    (void)store_flush(h->store, NULL);
}

static void a_failed_fsync_ends_the_process(void **state)
{
    struct store_help h;
    (void)state;
    store_help_dir(&h);
    int status = in_child(commit_without_fsync, &h);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    store_help_reopen(&h);
    assert_whole(h.store);
    store_help_end(&h);
}

static void fill_small_disk(struct store_help *h)
{
    struct err err = { 0 };
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", h->dir, "tmpfs", 0, "size=1m,mode=0700") < 0)
        _exit(77);
    store_help_reopen(h);
    int64_t kept = 0;
    for (int i = 0; err.code == ERR_NONE && i < 5000; i++) {
        store_help_insert(h->store, i, JOB_STATE_COMPLETED);
        if (store_flush(h->store, &err) == 0)
            kept++;
    }
    if (err.code != ERR_FULL || !store_problem(h->store))
        _exit(1);
    (void)mount("tmpfs", h->dir, "tmpfs", MS_REMOUNT, "size=16m");
    store_help_insert(h->store, 9999, JOB_STATE_COMPLETED);
    if (store_flush(h->store, &err) < 0 || store_problem(h->store))
        _exit(2);
    int64_t stored = 0;
    store_help_reopen(h);
    if (db_int(h->store->writer, "SELECT count(*) FROM job", &stored, NULL) < 0 || stored != kept + 1)
        _exit(3);
    store_close(h->store);
}

static void a_disk_that_is_really_full_is_told_and_survived(void **state)
{
    struct store_help h;
    (void)state;
    store_help_dir(&h);
    int status = in_child(fill_small_disk, &h);
    store_help_end(&h);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) /* no right to mount */
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Its log stays. */
static void commit_and_vanish(struct store_help *h)
{
    store_help_reopen(h);
    store_help_insert(h->store, 1, JOB_STATE_RUNNING);
    if (store_flush(h->store, NULL) < 0)
        _exit(1);
}

static void make_read_only(const char *path)
{
    if (mount(path, path, NULL, MS_BIND, NULL) < 0 ||
        mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0)
        _exit(77);
}

static void open_what_cannot_be_written(struct store_help *h)
{
    static const char *const files[] = { "sluice.db", "sluice.db-wal" };
    char path[128];
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        _exit(77);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct err err = { 0 };
        struct store *store = NULL;
        store_help_path(h, files[i], path, sizeof(path));
        make_read_only(path);
        if (store_open(h->dir, &clock_real, &store, &err) == 0 || err.code != ERR_IO)
            _exit((int)i + 1);
        if (umount(path) < 0)
            _exit(77);
    }
}

static void a_store_that_can_only_be_read_is_not_opened(void **state)
{
    struct store_help h;
    (void)state;
    store_help_dir(&h);
    assert_int_equal(in_child(commit_and_vanish, &h), 0);
    int status = in_child(open_what_cannot_be_written, &h);
    store_help_end(&h);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) /* no right to mount */
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- kill -9 --- */

enum { ROUNDS = 50 };

static void commit_for_ever(struct store_help *h, int acks)
{
    store_help_reopen(h);
    for (int i = 0;; i++) {
        int64_t id = store_help_insert(h->store, i, JOB_STATE_RUNNING);
        if (i % 3)
            continue;
        if (store_flush(h->store, NULL) < 0 || write(acks, &id, sizeof(id)) != sizeof(id))
            _exit(1);
    }
}

/* Kills the child after some acknowledgements and a moment more, then reads what was still acknowledged. */
static int64_t kill_one(struct store_help *h, unsigned *seed)
{
    int acks[2];
    int64_t id = 0, last = 0;
    assert_int_equal(pipe2(acks, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(acks[0]);
        commit_for_ever(h, acks[1]);
    }
    close(acks[1]);
    for (int wanted = rand_r(seed) % 40; wanted >= 0 && read(acks[0], &id, sizeof(id)) == sizeof(id);
         wanted--)
        last = id;
    for (volatile int spin = rand_r(seed) % 400000; spin > 0; spin--)
        ;
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    while (read(acks[0], &id, sizeof(id)) == sizeof(id))
        last = id;
    close(acks[0]);
    return last;
}

static void every_acknowledged_commit_survives_kill_9(void **state)
{
    struct store_help h;
    unsigned seed = (unsigned)getpid();
    (void)state;
    store_help_dir(&h);
    for (int round = 0; round < ROUNDS; round++) {
        int64_t last = kill_one(&h, &seed), jobs = 0, events = 0;
        assert_true(last > 0);
        store_help_reopen(&h);
        assert_int_equal(db_int(h.store->writer, "SELECT count(*) FROM job", &jobs, NULL), 0);
        assert_int_equal(db_int(h.store->writer, "SELECT count(*) FROM event", &events, NULL), 0);
        assert_true(jobs >= last);
        assert_int_equal(events, jobs);
        auto_job struct job *job = NULL;
        assert_int_equal(job_store_get(h.store, last, &job, NULL), 0);
        if (round % 10 == 9)
            assert_whole(h.store);
        store_close(h.store);
        h.store = NULL;
    }
    store_help_end(&h);
}

#ifdef SLUICE_FAULTS
static const char *crash_at;

static void run_into_crash(struct store_help *h)
{
    char path[128];
    crash_setup(crash_at);
    store_help_reopen(h);
    for (int i = 0; i < 3000; i++) {
        store_help_insert(h->store, i, JOB_STATE_RUNNING);
        if (i % 10 == 0)
            (void)store_flush(h->store, NULL);
    }
    store_help_path(h, "copy.db", path, sizeof(path));
    (void)store_backup(h->dir, path, NULL);
}
#endif

static void killed_in_checkpoint_migration_and_backup(void **state)
{
    (void)state;
#ifdef SLUICE_FAULTS
    static const char *const points[] = { "K16", "K16:2", "K17", "K18" };
    for (size_t i = 0; i < ARRAY_LEN(points); i++) {
        struct store_help h;
        store_help_dir(&h);
        crash_at = points[i];
        int status = in_child(run_into_crash, &h);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGKILL);
        store_help_reopen(&h);
        assert_whole(h.store);
        store_help_insert(h.store, 99999, JOB_STATE_RUNNING);
        assert_int_equal(store_flush(h.store, NULL), 0);
        store_help_end(&h);
    }
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_full_disk_rolls_the_turn_back_and_the_store_lives_on, set_up),
        cmocka_unit_test_setup(a_read_without_memory_takes_the_turn_along, set_up),
        cmocka_unit_test_setup(a_turn_that_cannot_begin_is_told_to_its_waiters, set_up),
        cmocka_unit_test_setup(a_change_that_failed_takes_its_turn_along, set_up),
        cmocka_unit_test_setup(the_nth_write_may_fail_for_every_n, set_up),
        cmocka_unit_test_setup(a_failed_fsync_ends_the_process, set_up),
        cmocka_unit_test_setup(a_disk_that_is_really_full_is_told_and_survived, set_up),
        cmocka_unit_test_setup(a_store_that_can_only_be_read_is_not_opened, set_up),
        cmocka_unit_test_setup(every_acknowledged_commit_survives_kill_9, set_up),
        cmocka_unit_test_setup(killed_in_checkpoint_migration_and_backup, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
