#include "store/unread_store.h"

#include "support/store_help.h"

#include "base/mem.h"

static void close_job(struct store *store, int64_t id, const char *sched_id)
{
    auto_job struct job *job = NULL;
    assert_int_equal(job_store_get(store, id, &job, NULL), 0);
    job->state = JOB_STATE_FAILED;
    job->phase = PHASE_CLOSED;
    mem_replace_str(&job->sched_id, sched_id);
    assert_int_equal(job_store_update(store, job, "state", NULL, NULL), 0);
}

static void a_job_that_ended_is_unread_until_it_is_said_to_be_read(void **state)
{
    struct store_help h;
    int64_t ids[4];
    size_t count;
    (void)state;
    store_help_init(&h);
    int64_t first = store_help_insert(h.store, 1, JOB_STATE_RUNNING);
    int64_t second = store_help_insert(h.store, 2, JOB_STATE_RUNNING);
    int64_t never_ran = store_help_insert(h.store, 3, JOB_STATE_SUBMITTING);
    (void)store_help_insert(h.store, 4, JOB_STATE_RUNNING);
    close_job(h.store, first, "17");
    close_job(h.store, second, "18");
    close_job(h.store, never_ran, NULL);
    assert_int_equal(store_flush(h.store, NULL), 0);
    store_help_reopen(&h);
    assert_int_equal(unread_store_list(h.store, 0, ids, 4, &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_int_equal(ids[0], first);
    assert_int_equal(ids[1], second);
    assert_int_equal(unread_store_list(h.store, first, ids, 1, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_int_equal(ids[0], second);
    assert_int_equal(unread_store_remove(h.store, first, NULL), 0);
    assert_int_equal(unread_store_remove(h.store, first, NULL), 0);
    close_job(h.store, first, "17"); /* a change after the end does not bring it back */
    assert_int_equal(unread_store_list(h.store, 0, ids, 4, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_int_equal(ids[0], second);
    store_help_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_that_ended_is_unread_until_it_is_said_to_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
