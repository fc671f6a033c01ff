/* Attempts: what is another start of a job and what is not. Covers: svc/watch/apply_job. */
#include "apply_help.h"

static void requeue_begins_a_new_attempt_of_the_same_job(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    row.started_s = 1700000010;
    row.node_list = span_of("gpu01");
    see(f, &row, 1);
    row = row_of(job, SEEN_QUEUE, JOB_STATE_PENDING);
    row.reason = span_of("BeginTime");
    see(f, &row, 1);
    assert_int_equal(job->attempt, 2);
    assert_int_equal(job->restarts, 1);
    assert_non_null(strstr(job->attempts, "gpu01"));
    assert_int_equal(job->started_at_us, 0);
}

/* As `scontrol requeue` looks on Slurm 22.05: COMPLETING for a while, its start the second of each look. */
static void a_requeue_seen_while_it_completes_is_one(void **state)
{
    static const enum job_state states[] = { JOB_STATE_RUNNING, JOB_STATE_COMPLETING, JOB_STATE_COMPLETING,
                                             JOB_STATE_PENDING, JOB_STATE_RUNNING };
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    for (int i = 0; i < 5; i++) {
        struct seen_job row = row_of(job, SEEN_QUEUE, states[i]);
        row.started_s = 1700000000 + 10 * i;
        see(f, &row, 1);
        assert_int_equal(job->attempt, i < 3 ? 1 : 2);
        assert_int_equal(job->started_at_us, i < 3    ? 1700000000 * US_PER_S
                                             : i == 3 ? 0
                                                      : row.started_s * US_PER_S);
    }
}

static void restart_between_two_ticks_is_seen_by_its_start(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    row.started_s = 1700000010;
    see(f, &row, 1);
    row.started_s = 1700000100;
    see(f, &row, 1);
    assert_int_equal(job->attempt, 2);
}

/* slurmctld: "Resetting JobId=7 start time for node power up". */
static void nodes_that_had_to_start_are_no_restart(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_CONFIGURING);
    row.started_s = 1700000000;
    see(f, &row, 1);
    row.state = JOB_STATE_RUNNING;
    row.started_s += 240;
    see(f, &row, 1);
    assert_int_equal(job->attempt, 1);
    assert_int_equal(job->started_at_us, INT64_C(1700000240) * US_PER_S);
    row.started_s += 240; /* this is one */
    see(f, &row, 1);
    assert_int_equal(job->attempt, 2);
}

/* The first look knows the start by the clock it began with, and starting many takes a while; a supervisor
 * may also give up before its payload ran. */
static void attempts_that_nobody_saw_are_counted(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    row.started_s = 1700000300;
    row.restarts = 1; /* attempt-2.log is there */
    see(f, &row, 1);
    assert_int_equal(job->attempt, 2);
    assert_int_equal(job->started_at_us, INT64_C(1700000300) * US_PER_S);
    see(f, &row, 1);
    row.restarts = INT64_MAX - 1; /* somebody made a file of such a name */
    see(f, &row, 1);
    assert_int_equal(job->attempt, 2);
    row = row_of(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED);
    row.restarts = 2;
    row.started_s = 1700000900;
    row.ended_s = 1700001000;
    row.exit_code = 0;
    see(f, &row, 1);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_COMPLETED);
    assert_int_equal(end->attempt, 3);
    assert_int_equal(end->restarts, 2);
}

static void a_process_has_one_attempt_whatever_its_start_does(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    struct tick_report report = { .queue_ok = true,
                                  .accounting_ok = true,
                                  .files_decide = true,
                                  .jobs = &row,
                                  .job_count = 1,
                                  .clock_s = SEEN_ABSENT };
    static const struct {
        enum job_state state;
        int64_t started_s;
    } looks[] = { { JOB_STATE_RUNNING, 1700000010 },
                  { JOB_STATE_PENDING, SEEN_ABSENT },
                  { JOB_STATE_RUNNING, 1700000020 },
                  { JOB_STATE_RUNNING, 1700000030 } };
    for (size_t i = 0; i < ARRAY_LEN(looks); i++) {
        row.state = looks[i].state;
        row.started_s = looks[i].started_s;
        apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
        fixture_turn(f, 0);
        assert_int_equal(job->state, row.state);
        assert_int_equal(job->started_at_us, row.started_s == SEEN_ABSENT ? 0 : row.started_s * US_PER_S);
    }
    row = row_of(job, SEEN_EXIT_FILE, JOB_STATE_COMPLETED);
    row.exit_code = 0;
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
    fixture_turn(f, 0);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_COMPLETED);
    assert_int_equal(end->attempt, 1);
}

/* Accounting that lags tells the first attempt's end while the second is over already. */
static void end_of_an_earlier_attempt_is_not_the_end_of_a_later_one(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    see(f, &row, 1);
    row.state = JOB_STATE_PENDING;
    see(f, &row, 1);
    assert_int_equal(job->attempt, 2);
    struct seen_job old[] = { row_of(job, SEEN_ACCOUNTING, JOB_STATE_PREEMPTED),
                              row_of(job, SEEN_EXIT_FILE, JOB_STATE_FAILED) };
    for (int polls = 0; polls < 3; polls++) {
        see(f, old, 2);
        assert_int_equal(job->state, JOB_STATE_SETTLING);
    }
    struct seen_job both[] = { old[0], row_of(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED) };
    both[1].restarts = 1;
    see(f, both, 2);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_COMPLETED);
    assert_int_equal(end->attempt, 2);
}

/* A day later no other word will come. */
static void end_of_an_earlier_attempt_is_taken_where_the_job_would_be_lost(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    job->attempt = 2;
    struct seen_job old = row_of(job, SEEN_ACCOUNTING, JOB_STATE_PREEMPTED);
    see(f, &old, 1);
    see(f, &old, 1);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    fixture_turn(f, INT64_C(25) * 60 * 60 * 1000);
    see(f, &old, 1);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_PREEMPTED);
}

static void node_failure_waits_a_poll_for_a_requeue(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    struct seen_job row = row_of(job, SEEN_ACCOUNTING, JOB_STATE_NODE_FAIL);
    see(f, &row, 1);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    see(f, &row, 1);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_NODE_FAIL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(requeue_begins_a_new_attempt_of_the_same_job),
        TEST(a_requeue_seen_while_it_completes_is_one),
        TEST(restart_between_two_ticks_is_seen_by_its_start),
        TEST(nodes_that_had_to_start_are_no_restart),
        TEST(attempts_that_nobody_saw_are_counted),
        TEST(a_process_has_one_attempt_whatever_its_start_does),
        TEST(end_of_an_earlier_attempt_is_not_the_end_of_a_later_one),
        TEST(end_of_an_earlier_attempt_is_taken_where_the_job_would_be_lost),
        TEST(node_failure_waits_a_poll_for_a_requeue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
