#include "unit/svc/fixture_group.h"

#include "store/job_token.h"
#include "svc/watch/closing.h"
#include "support/spawn.h"
#include "svc/live/metrics_token.h"

static struct job *submitted(struct fixture *f)
{
    struct err err;
    struct job *job = fixture_job(f, NULL);
    struct metrics_hash hash;
    if (metrics_token_make(&f->gw, job, &hash, &err) < 0 ||
        job_token_put(f->gw.store, job->id, hash.hex, &err) < 0)
        fail_msg("%s", err.text);
    fixture_turn(f, 1);
    return job;
}

/* The value of a variable in what goes to the job. */
static char *given(struct fixture *f, const struct job *job, const char *name)
{
    auto_str struct str lines = STR_MAX(10000), start = STR_MAX(100);
    assert_int_equal(spool_get_secrets(f->state, job->token, &lines, NULL), 0);
    str_addf(&start, "export %s=", name);
    struct span rest = str_span(&lines), line;
    while (span_next_line(&rest, &line))
        if (span_starts(line, str_text(&start)))
            return span_dup(span_skip(line, start.len));
    return NULL;
}

static void a_token_is_its_jobs(void **state)
{
    struct fixture *f = *state;
    struct job *one = submitted(f), *two = submitted(f);
    auto_free char *first = given(f, one, "SLUICE_METRICS_TOKEN"),
                   *second = given(f, two, "SLUICE_METRICS_TOKEN");
    int64_t id = 0;
    struct err err;
    assert_int_equal(strlen(first), 4 + 64);
    assert_string_not_equal(first, second);
    assert_int_equal(metrics_token_check(&f->gw, span_of(second), &id, NULL), 0);
    assert_int_equal(id, two->id);
    static const char *const wrong[] = { "", "slm_",
                                         "slm_0000000000000000000000000000000000000000000000000000" };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_int_equal(metrics_token_check(&f->gw, span_of(wrong[i]), &id, &err), -1);
        assert_int_equal(err.code, ERR_UNAUTHORIZED);
    }
}

static void only_its_hash_is_stored(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f);
    auto_free char *token = given(f, job, "SLUICE_METRICS_TOKEN");
    char command[300];
    assert_int_equal(store_flush(f->gw.store, NULL), 0);
    (void)snprintf(command, sizeof(command), "%s", f->state);
    const char *const argv[] = { "/bin/grep", "-rlqa", "--exclude-dir=secrets", token, command, NULL };
    assert_int_equal(spawn_collect(argv, (struct span){ 0 }, NULL), 1); /* nothing found */
    const char *const found[] = { "/bin/grep", "-rqa", token, command, NULL };
    assert_int_equal(spawn_collect(found, (struct span){ 0 }, NULL), 0); /* grep does find */
}

static void it_ends_with_the_job_after_a_grace(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f);
    auto_free char *token = given(f, job, "SLUICE_METRICS_TOKEN");
    int64_t id = 0;
    struct err err;
    job->phase = PHASE_SUBMITTED;
    mem_replace_str(&job->sched_id, "7");
    jobs_enter(f->gw.jobs, job, JOB_STATE_RUNNING, NULL);
    fixture_turn(f, 1000);
    job->ended_at_us = job->observed_at_us = clock_wall_us(f->gw.clock);
    jobs_enter(f->gw.jobs, job, JOB_STATE_COMPLETED, NULL);
    fixture_turn(f, 1);
    clock_fake_advance(&f->clock, (METRICS_TOKEN_GRACE_S - 10) * US_PER_S);
    assert_int_equal(metrics_token_check(&f->gw, span_of(token), &id, NULL), 0);
    metrics_token_prune(&f->gw);
    assert_int_equal(metrics_token_check(&f->gw, span_of(token), &id, NULL), 0);
    clock_fake_advance(&f->clock, 20 * US_PER_S);
    assert_int_equal(metrics_token_check(&f->gw, span_of(token), &id, &err), -1);
    assert_int_equal(err.code, ERR_UNAUTHORIZED);
    int64_t ids[2];
    assert_int_equal(job_token_list(f->gw.store, 0, ids, 2, NULL), 1);
    metrics_token_prune(&f->gw);
    assert_int_equal(job_token_list(f->gw.store, 0, ids, 2, NULL), 0);
}

static void the_gateways_copy_goes_once_the_job_has_it(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f);
    closing_expect(f->gw.closing, job->token);
    assert_null(given(f, job, "SLUICE_METRICS_TOKEN"));
    struct job *other = submitted(f); /* taken by the scheduler just before a crash */
    other->phase = PHASE_SUBMITTED;
    metrics_token_prune(&f->gw);
    assert_null(given(f, other, "SLUICE_METRICS_TOKEN"));
}

static void an_address_is_told_only_where_it_can_be_reached(void **state)
{
    struct fixture *f = *state;
    assert_null(given(f, submitted(f), "SLUICE_METRICS_URL")); /* alder is another machine */
    snprintf(f->extra, sizeof(f->extra), "public_url: https://gate.example/s\n");
    fixture_restart(f);
    struct job *job = submitted(f);
    auto_free char *url = given(f, job, "SLUICE_METRICS_URL");
    auto_str struct str expected = STR_MAX(300);
    str_addf(&expected, "https://gate.example/s/api/v1/jobs/%s/metrics", job->token);
    assert_non_null(strstr(url, str_text(&expected)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_is_its_jobs),
        TEST(only_its_hash_is_stored),
        TEST(it_ends_with_the_job_after_a_grace),
        TEST(the_gateways_copy_goes_once_the_job_has_it),
        TEST(an_address_is_told_only_where_it_can_be_reached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
