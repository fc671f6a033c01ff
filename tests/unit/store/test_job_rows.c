#include "support/store_help.h"

#include "base/mem.h"
#include "store/db.h"
#include "store/job_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fill_all(struct job *job, int n)
{
    for (size_t i = 1; i < job_field_count; i++) { /* but the id */
        void *at = (char *)job + job_fields[i].offset;
        char text[64];
        (void)snprintf(text, sizeof(text), job_fields[i].type == JOB_JSON ? "[\"%zu-%d\"]" : "%zu-%d\"\n", i,
                       n);
        if (job_fields[i].type == JOB_STR || job_fields[i].type == JOB_JSON)
            mem_replace_str(at, text);
        if (job_fields[i].type == JOB_INT || job_fields[i].type == JOB_TIME)
            *(int64_t *)at = (int64_t)i * 1000 + n;
        if (job_fields[i].type == JOB_BOOL)
            *(bool *)at = (i + (size_t)n) % 2;
    }
    job->state = n % 2 ? JOB_STATE_OUT_OF_MEMORY : JOB_STATE_SETTLING;
    job->phase = n % 2 ? PHASE_CLOSED : PHASE_UNKNOWN;
}

static void assert_same(const struct job *a, const struct job *b)
{
    for (size_t i = 0; i < job_field_count; i++) {
        const void *x = (const char *)a + job_fields[i].offset, *y = (const char *)b + job_fields[i].offset;
        if (job_fields[i].type == JOB_STR || job_fields[i].type == JOB_JSON) {
            const char *s = *(char *const *)x, *t = *(char *const *)y;
            assert_true((s == NULL) == (t == NULL));
            if (s)
                assert_string_equal(s, t);
        } else if (job_fields[i].type == JOB_INT || job_fields[i].type == JOB_TIME)
            assert_int_equal(*(const int64_t *)x, *(const int64_t *)y);
        else if (job_fields[i].type == JOB_BOOL)
            assert_int_equal(*(const bool *)x, *(const bool *)y);
    }
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->phase, b->phase);
}

static void every_member_survives_insert_and_update(void **state)
{
    struct store_help h;
    (void)state;
    store_help_init(&h);
    auto_job struct job *job = job_new();
    fill_all(job, 0);
    assert_int_equal(job_store_insert(h.store, job, NULL, NULL), 0);
    auto_job struct job *first = NULL;
    assert_int_equal(job_store_get(h.store, job->id, &first, NULL), 0);
    assert_same(job, first);
    fill_all(job, 1);
    assert_int_equal(job_store_update(h.store, job, "state", "{}", NULL), 0);
    store_help_reopen(&h);
    auto_job struct job *second = NULL;
    assert_int_equal(job_store_by_token(h.store, job->token, &second, NULL), 0);
    assert_same(job, second);
    store_help_end(&h);
}

static void absent_members_stay_absent(void **state)
{
    struct store_help h;
    (void)state;
    store_help_init(&h);
    auto_job struct job *job = job_new();
    mem_replace_str(&job->token, "t");
    job->event = 1;
    assert_int_equal(job_store_insert(h.store, job, NULL, NULL), 0);
    auto_job struct job *got = NULL;
    assert_int_equal(job_store_get(h.store, 1, &got, NULL), 0);
    assert_same(job, got);
    assert_int_equal(got->exit_code, JOB_ABSENT);
    assert_null(got->name);
    store_help_end(&h);
}

static void a_state_nobody_knows_is_damage(void **state)
{
    struct store_help h;
    struct err err = { 0 };
    (void)state;
    store_help_init(&h);
    store_help_insert(h.store, 1, JOB_STATE_RUNNING);
    assert_int_equal(db_exec(h.store->writer, "UPDATE job SET state = 'dancing'", NULL), 0);
    auto_job struct job *job = NULL;
    assert_int_equal(job_store_get(h.store, 1, &job, &err), -1);
    assert_int_equal(err.code, ERR_CORRUPT);
    store_help_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_survives_insert_and_update),
        cmocka_unit_test(absent_members_stay_absent),
        cmocka_unit_test(a_state_nobody_knows_is_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
