#include "support/store_help.h"

#include "store/job_token.h"

static void a_hash_names_its_job(void **state)
{
    (void)state;
    struct store_help h;
    int64_t id = 0, ids[4];
    struct err err;
    store_help_init(&h);
    int64_t one = store_help_insert(h.store, 1, JOB_STATE_RUNNING);
    int64_t two = store_help_insert(h.store, 2, JOB_STATE_RUNNING);
    assert_int_equal(job_token_put(h.store, one, "aa", NULL), 0);
    assert_int_equal(job_token_put(h.store, two, "bb", NULL), 0);
    assert_int_equal(store_flush(h.store, NULL), 0);
    store_help_reopen(&h);
    assert_int_equal(job_token_get(h.store, "bb", &id, NULL), 0);
    assert_int_equal(id, two);
    assert_int_equal(job_token_get(h.store, "cc", &id, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_int_equal(job_token_list(h.store, 0, ids, 4, NULL), 2);
    assert_int_equal(ids[0], one);
    assert_int_equal(job_token_list(h.store, one, ids, 4, NULL), 1);
    assert_int_equal(job_token_drop(h.store, two, NULL), 0);
    assert_int_equal(job_token_get(h.store, "bb", &id, NULL), -1);
    assert_int_equal(job_token_get(h.store, "aa", &id, NULL), 0);
    store_help_end(&h);
}

static void nobody_has_two_and_no_hash_two_jobs(void **state)
{
    (void)state;
    struct store_help h;
    store_help_init(&h);
    int64_t one = store_help_insert(h.store, 1, JOB_STATE_RUNNING);
    int64_t two = store_help_insert(h.store, 2, JOB_STATE_RUNNING);
    assert_int_equal(job_token_put(h.store, one, "aa", NULL), 0);
    assert_int_equal(job_token_put(h.store, one, "bb", NULL), -1);
    assert_int_equal(job_token_put(h.store, two, "aa", NULL), -1);
    assert_int_equal(job_token_put(h.store, 99, "cc", NULL), -1); /* no such job */
    store_help_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_names_its_job),
        cmocka_unit_test(nobody_has_two_and_no_hash_two_jobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
