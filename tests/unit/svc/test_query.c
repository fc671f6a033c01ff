#include "fixture_group.h"

static bool lists(struct fixture *f, const char *filter, const char *expected)
{
    auto_str struct str out = STR_MAX(1 << 20);
    struct err err = { 0 };
    struct query_list list = { .filter = filter, .total = true };
    if (query_jobs(&f->gw, &list, &out, &err) < 0)
        fail_msg("%s", err.text);
    return span_has(str_span(&out), expected);
}

static void job_is_found_by_id_token_and_last(void **state)
{
    struct fixture *f = *state;
    int64_t id = 0;
    fixture_job(f, NULL);
    struct job *job = fixture_job(f, NULL);
    assert_int_equal(query_job_id(&f->gw, "last", &id, NULL), 0);
    assert_int_equal(id, job->id);
    assert_int_equal(query_job_id(&f->gw, job->token, &id, NULL), 0);
    assert_int_equal(id, job->id);
    assert_int_equal(query_job_id(&f->gw, "1", &id, NULL), 0);
    assert_int_equal(id, 1);
    struct err err = { 0 };
    static const char *const unknown[] = { "no-such; rm", "3", "0", "-1", "9223372036854775807" };
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
        assert_int_equal(query_job_id(&f->gw, unknown[i], &id, &err), -1);
        assert_int_equal(err.code, ERR_NOT_FOUND);
    }
}

static void active_job_shows_the_last_ticks_age(void **state)
{
    struct fixture *f = *state;
    auto_str struct str out = STR_MAX(1 << 20);
    struct job *job = fixture_job(f, NULL);
    job->observed_at_us = INT64_C(1800000000) * US_PER_S;
    assert_int_equal(query_job(&f->gw, job->id, &out, NULL), 0);
    assert_true(span_has(str_span(&out), "\"observed_at\":\"2027-01-15T08:00:00Z\""));
}

static void list_takes_the_filter_language(void **state)
{
    struct fixture *f = *state;
    fixture_job(f, NULL);
    assert_true(lists(f, "state:submitting cluster:alder", "\"total\":1"));
    assert_true(lists(f, "cluster:birch", "\"items\":[]"));
    assert_true(lists(f, NULL, "\"next\":null"));
}

static void bad_list_parameters_are_told(void **state)
{
    struct fixture *f = *state;
    auto_str struct str out = STR_MAX(1 << 20);
    struct query_list bad[] = {
        { .sort = "upwards" }, { .cursor = "x" }, { .limit = 5000 }, { .filter = "nokey:" }
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err err = { 0 };
        assert_int_equal(query_jobs(&f->gw, &bad[i], &out, &err), -1);
        assert_int_equal(err.code, ERR_INVALID);
    }
}

static void events_of_a_job_come_in_order(void **state)
{
    struct fixture *f = *state;
    auto_str struct str out = STR_MAX(1 << 20);
    struct job *job = fixture_job(f, NULL);
    jobs_enter(f->gw.jobs, job, JOB_STATE_PENDING, NULL);
    fixture_turn(f, 1);
    assert_int_equal(query_events(&f->gw, &(struct event_ask){ .job_id = job->id }, &out, NULL), 0);
    struct span text = str_span(&out);
    assert_true(span_find(text, SPAN_LIT("created")) < span_find(text, SPAN_LIT("\"state\"")));
    assert_true(span_has(text, "\"next\":null"));
}

static void kept_reply_comes_back_for_the_same_body_only(void **state)
{
    struct fixture *f = *state;
    auto_str struct str body = STR_MAX(1 << 20);
    int64_t id = 0, status = 0;
    assert_int_equal(
        query_idempotent(&f->gw, &(struct reply_key){ "me POST", "k", "h" }, &id, &status, &body, NULL), 0);
    assert_int_equal(
        query_keep_reply(&f->gw, &(struct reply_key){ "me POST", "k", "h" }, 201, SPAN_LIT("{}"), NULL), 0);
    fixture_turn(f, 1);
    assert_int_equal(
        query_idempotent(&f->gw, &(struct reply_key){ "me POST", "k", "h" }, &id, &status, &body, NULL), 1);
    assert_int_equal(status, 201);
    assert_string_equal(str_text(&body), "{}");
    struct err err = { 0 };
    assert_int_equal(
        query_idempotent(&f->gw, &(struct reply_key){ "me POST", "k", "other" }, &id, &status, &body, &err),
        -1);
    assert_int_equal(err.code, ERR_CONFLICT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(job_is_found_by_id_token_and_last), TEST(active_job_shows_the_last_ticks_age),
        TEST(list_takes_the_filter_language),    TEST(bad_list_parameters_are_told),
        TEST(events_of_a_job_come_in_order),     TEST(kept_reply_comes_back_for_the_same_body_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
