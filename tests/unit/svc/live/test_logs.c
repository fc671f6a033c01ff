#include "svc/live/log_found.h"
#include "unit/svc/fixture_group.h"

struct seen {
    int calls;
    bool ok, not_begun;
    char text[ERR_TEXT_BYTES];
    int64_t offset, size;
};

static void keep(void *ctx, const struct answer *answer)
{
    struct seen *seen = ctx;
    seen->calls++;
    seen->ok = answer->ok;
    seen->not_begun = answer->not_begun;
    seen->offset = answer->offset;
    seen->size = answer->size;
    struct span text = answer->ok ? answer->body : span_of(answer->err.text);
    snprintf(seen->text, sizeof(seen->text), "%.*s", SPAN_FMT(text));
}

static struct job *running(struct fixture *f, const char *array)
{
    struct job *job = fixture_job(f, array);
    job->phase = PHASE_SUBMITTED;
    mem_replace_str(&job->sched_id, "7");
    jobs_enter(f->gw.jobs, job, JOB_STATE_RUNNING, NULL);
    fixture_turn(f, 1);
    return job;
}

static void last_attempts_log_is_read_by_offset(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    struct job *job = running(f, NULL);
    job->attempt = 3;
    struct log_call call = { .job_id = job->id, .task = -1, .offset = 40 };
    assert_int_equal(logs_read(f->gw.logs, &call, keep, &seen, NULL), 0);
    assert_string_equal(fake.read.detail, "attempt-3.log");
    assert_int_equal(fake.read.number, 40);
    fake.read.is_open = false;
    fake.read.read(fake.read.ctx, SPAN_LIT("bytes"), 40, 45, NULL);
    assert_true(seen.ok);
    assert_string_equal(seen.text, "bytes");
    assert_int_equal(seen.size, 45);
}

static void log_that_has_not_begun_is_empty_and_says_so(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    struct log_call call = { .job_id = running(f, NULL)->id, .task = -1, .offset = 40 };
    assert_int_equal(logs_read(f->gw.logs, &call, keep, &seen, NULL), 0);
    struct err err = { .code = ERR_NOT_FOUND };
    fake.read.is_open = false;
    fake.read.read(fake.read.ctx, (struct span){ 0 }, 0, 0, &err);
    assert_true(seen.ok && seen.not_begun);
    assert_string_equal(seen.text, "");
    assert_int_equal(seen.offset + seen.size, 0);
}

static void other_faults_are_faults(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    struct log_call call = { .job_id = running(f, NULL)->id, .task = -1 };
    assert_int_equal(logs_read(f->gw.logs, &call, keep, &seen, NULL), 0);
    struct err err = { .code = ERR_OFFLINE, .text = "no route" };
    fake.read.is_open = false;
    fake.read.read(fake.read.ctx, (struct span){ 0 }, 0, 0, &err);
    assert_false(seen.ok || seen.not_begun);
    assert_string_equal(seen.text, "no route");
}

static void job_that_was_never_sent_is_not_asked_for(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    struct log_call call = { .job_id = fixture_job(f, NULL)->id, .task = -1 };
    assert_int_equal(logs_read(f->gw.logs, &call, keep, &seen, NULL), 0);
    assert_int_equal(seen.calls, 0); /* never from within the call */
    fixture_turn(f, 1);
    assert_true(seen.ok && seen.not_begun);
    assert_false(fake.read.is_open);
    struct log_search search = { .log = call, .pattern = "x", .first_line = 1, .limit = 100 };
    assert_int_equal(logs_search(f->gw.logs, &search, keep, &seen, NULL), 0);
    fixture_turn(f, 1);
    assert_string_equal(seen.text, "{\"total\":0,\"items\":[],\"next\":null}");
}

static void array_wants_a_task_and_others_have_none(void **state)
{
    struct fixture *f = *state;
    struct err err = { 0 };
    static struct seen seen; /* the last read is only answered when all is closed */
    struct job *array = running(f, "0-3"), *plain = running(f, NULL);
    assert_int_equal(
        logs_read(f->gw.logs, &(struct log_call){ .job_id = array->id, .task = -1 }, keep, &seen, &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    assert_int_equal(
        logs_read(f->gw.logs, &(struct log_call){ .job_id = plain->id, .task = 2 }, keep, &seen, &err), -1);
    assert_int_equal(
        logs_read(f->gw.logs, &(struct log_call){ .job_id = array->id, .task = 2 }, keep, &seen, &err), 0);
    assert_string_equal(fake.read.detail, "attempt-1.2.log");
    assert_int_equal(
        logs_read(f->gw.logs, &(struct log_call){ .job_id = array->id, .task = 4 }, keep, &seen, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void a_tasks_own_attempts_count(void **state)
{
    struct fixture *f = *state;
    struct err err = { 0 };
    static struct seen seen;
    struct job *array = running(f, "0-3");
    mem_replace_str(&array->tasks, "[{\"task\":1,\"state\":\"running\"},"
                                   "{\"task\":2,\"state\":\"running\",\"attempt\":3}]");
    struct log_call call = { .job_id = array->id, .task = 2 };
    assert_int_equal(logs_read(f->gw.logs, &call, keep, &seen, &err), 0);
    assert_string_equal(fake.read.detail, "attempt-3.2.log");
    call.attempt = 4;
    assert_int_equal(logs_read(f->gw.logs, &call, keep, &seen, &err), -1);
    assert_non_null(strstr(err.text, "has 3 attempts of that task, there is no attempt 4"));
    call = (struct log_call){ .job_id = array->id, .task = 1, .attempt = 2 };
    assert_int_equal(logs_read(f->gw.logs, &call, keep, &seen, &err), -1);
    assert_non_null(strstr(err.text, "has 1 attempt of that task, there is no attempt 2"));
}

static void a_page_of_what_was_found_says_where_the_next_begins(void **state)
{
    (void)state;
    auto_str struct str page = STR_MAX(1024), last = STR_MAX(1024);
    log_found_json(SPAN_LIT("3\n1:a\rb\n7:c:d\n"), 2, &page);
    assert_string_equal(str_text(&page), "{\"total\":3,\"items\":[{\"line\":1,\"text\":\"b\"},"
                                         "{\"line\":7,\"text\":\"c:d\"}],\"next\":8}");
    log_found_json(SPAN_LIT("3\n9:e\n"), 2, &last);
    assert_string_equal(str_text(&last),
                        "{\"total\":3,\"items\":[{\"line\":9,\"text\":\"e\"}],\"next\":null}");
}

static void attempt_that_never_was_is_not_found(void **state)
{
    struct fixture *f = *state;
    struct err err = { 0 };
    struct log_call call = { .job_id = running(f, NULL)->id, .task = -1, .attempt = 2 };
    assert_int_equal(logs_read(f->gw.logs, &call, keep, NULL, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(last_attempts_log_is_read_by_offset),
        TEST(log_that_has_not_begun_is_empty_and_says_so),
        TEST(other_faults_are_faults),
        TEST(job_that_was_never_sent_is_not_asked_for),
        TEST(array_wants_a_task_and_others_have_none),
        TEST(a_tasks_own_attempts_count),
        TEST(attempt_that_never_was_is_not_found),
        TEST(a_page_of_what_was_found_says_where_the_next_begins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
