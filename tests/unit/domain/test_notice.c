#include "domain/notice.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool fits(const char *when, enum job_state from, enum job_state to, const char *verdict)
{
    const struct notice_event event = { notice_occasion(from, to), to, verdict };
    return notice_fits(when, &event);
}

static void occasions_follow_the_states(void **state)
{
    (void)state;
    assert_true(fits("started", JOB_STATE_PENDING, JOB_STATE_RUNNING, NULL));
    assert_false(fits("started", JOB_STATE_SUSPENDED, JOB_STATE_RUNNING, NULL));
    assert_true(fits("finished", JOB_STATE_RUNNING, JOB_STATE_COMPLETED, NULL));
    assert_false(fits("failed", JOB_STATE_RUNNING, JOB_STATE_COMPLETED, NULL));
    assert_true(fits("failed", JOB_STATE_RUNNING, JOB_STATE_TIMEOUT, NULL));
    assert_true(fits("timeout", JOB_STATE_RUNNING, JOB_STATE_TIMEOUT, NULL));
    assert_true(fits("failed", JOB_STATE_SUBMITTING, JOB_STATE_SUBMIT_FAILED, NULL));
    assert_false(fits("failed", JOB_STATE_RUNNING, JOB_STATE_CANCELLED, NULL));
    assert_true(fits("cancelled", JOB_STATE_RUNNING, JOB_STATE_CANCELLED, NULL));
    assert_true(fits("ended", JOB_STATE_RUNNING, JOB_STATE_CANCELLED, NULL));
    assert_false(fits("ended", JOB_STATE_PENDING, JOB_STATE_RUNNING, NULL));
    assert_true(fits("pending", JOB_STATE_SUBMITTING, JOB_STATE_PENDING, NULL));
}

static void a_verdict_is_an_occasion_by_its_code(void **state)
{
    static const char verdict[] = "{\"code\":\"oom_gpu\",\"title\":\"Out of GPU memory\"}";
    (void)state;
    assert_true(fits("verdict", JOB_STATE_RUNNING, JOB_STATE_FAILED, verdict));
    assert_true(fits("verdict:oom_gpu", JOB_STATE_RUNNING, JOB_STATE_FAILED, verdict));
    assert_false(fits("verdict:disk_full", JOB_STATE_RUNNING, JOB_STATE_FAILED, verdict));
    assert_false(fits("verdict:oom_gpu", JOB_STATE_PENDING, JOB_STATE_RUNNING, verdict));
    assert_false(fits("verdict", JOB_STATE_RUNNING, JOB_STATE_FAILED, NULL));
    const struct notice_event later = { "verdict", JOB_STATE_UNKNOWN, verdict };
    assert_true(notice_fits("verdict:oom_gpu", &later));
    assert_false(notice_fits("failed", &later));
}

static void words_of_notify_when_are_known_or_not(void **state)
{
    (void)state;
    assert_true(notice_when_is_known("failed"));
    assert_true(notice_when_is_known("out_of_memory"));
    assert_true(notice_when_is_known("verdict:oom_gpu"));
    assert_false(notice_when_is_known("verdict:"));
    assert_false(notice_when_is_known("fialed"));
    assert_false(notice_when_is_known(""));
}

static struct job *failed_job(void)
{
    struct job *job = job_new();
    job->id = 42;
    job->name = mem_dup_str("resnet");
    job->cluster = mem_dup_str("alder");
    job->state = JOB_STATE_FAILED;
    job->exit_code = 1;
    job->started_at_us = INT64_C(1700000000000000);
    job->ended_at_us = job->started_at_us + INT64_C(3723) * 1000000;
    job->verdict = mem_dup_str("{\"code\":\"oom_gpu\",\"title\":\"Out of GPU memory\",\"evidence\":"
                               "[{\"line\":7,\"text\":\"CUDA out of memory\"}]}");
    return job;
}

static void render(const struct job *job, struct str *json, struct notice *notice)
{
    struct err err = { 0 };
    const struct notice_input in = { .delivery = "d1",
                                     .occasion = job ? "failed" : "test",
                                     .state = job ? "failed" : NULL,
                                     .time_us = INT64_C(1700003723000000),
                                     .job = job,
                                     .public_url = "https://s.example.org/x" };
    notice_render(&in, json);
    assert_false(json->failed);
    if (notice_parse(str_span(json), notice, &err) < 0)
        fail_msg("%s", err.text);
}

static void a_notice_says_what_where_why_and_how_long(void **state)
{
    auto_job struct job *job = failed_job();
    auto_str struct str json = STR_MAX(MAX_NOTICE_BYTES);
    auto_notice struct notice notice = { 0 };
    (void)state;
    render(job, &json, &notice);
    assert_string_equal(notice.title, "resnet (job 42) failed on alder");
    assert_string_equal(notice.text,
                        "Out of GPU memory\nCUDA out of memory\nstate failed, exit code 1, ran 01:02:03");
    assert_string_equal(notice.url, "https://s.example.org/x/jobs/42");
    assert_string_equal(notice.type, "job.failed");
    assert_string_equal(notice.level, "bad");
    assert_string_equal(notice.id, "d1");
    assert_non_null(strstr(str_text(&json), "\"code\":\"oom_gpu\""));
}

static void a_test_message_is_of_no_job(void **state)
{
    auto_str struct str json = STR_MAX(MAX_NOTICE_BYTES);
    auto_notice struct notice notice = { 0 };
    (void)state;
    render(NULL, &json, &notice);
    assert_string_equal(notice.type, "test");
    assert_null(strstr(str_text(&json), "\"job\""));
}

static void text_of_others_comes_out_harmless(void **state)
{
    static const char hostile[] = "a\r\nBcc: x\x1b[31m\x7f\xc2\x9b\xe2\x80\xae\xe2\x81\xa6\xff end";
    auto_job struct job *job = failed_job();
    auto_str struct str json = STR_MAX(MAX_NOTICE_BYTES);
    auto_notice struct notice notice = { 0 };
    (void)state;
    mem_replace_str(&job->name, hostile);
    mem_clear_str(&job->verdict);
    mem_replace_str(&job->why, hostile);
    render(job, &json, &notice);
    assert_string_equal(notice.title, "a  Bcc: x [31m    \xef\xbf\xbd end (job 42) failed on alder");
    assert_null(strchr(notice.text, '\r'));
    assert_null(strchr(notice.text, '\x1b'));
    char *name = mem_zalloc(100001);
    memset(name, 'x', 100000);
    mem_replace_str(&job->name, name);
    free(name);
    str_clear(&json);
    notice_clear(&notice);
    render(job, &json, &notice);
    assert_true(strlen(notice.title) < 600);
}

static void what_is_no_notice_is_refused(void **state)
{
    struct notice notice = { 0 };
    struct err err = { 0 };
    (void)state;
    assert_int_equal(notice_parse(SPAN_LIT("{"), &notice, &err), -1);
    assert_int_equal(notice_parse(SPAN_LIT("{\"id\":\"x\"}"), &notice, &err), -1);
    assert_null(notice.doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(occasions_follow_the_states),
        cmocka_unit_test(a_verdict_is_an_occasion_by_its_code),
        cmocka_unit_test(words_of_notify_when_are_known_or_not),
        cmocka_unit_test(a_notice_says_what_where_why_and_how_long),
        cmocka_unit_test(a_test_message_is_of_no_job),
        cmocka_unit_test(text_of_others_comes_out_harmless),
        cmocka_unit_test(what_is_no_notice_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
