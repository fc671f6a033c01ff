/* Covers: svc/cluster/wait_history. */
#include "svc/cluster/wait_history.h"

#include "base/mem.h"
#include "support/store_help.h"

#include <string.h>

static void add(struct wait_history *history, const char *partition, const char *type, int64_t wait_s)
{
    const int64_t at_us = 1000 * US_PER_S;
    wait_history_add(history, &(struct started_job){ partition, type, at_us, at_us + wait_s * US_PER_S });
}

static void told(const struct wait_history *history, const char *expected)
{
    auto_str struct str text = STR_MAX(4096);
    wait_history_json(history, &(struct json_out){ .to = &text });
    assert_string_equal(str_text(&text), expected);
}

static void places_are_told_apart_and_outliers_left_out(void **state)
{
    auto_wait_history struct wait_history history = { 0 };
    (void)state;
    for (int i = 0; i < 30; i++) /* the twenty newest count: 0 to 190 s */
        add(&history, "gpu", "a100", i < WAIT_HISTORY_JOBS ? i * 10 : 100000);
    for (int i = 0; i < 3; i++)
        add(&history, "gpu", NULL, i == 2 ? -5 : 60); /* started before it was eligible: no wait */
    add(&history, "cpu", NULL, 1);
    add(&history, "cpu", NULL, 1); /* two say nothing */
    told(&history, "[{\"partition\":\"gpu\",\"gpu_type\":\"a100\",\"jobs\":20,\"low_s\":20,\"high_s\":170},"
                   "{\"partition\":\"gpu\",\"jobs\":3,\"low_s\":0,\"high_s\":60}]");
}

static void count(void *ctx, const struct started_job *job)
{
    int64_t *sum_s = ctx;
    assert_string_equal(job->partition, "gpu");
    *sum_s += (job->started_at_us - job->eligible_at_us) / US_PER_S;
}

static void put(struct store *store, int64_t id, int64_t wait_s)
{
    struct err err = { 0 };
    auto_job struct job *job = NULL;
    assert_int_equal(store_help_insert(store, id, JOB_STATE_COMPLETED), id);
    assert_int_equal(job_store_get(store, id, &job, &err), 0);
    mem_replace_str(&job->cluster, "alder");
    mem_replace_str(&job->partition, "gpu");
    job->submitted_at_us = 1000 * US_PER_S;
    job->eligible_at_us = id == 1 ? 0 : job->submitted_at_us;
    job->started_at_us = job->submitted_at_us + wait_s * US_PER_S;
    job->attempt = id == 3 ? 2 : 1;
    if (id == 4)
        mem_replace_str(&job->array, "0-1");
    if (id == 5)
        job->started_at_us = 0;
    assert_int_equal(job_store_update(store, job, "state", NULL, &err), 0);
}

static void only_first_starts_of_single_jobs_count(void **state)
{
    struct store_help h;
    int64_t sum_s = 0;
    (void)state;
    store_help_init(&h);
    for (int64_t id = 1; id <= 6; id++)
        put(h.store, id, id == 1 ? 1 : id == 2 ? 10 : id == 6 ? 100 : 7000);
    assert_int_equal(store_flush(h.store, NULL), 0);
    assert_int_equal(job_store_started(h.store, "alder", 10, count, &sum_s, NULL), 0);
    assert_int_equal(sum_s, 111);
    sum_s = 0;
    assert_int_equal(job_store_started(h.store, "alder", 1, count, &sum_s, NULL), 0); /* the newest */
    assert_int_equal(sum_s, 100);
    assert_int_equal(job_store_started(h.store, "birch", 10, count, &sum_s, NULL), 0);
    assert_int_equal(sum_s, 100);
    store_help_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_told_apart_and_outliers_left_out),
        cmocka_unit_test(only_first_starts_of_single_jobs_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
