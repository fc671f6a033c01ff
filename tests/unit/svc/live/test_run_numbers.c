/* Numbers and progress of a followed run, from the bytes of ticks. Covers: svc/live/run_numbers. */
#include "unit/svc/fixture_group.h"

#include "svc/live/follow.h"
#include "svc/live/metrics.h"

#include <math.h>

static char shown[1 << 16];

static struct job *running_tasks(struct fixture *f, const char *resolved, const char *array)
{
    struct err err = { 0 };
    struct job *job = job_new();
    struct token token = token_new(clock_wall_us(f->gw.clock));
    job->token = mem_dup_str(token.text);
    job->name = mem_dup_str("train");
    job->cluster = mem_dup_str("alder");
    job->scheduler = mem_dup_str("slurm");
    job->created_at_us = clock_wall_us(f->gw.clock);
    job->sched_id = mem_dup_str("7");
    job->array = array ? mem_dup_str(array) : NULL;
    struct job_script script = { .script = (char *)"#!/bin/bash\ntrue\n",
                                 .resolved = (char *)(uintptr_t)resolved };
    if (jobs_add_take(f->gw.jobs, job, &script, &err) < 0)
        fail_msg("insert: %s", err.text);
    job->phase = PHASE_SUBMITTED;
    jobs_enter(f->gw.jobs, job, JOB_STATE_RUNNING, NULL);
    fixture_turn(f, 1);
    return job;
}

static struct job *running(struct fixture *f, const char *resolved)
{
    return running_tasks(f, resolved, NULL);
}

static void give(struct fixture *f, const struct job *job, const char *name, int64_t offset,
                 const char *bytes)
{
    char path[120];
    struct cluster *alder = fleet_find(f->gw.fleet, "alder");
    assert_non_null(follow_begin(f->gw.follow, alder));
    (void)snprintf(path, sizeof(path), "%s/%s", job->token, name);
    struct seen_file file = { .path = span_of(path),
                              .inode = 5,
                              .size = offset + (int64_t)strlen(bytes),
                              .offset = offset,
                              .bytes = span_of(bytes) };
    struct tick_report report = { .files = &file, .file_count = 1 };
    (void)follow_end(f->gw.follow, alder, &report);
    fixture_turn(f, 1000);
}

static const char *curves(struct fixture *f, int64_t id)
{
    auto_str struct str out = STR_MAX(sizeof(shown) - 1);
    struct metrics_query query = { id, NULL, 100, (double)-INFINITY, (double)INFINITY, false };
    assert_int_equal(metrics_json(&f->gw, &query, &out, NULL), 0);
    snprintf(shown, sizeof(shown), "%s", str_text(&out));
    return shown;
}

static void a_log_gives_numbers_and_progress(void **state)
{
    struct fixture *f = *state;
    struct job *job = running(f, NULL);
    give(f, job, "attempt-1.log", 0, " 10%|#  | 10/100 [0:10<1:30, 1it/s, loss=0.5]\r 20%|## | 20/1");
    assert_string_equal(curves(f, job->id),
                        "{\"items\":[{\"name\":\"loss\",\"total\":1,\"steps\":[10],\"values\":[0.5]}]}");
    assert_string_equal(job->progress, "{\"fraction\":0.1,\"eta_s\":90,\"step\":10,\"total\":100}");
    give(f, job, "attempt-1.log", 60, "00 [0:20<1:20, 1it/s, loss=nan]");
    assert_string_equal(job->progress, "{\"fraction\":0.2,\"eta_s\":80,\"step\":20,\"total\":100}");
}

static void what_was_begun_before_a_restart_is_taken_once(void **state)
{
    struct fixture *f = *state;
    struct job *job = running(f, NULL);
    int64_t id = job->id;
    char name[] = "attempt-1.log";
    give(f, job, name, 0, "step=1 loss=4\nstep=2 lo");
    fixture_restart(f);
    job = jobs_find(f->gw.jobs, id);
    give(f, job, name, 23, "ss=3\nstep=3 loss=2\n");
    assert_string_equal(curves(f, id),
                        "{\"items\":[{\"name\":\"loss\",\"total\":3,\"steps\":[1,2,3],\"values\":[4,3,2]}]}");
}

static void an_attempt_of_its_own_begins_anew(void **state)
{
    struct fixture *f = *state;
    struct job *job = running(f, NULL);
    give(f, job, "attempt-1.log", 0, "step 50/100 loss: 1\n");
    fixture_turn(f, 60000);
    give(f, job, "attempt-1.log", 20, "step 60/100 loss: 0.9\n");
    assert_non_null(strstr(job->progress, "\"fraction\":0.6,\"eta_s\":2"));
    give(f, job, "attempt-2.log", 0, "step 10/100 loss: 0.95\n");
    assert_string_equal(job->progress, "{\"fraction\":0.1,\"step\":10,\"total\":100}"); /* no pace yet */
    assert_non_null(strstr(curves(f, job->id), "\"steps\":[50,60,10],\"values\":[1,0.9,0.95]"));
}

static void the_total_of_the_config_makes_steps_progress(void **state)
{
    struct fixture *f = *state;
    struct job *job = running(f, "{\"progress.total\":{\"value\":1000}}");
    give(f, job, "metrics.jsonl", 0, "{\"step\":250,\"loss\":1}\n");
    assert_string_equal(job->progress, "{\"fraction\":0.25,\"step\":250,\"total\":1000}");
}

static void own_patterns_and_files_are_followed(void **state)
{
    struct fixture *f = *state;
    /* PCRE2's compiled patterns read whole words past the text, which valgrind cannot tell from a mistake. */
    struct job *job = running(
        f, "{\"metrics.sources\":{\"value\":[\"csv:code/out/*.csv\",\"regex:(*NO_JIT)L(?<l>\\\\d+)\"]},"
           "\"progress.regex\":{\"value\":\"(*NO_JIT)at (?<percent>\\\\d+)\"}}");
    const struct tick_follow *ask = follow_begin(f->gw.follow, fleet_find(f->gw.fleet, "alder"));
    assert_int_equal(ask->glob_count, 1);
    assert_string_equal(ask->globs[0].pattern, "code/out/*.csv");
    assert_string_equal(ask->globs[0].token, job->token);
    (void)follow_end(f->gw.follow, fleet_find(f->gw.fleet, "alder"), NULL);
    give(f, job, "code/out/a.csv", 0, "step,x\n1,2\n");
    give(f, job, "metrics.jsonl", 0, "{\"y\":1}\n"); /* not among the sources */
    give(f, job, "attempt-1.log", 0, "L5 z=1 at 40\n");
    assert_string_equal(curves(f, job->id),
                        "{\"items\":[{\"name\":\"l\",\"total\":1,\"steps\":[0],\"values\":[5]},"
                        "{\"name\":\"x\",\"total\":1,\"steps\":[1],\"values\":[2]}]}");
    assert_string_equal(job->progress, "{\"fraction\":0.4}");
}

/* It was that of whichever task had spoken last: to and fro, with an ETA of nobody. */
static void a_tasks_progress_is_not_its_arrays(void **state)
{
    struct fixture *f = *state;
    struct job *job = running_tasks(f, NULL, "0-1");
    give(f, job, "attempt-1.0.log", 0, "step 90/100 loss: 1\n");
    give(f, job, "attempt-1.1.log", 0, "step 10/100 loss: 2\n");
    assert_null(job->progress);
    assert_non_null(strstr(curves(f, job->id), "task1/"));
}

static void small_steps_of_progress_are_told_once_a_minute(void **state)
{
    struct fixture *f = *state;
    struct job *job = running(f, NULL);
    give(f, job, "attempt-1.log", 0, "step 1000/10000\n");
    give(f, job, "attempt-1.log", 16, "step 1001/10000\n");
    assert_non_null(strstr(job->progress, "\"step\":1000,"));
    fixture_turn(f, 61000);
    give(f, job, "attempt-1.log", 32, "step 1002/10000\n");
    assert_non_null(strstr(job->progress, "\"step\":1002,"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_log_gives_numbers_and_progress),    TEST(what_was_begun_before_a_restart_is_taken_once),
        TEST(an_attempt_of_its_own_begins_anew),   TEST(the_total_of_the_config_makes_steps_progress),
        TEST(own_patterns_and_files_are_followed), TEST(small_steps_of_progress_are_told_once_a_minute),
        TEST(a_tasks_progress_is_not_its_arrays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
