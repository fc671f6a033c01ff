#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "domain/job.h"
#include "text/json_in.h"

#include <stdlib.h>
#include <string.h>

static char *json_of(const struct job *job)
{
    struct str out = STR_MAX(1 << 20);
    job_json(job, &out);
    assert_false(out.failed);
    return str_steal(&out);
}

static void what_is_absent_is_left_out(void **state)
{
    auto_job struct job *job = job_new();
    (void)state;
    job->id = 7;
    auto_free char *json = json_of(job);
    assert_string_equal(
        json, "{\"id\":7,\"priority\":0,\"state\":\"submitting\",\"confirmed\":false,\"stale\":false,"
              "\"attempt\":1,\"archived\":false,\"event\":0}");
}

static void objects_hold_their_fields_together(void **state)
{
    auto_job struct job *job = job_new();
    (void)state;
    mem_replace_str(&job->scheduler, "slurm");
    mem_replace_str(&job->sched_id, "4711");
    mem_replace_str(&job->tasks, "[{\"task\":1}]"); /* kept, not shown */
    mem_replace_str(&job->task_counts, "{\"total\":1}");
    mem_replace_str(&job->partition, "gpu");
    job->gpus = 0;
    auto_free char *json = json_of(job);
    assert_non_null(strstr(json, "\"slurm\":{\"job_id\":\"4711\",\"tasks\":{\"total\":1}},"
                                 "\"resources\":{\"gpus\":0,\"partition\":\"gpu\"},\"attempt\":1"));
}

static void the_slurm_object_is_slurms_alone(void **state)
{
    auto_job struct job *job = job_new();
    (void)state;
    mem_replace_str(&job->scheduler, "process");
    mem_replace_str(&job->sched_id, "4711");
    auto_free char *json = json_of(job);
    assert_null(strstr(json, "slurm"));
    assert_null(strstr(json, "4711"));
}

static void elapsed_time_stands_with_ended_jobs_only(void **state)
{
    auto_job struct job *job = job_new();
    (void)state;
    job->state = JOB_STATE_RUNNING;
    job->started_at_us = 100 * US_PER_S;
    job->ended_at_us = 163 * US_PER_S;
    auto_free char *running = json_of(job);
    assert_null(strstr(running, "elapsed_s"));
    job->state = JOB_STATE_COMPLETED;
    job->exit_code = 0;
    auto_free char *ended = json_of(job);
    assert_non_null(strstr(ended,
                           "\"started_at\":\"1970-01-01T00:01:40Z\",\"ended_at\":\"1970-01-01T00:02:43Z\","
                           "\"elapsed_s\":63,\"exit_code\":0"));
    job->started_at_us = 0; /* cancelled before it began */
    auto_free char *never = json_of(job);
    assert_null(strstr(never, "elapsed_s"));
}

static void a_full_job_is_one_json_object_without_bookkeeping(void **state)
{
    auto_job struct job *job = job_new();
    auto_doc struct doc *doc = NULL;
    (void)state;
    for (size_t i = 0; i < job_field_count; i++) {
        void *at = (char *)job + job_fields[i].offset;
        if (job_fields[i].type == JOB_STR)
            mem_replace_str(at, "a\"b\n\xc3\xa9");
        if (job_fields[i].type == JOB_JSON)
            mem_replace_str(at, "{\"k\":[1]}");
        if (job_fields[i].type == JOB_INT || job_fields[i].type == JOB_TIME)
            *(int64_t *)at = 1000000;
    }
    mem_replace_str(&job->scheduler, "slurm");
    job->state = JOB_STATE_COMPLETED;
    auto_free char *json = json_of(job);
    assert_int_equal(json_parse(span_of(json), &doc, NULL), 0);
    assert_string_equal(doc_get(doc, "name")->text, "a\"b\n\xc3\xa9");
    assert_null(doc_get(doc, "run_dir"));
    assert_null(doc_get(doc, "phase"));
    assert_non_null(doc_get(doc_get(doc, "resources"), "qos"));
    assert_non_null(doc_get(doc, "elapsed_s"));
}

static void a_cleared_job_is_as_new(void **state)
{
    auto_job struct job *job = job_new();
    auto_job struct job *fresh = job_new();
    (void)state;
    mem_replace_str(&job->name, "x");
    mem_replace_str(&job->verdict, "{}");
    job->exit_code = 3;
    job_clear(job);
    job_clear(job);
    assert_memory_equal(job, fresh, sizeof(*job));
    job_free(NULL);
}

static void the_table_names_each_column_and_path_once(void **state)
{
    (void)state;
    assert_string_equal(job_fields[0].column, "id");
    for (size_t i = 0; i < job_field_count; i++) {
        assert_non_null(job_fields[i].help);
        assert_true(job_fields[i].column || job_fields[i].type == JOB_ELAPSED);
        for (size_t k = 0; k < i; k++) {
            if (job_fields[i].column && job_fields[k].column)
                assert_string_not_equal(job_fields[i].column, job_fields[k].column);
            if (job_fields[i].json && job_fields[k].json)
                assert_string_not_equal(job_fields[i].json, job_fields[k].json);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_absent_is_left_out),
        cmocka_unit_test(objects_hold_their_fields_together),
        cmocka_unit_test(the_slurm_object_is_slurms_alone),
        cmocka_unit_test(elapsed_time_stands_with_ended_jobs_only),
        cmocka_unit_test(a_full_job_is_one_json_object_without_bookkeeping),
        cmocka_unit_test(a_cleared_job_is_as_new),
        cmocka_unit_test(the_table_names_each_column_and_path_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
