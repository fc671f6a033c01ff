/* Opening, turns, waiters; refusals that keep a store whole. */
#include "support/store_help.h"

#include "base/mem.h"
#include "store/call.h"
#include "store/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct seen {
    int committed, rolled_back;
    int64_t last_event;
    struct store *store;
    bool writes_again;
};

static void note(void *ctx, bool committed)
{
    struct seen *seen = ctx;
    seen->committed += committed;
    seen->rolled_back += !committed;
    if (seen->writes_again) {
        seen->writes_again = false;
        assert_int_equal(value_store_put(seen->store, "again", "1", NULL), 0);
        store_after_commit(seen->store, note, seen);
    }
}

static void note_event(void *ctx, int64_t last_id)
{
    ((struct seen *)ctx)->last_event = last_id;
}

static void a_change_is_seen_by_outsiders_only_after_the_flush(void **state)
{
    struct store_help h;
    struct err err = { 0 };
    struct seen seen = { 0 };
    (void)state;
    store_help_init(&h);
    event_store_on_commit(h.store, note_event, &seen);
    int64_t id = store_help_insert(h.store, 1, JOB_STATE_SUBMITTING);
    store_after_commit(h.store, note, &seen);
    assert_true(store_has_pending(h.store));
    assert_int_equal(seen.committed, 0);
    auto_str struct str doc = STR_MAX(1 << 20);
    assert_int_equal(job_store_document(h.store, id, &doc, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    auto_job struct job *job = NULL;
    assert_int_equal(job_store_get(h.store, id, &job, &err), 0);
    assert_int_equal(store_flush(h.store, &err), 0);
    assert_int_equal(seen.committed, 1);
    assert_int_equal(seen.last_event, 1);
    assert_int_equal(event_store_last(h.store), 1);
    assert_int_equal(job_store_document(h.store, id, &doc, &err), 0);
    assert_false(store_has_pending(h.store));
    store_help_end(&h);
}

static void a_waiter_may_change_the_store_again(void **state)
{
    struct store_help h;
    struct err err = { 0 };
    (void)state;
    store_help_init(&h);
    struct seen seen = { .store = h.store, .writes_again = true };
    store_after_commit(h.store, note, &seen);
    assert_int_equal(store_flush(h.store, &err), 0);
    assert_int_equal(seen.committed, 1);
    assert_true(store_has_pending(h.store));
    assert_int_equal(store_flush(h.store, &err), 0);
    assert_int_equal(seen.committed, 2);
    store_help_end(&h);
}

static void a_refused_change_leaves_the_rest_of_its_turn(void **state)
{
    struct store_help h;
    struct err err = { 0 };
    (void)state;
    store_help_init(&h);
    auto_job struct job *job = store_help_job(1);
    assert_int_equal(job_store_insert(h.store, job, NULL, &err), 0);
    auto_job struct job *twin = store_help_job(2);
    mem_replace_str(&twin->token, job->token);
    assert_int_equal(job_store_insert(h.store, twin, NULL, &err), -1);
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_int_equal(twin->id, 0);
    assert_int_equal(store_help_insert(h.store, 3, JOB_STATE_HELD), 2);
    assert_int_equal(store_flush(h.store, &err), 0);
    assert_int_equal(event_store_last(h.store), 2);
    assert_null(store_problem(h.store));
    store_help_end(&h);
}

static void ids_of_jobs_and_events_go_on_after_a_restart(void **state)
{
    struct store_help h;
    int64_t removed = 0;
    (void)state;
    store_help_init(&h);
    store_help_insert(h.store, 1, JOB_STATE_SUBMITTING);
    store_help_insert(h.store, 2, JOB_STATE_SUBMITTING);
    assert_int_equal(event_store_prune(h.store, INT64_MAX, &removed, NULL), 0);
    assert_int_equal(removed, 1);
    store_help_reopen(&h);
    assert_int_equal(store_help_insert(h.store, 3, JOB_STATE_SUBMITTING), 3);
    store_help_reopen(&h);
    assert_int_equal(event_store_last(h.store), 3);
    store_help_end(&h);
}

static void a_second_daemon_is_refused_and_told_by_whom(void **state)
{
    struct store_help h;
    struct store *second = NULL;
    struct err err = { 0 };
    char want[64];
    (void)state;
    store_help_init(&h);
    assert_int_equal(store_open(h.dir, &h.clock.clock, &second, &err), -1);
    assert_int_equal(err.code, ERR_CONFLICT);
    (void)snprintf(want, sizeof(want), "another sluice (pid %ld) serves this state directory",
                   (long)getpid());
    assert_non_null(strstr(err.text, want));
    store_help_end(&h);
}

static void a_directory_or_file_open_to_others_is_refused(void **state)
{
    struct store_help h;
    struct store *store = NULL;
    struct err err = { 0 };
    char path[128];
    (void)state;
    store_help_dir(&h);
    assert_int_equal(chmod(h.dir, 0750), 0);
    assert_int_equal(store_open(h.dir, &h.clock.clock, &store, &err), -1);
    assert_int_equal(err.code, ERR_DENIED);
    assert_non_null(strstr(err.text, "chmod 700"));
    assert_int_equal(chmod(h.dir, 0700), 0);
    store_help_reopen(&h);
    store_help_path(&h, "sluice.db", path, sizeof(path));
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    store_close(h.store);
    h.store = NULL;
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(store_open(h.dir, &h.clock.clock, &store, &err), -1);
    assert_non_null(strstr(err.text, "chmod 600"));
    store_help_end(&h);
}

static void a_file_that_is_no_store_is_refused(void **state)
{
    struct store_help h;
    struct store *store = NULL;
    struct err err = { 0 };
    char path[128];
    (void)state;
    store_help_dir(&h);
    store_help_path(&h, "sluice.db", path, sizeof(path));
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 1000; i++)
        (void)fputs("this is not a database\n", file);
    (void)fclose(file);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(store_open(h.dir, &h.clock.clock, &store, &err), -1);
    assert_int_equal(err.code, ERR_CORRUPT);
    store_help_end(&h);
}

static void the_directory_is_made_with_its_parents(void **state)
{
    struct store_help h;
    struct store *store = NULL;
    struct err err = { 0 };
    char deep[128], path[256];
    (void)state;
    store_help_dir(&h);
    (void)snprintf(deep, sizeof(deep), "%s/a/b", h.dir);
    assert_int_equal(store_open(deep, &h.clock.clock, &store, &err), 0);
    store_close(store);
    static const char *const left[] = { "a/b/sluice.db", "a/b/lock", "a/b", "a" };
    for (size_t i = 0; i < ARRAY_LEN(left); i++) {
        store_help_path(&h, left[i], path, sizeof(path));
        assert_int_equal(remove(path), 0); /* and no log file was left */
    }
    store_help_end(&h);
}

static void the_log_is_checkpointed_by_the_writer(void **state)
{
    struct store_help h;
    struct err err = { 0 };
    struct stat st;
    char path[128];
    (void)state;
    store_help_init(&h);
    for (int i = 0; i < 3000; i++) {
        store_help_insert(h.store, i, JOB_STATE_COMPLETED);
        if (i % 20 == 0)
            assert_int_equal(store_flush(h.store, &err), 0);
    }
    assert_int_equal(store_flush(h.store, &err), 0);
    store_help_path(&h, "sluice.db-wal", path, sizeof(path));
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size < 8 * 1024 * 1024);
    int64_t autocheckpoint = -1;
    assert_int_equal(db_int(h.store->writer, "PRAGMA wal_autocheckpoint", &autocheckpoint, &err), 0);
    store_help_end(&h);
}

static void a_backup_is_a_whole_store(void **state)
{
    struct store_help h, copy;
    struct err err = { 0 };
    char path[128];
    (void)state;
    store_help_init(&h);
    store_help_dir(&copy);
    store_help_insert(h.store, 1, JOB_STATE_RUNNING);
    assert_int_equal(store_flush(h.store, &err), 0);
    store_help_insert(h.store, 2, JOB_STATE_RUNNING); /* open: not in the copy */
    store_help_path(&copy, "sluice.db", path, sizeof(path));
    assert_int_equal(store_backup(h.dir, path, &err), 0);
    assert_int_equal(store_backup(h.dir, path, &err), -1);
    assert_int_equal(err.code, ERR_CONFLICT);
    store_help_reopen(&copy);
    auto_job struct job *job = NULL;
    assert_int_equal(job_store_get(copy.store, 1, &job, &err), 0);
    assert_int_equal(job_store_get(copy.store, 2, &job, &err), -1);
    store_help_end(&copy);
    store_help_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_seen_by_outsiders_only_after_the_flush),
        cmocka_unit_test(a_waiter_may_change_the_store_again),
        cmocka_unit_test(a_refused_change_leaves_the_rest_of_its_turn),
        cmocka_unit_test(ids_of_jobs_and_events_go_on_after_a_restart),
        cmocka_unit_test(a_second_daemon_is_refused_and_told_by_whom),
        cmocka_unit_test(a_directory_or_file_open_to_others_is_refused),
        cmocka_unit_test(a_file_that_is_no_store_is_refused),
        cmocka_unit_test(the_directory_is_made_with_its_parents),
        cmocka_unit_test(the_log_is_checkpointed_by_the_writer),
        cmocka_unit_test(a_backup_is_a_whole_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
