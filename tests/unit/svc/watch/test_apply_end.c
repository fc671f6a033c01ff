/* Ends: whose word counts, and what is no cause of an end. Covers: svc/watch/apply_job, svc/watch/judge. */
#include "apply_help.h"

#include "store/event_store.h"

enum { MINUTE = 60 * 1000, DAY = 24 * 60 * MINUTE };

/* slurmdbd is away. */
static void see_alone(struct fixture *f, const struct seen_job *rows, size_t count, int64_t then_ms)
{
    struct tick_report report = {
        .queue_ok = true, .accounting_asked = true, .jobs = rows, .job_count = count, .clock_s = SEEN_ABSENT
    };
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
    fixture_turn(f, then_ms);
}

static struct seen_job exit_of(const struct job *job, int64_t code)
{
    struct seen_job row = row_of(job, SEEN_EXIT_FILE, code ? JOB_STATE_FAILED : JOB_STATE_COMPLETED);
    row.exit_code = code;
    return row;
}

static void assert_ended(struct fixture *f, int64_t id, enum job_state wanted, int64_t code)
{
    struct job *end = stored(f, id);
    assert_string_equal(job_state_word(end->state), job_state_word(wanted));
    assert_int_equal(end->exit_code, code);
    job_free(end);
}

static void without_accounting_the_queue_knows_the_cause_and_the_file_the_code(void **state)
{
    static const struct {
        enum job_state queue;
        int64_t code;
    } ends[] = { { JOB_STATE_CANCELLED, 143 }, { JOB_STATE_CANCELLED, 0 },       { JOB_STATE_TIMEOUT, 143 },
                 { JOB_STATE_TIMEOUT, 0 },     { JOB_STATE_OUT_OF_MEMORY, 137 }, { JOB_STATE_FAILED, 3 },
                 { JOB_STATE_COMPLETED, 0 } };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct job *job = submitted(f, NULL);
        int64_t id = job->id;
        struct seen_job rows[] = { row_of(job, SEEN_QUEUE, ends[i].queue), exit_of(job, ends[i].code) };
        see_alone(f, rows, 2, 1000);
        bool is_none = ends[i].code == 0 && ends[i].queue != JOB_STATE_COMPLETED;
        assert_ended(f, id, ends[i].queue, is_none ? JOB_ABSENT : ends[i].code);
    }
}

/* sacct has 0:0 for what Slurm ended: no exit status of the job's. What the job's script wrote is one. */
static void nought_beside_an_end_by_slurm_is_no_exit_code(void **state)
{
    static const enum job_state ends[] = { JOB_STATE_TIMEOUT,  JOB_STATE_NODE_FAIL, JOB_STATE_PREEMPTED,
                                           JOB_STATE_DEADLINE, JOB_STATE_CANCELLED, JOB_STATE_OUT_OF_MEMORY,
                                           JOB_STATE_BOOT_FAIL };
    struct fixture *f = *state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(ends); i++) {
        bool has_file = i >= ARRAY_LEN(ends);
        enum job_state wanted = ends[i % ARRAY_LEN(ends)];
        struct job *job = submitted(f, NULL);
        int64_t id = job->id;
        struct seen_job rows[] = { row_of(job, SEEN_ACCOUNTING, wanted), exit_of(job, 143) };
        rows[0].exit_code = 0;
        for (int looks = 0; looks < 2 && jobs_find(f->gw.jobs, id); looks++)
            see(f, rows, 1 + has_file);
        assert_ended(f, id, wanted, has_file ? 143 : JOB_ABSENT);
        auto_job struct job *end = stored(f, id);
        assert_null(strstr(end->attempts, "\"exit_code\":0"));
    }
}

/* 143 is what a time limit, a cancel and a preemption leave alike. */
static void an_end_by_a_signal_waits_for_accounting_to_tell_its_cause(void **state)
{
    struct fixture *f = *state;
    struct job *told = submitted(f, NULL);
    int64_t id = told->id;
    struct seen_job row = exit_of(told, 143);
    see_alone(f, &row, 1, 10 * MINUTE);
    assert_int_equal(told->state, JOB_STATE_SETTLING);
    struct seen_job rows[] = { row_of(told, SEEN_ACCOUNTING, JOB_STATE_TIMEOUT), row };
    see(f, rows, 2);
    assert_ended(f, id, JOB_STATE_TIMEOUT, 143);

    struct job *never = submitted(f, NULL);
    id = never->id;
    row = exit_of(never, 143);
    see_alone(f, &row, 1, 14 * MINUTE);
    see_alone(f, &row, 1, 2 * MINUTE);
    assert_int_equal(never->state, JOB_STATE_SETTLING);
    see_alone(f, &row, 1, 1000);
    assert_ended(f, id, JOB_STATE_FAILED, 143);

    struct job *own = submitted(f, NULL); /* its own exit code needs nobody's word */
    id = own->id;
    row = exit_of(own, 4);
    see_alone(f, &row, 1, 1000);
    assert_ended(f, id, JOB_STATE_FAILED, 4);
}

static void what_we_cancelled_was_cancelled_also_where_only_the_file_knows(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    job->cancel_requested_at_us = 1;
    struct seen_job row = exit_of(job, 143);
    see_alone(f, &row, 1, 20 * MINUTE);
    see_alone(f, &row, 1, 1000);
    assert_ended(f, id, JOB_STATE_CANCELLED, 143);
}

/* slurmctld came back without the job: accounting has it as running for ever (a "runaway"). */
static void a_runaway_ends_by_its_exit_file_or_is_lost(void **state)
{
    struct fixture *f = *state;
    struct job *ended = submitted(f, NULL);
    int64_t id = ended->id;
    struct seen_job rows[] = { row_of(ended, SEEN_ACCOUNTING, JOB_STATE_RUNNING), exit_of(ended, 4) };
    see(f, rows, 2);
    assert_int_equal(ended->state, JOB_STATE_SETTLING);
    fixture_turn(f, 16 * MINUTE);
    see(f, rows, 2);
    assert_ended(f, id, JOB_STATE_FAILED, 4);

    struct job *vanished = submitted(f, NULL);
    id = vanished->id;
    rows[0] = row_of(vanished, SEEN_ACCOUNTING, JOB_STATE_RUNNING);
    see(f, rows, 1);
    fixture_turn(f, 23 * 60 * MINUTE);
    see(f, rows, 1);
    assert_int_equal(vanished->state, JOB_STATE_SETTLING);
    fixture_turn(f, 60 * MINUTE);
    see(f, rows, 1);
    assert_ended(f, id, JOB_STATE_LOST, JOB_ABSENT);
}

/* A payload may remove the directory in which it runs, and with it all that tells of it. A file system may
 * also be away for hours while its job runs on. */
static void a_process_without_its_run_directory_is_lost_after_a_day(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    struct tick_report report = { .queue_ok = true,
                                  .accounting_asked = true,
                                  .accounting_ok = true,
                                  .files_decide = true,
                                  .clock_s = SEEN_ABSENT };
    struct tick_report seen = report;
    seen.jobs = &row;
    seen.job_count = 1;
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &seen);
    for (int hour = 0; hour < 24; hour++) {
        fixture_turn(f, 60 * MINUTE);
        apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
        assert_int_equal(job->state, JOB_STATE_SETTLING);
    }
    fixture_turn(f, 61 * MINUTE);
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
    fixture_turn(f, 0);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_LOST);
    assert_non_null(strstr(end->why, "run directory"));
}

/* A site without slurmdbd: what was cancelled before it started leaves nothing anywhere. */
static void without_accounting_a_job_that_left_nothing_is_lost_after_a_day(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    struct span asked = span_of(job->token);
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_PENDING);
    struct tick_report report = { .queue_ok = true, .clock_s = SEEN_ABSENT }, seen = report;
    seen.jobs = &row;
    seen.job_count = 1;
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &seen);
    report.asked = &asked;
    report.asked_count = 1;
    for (int hour = 0; hour < 24; hour++) {
        fixture_turn(f, 60 * MINUTE);
        apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
        assert_int_equal(job->state, JOB_STATE_SETTLING);
        assert_non_null(strstr(job->why, "there is no accounting"));
    }
    fixture_turn(f, 61 * MINUTE);
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
    fixture_turn(f, 0);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_LOST);
    assert_non_null(strstr(end->why, "there is no accounting"));
}

static void times_that_cannot_be_are_none(void **state)
{
    struct fixture *f = *state;
    static const int64_t times[] = { INT64_MAX, INT64_MAX / 1000, INT64_MIN + 1, -1 };
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        struct job *job = submitted(f, NULL);
        int64_t id = job->id;
        struct seen_job row = exit_of(job, 4);
        row.started_s = row.ended_s = times[i];
        see_alone(f, &row, 1, 1000);
        auto_job struct job *end = stored(f, id);
        assert_int_equal(end->state, JOB_STATE_FAILED);
        assert_int_equal(end->started_at_us, 0);
        assert_true(end->ended_at_us > 0 && end->ended_at_us <= clock_wall_us(f->gw.clock));
    }
}

static void a_released_job_is_held_no_more(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_PENDING);
    row.reason = span_of("JobHeldUser");
    see(f, &row, 1);
    assert_non_null(job->why);
    row.reason = span_of("None"); /* until the scheduler comes to it */
    see(f, &row, 1);
    assert_null(job->reason);
    assert_null(job->why);
}

/* RequeueExitHold of slurm.conf. */
static void an_exit_code_that_holds_a_job_is_told_as_that(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_SPECIAL_EXIT);
    row.reason = span_of("JobHeldUser");
    see(f, &row, 1);
    assert_non_null(strstr(job->why, "exit code"));
    assert_null(strstr(job->why, "by its owner"));
}

/* sacct's Reason is what it waited for last, whatever it ended by. */
static void what_it_waited_for_is_no_cause_of_its_end(void **state)
{
    static const struct {
        const char *reason;
        bool counts;
    } reasons[] = { { "JobHeldUser", false },
                    { "BeginTime", false },
                    { "Priority", false },
                    { "SomethingNew", false },
                    { "NonZeroExitCode", true },
                    { "RaisedSignal:9(Killed)", true },
                    { "DependencyNeverSatisfied", true } };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        struct job *job = submitted(f, NULL);
        int64_t id = job->id;
        struct seen_job row = row_of(job, SEEN_ACCOUNTING, JOB_STATE_CANCELLED);
        row.reason = span_of(reasons[i].reason);
        see(f, &row, 1);
        struct job *end = stored(f, id);
        if (reasons[i].counts)
            assert_string_equal(end->reason, reasons[i].reason);
        else
            assert_null(end->reason);
        assert_int_equal(end->why != NULL, reasons[i].counts);
        job_free(end);
    }
}

/* --kill-on-invalid-dep: sacct says CANCELLED and no reason, squeue has it. A person's scancel is told as
 * that. */
static void a_job_that_slurm_gave_up_says_why(void **state)
{
    struct fixture *f = *state;
    for (int by_hand = 0; by_hand < 2; by_hand++) {
        struct job *job = submitted(f, NULL), *array = submitted(f, "1-2");
        mem_replace_str(&array->sched_id, "8");
        int64_t id = job->id, array_id = array->id;
        struct seen_job rows[4];
        for (int i = 0; i < 4; i++) {
            rows[i] = row_of(i < 2 ? job : array, i % 2 ? SEEN_ACCOUNTING : SEEN_QUEUE, JOB_STATE_CANCELLED);
            rows[i].reason = span_of(i % 2 ? "None" : "DependencyNeverSatisfied");
            rows[i].raw_state = span_of(i % 2 && by_hand ? "CANCELLED by 1036" : "CANCELLED");
            rows[i].sched_id = span_of(i < 2 ? "7" : "8");
        }
        rows[2].tasks = rows[3].tasks = span_of("1-2");
        see(f, rows, 4);
        auto_job struct job *end = stored(f, id);
        auto_job struct job *array_end = stored(f, array_id);
        assert_int_equal(end->state, JOB_STATE_CANCELLED);
        assert_int_equal(array_end->state, JOB_STATE_CANCELLED);
        if (by_hand) {
            assert_null(end->reason);
            assert_null(array_end->reason);
        } else {
            assert_string_equal(end->reason, "DependencyNeverSatisfied");
            assert_string_equal(end->why, "the job it depends on did not end as required");
            assert_string_equal(array_end->reason, "DependencyNeverSatisfied");
            assert_non_null(strstr(array_end->why, "2 of 2 tasks"));
        }
    }
}

/* A supervisor's words are what became of the job. */
static void without_slurm_the_reason_is_the_cause(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    mem_replace_str(&job->scheduler, "process");
    struct seen_job row = row_of(job, SEEN_ACCOUNTING, JOB_STATE_LOST);
    row.reason = span_of("the machine was restarted");
    see(f, &row, 1);
    struct job *end = stored(f, id);
    assert_string_equal(end->why, "the machine was restarted");
    job_free(end);
}

static void who_never_ran_has_no_start(void **state)
{
    struct fixture *f = *state;
    for (int ran = 0; ran < 2; ran++) {
        struct job *job = submitted(f, NULL);
        int64_t id = job->id;
        struct seen_job row = row_of(job, SEEN_ACCOUNTING, JOB_STATE_CANCELLED);
        row.started_s = row.ended_s = 1700000000;
        row.node_list = span_of(ran ? "n1" : "");
        see(f, &row, 1);
        struct job *end = stored(f, id);
        assert_int_equal(end->started_at_us != 0, ran);
        assert_int_not_equal(end->ended_at_us, 0);
        job_free(end);
    }
}

/* --- arrays --- */

static int count_unknown(void *ctx, const struct event_row *row, struct err *err)
{
    (void)err;
    *(int *)ctx += strcmp(row->kind, "unknown") == 0;
    return 0;
}

static void an_array_of_runaways_ends_task_by_task(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-2");
    int64_t id = job->id;
    int unknown = 0;
    struct seen_job rows[] = { row_of(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED),
                               row_of(job, SEEN_ACCOUNTING, JOB_STATE_RUNNING),
                               row_of(job, SEEN_ACCOUNTING, JOB_STATE_RUNNING), exit_of(job, 4) };
    rows[0].exit_code = 0;
    for (int i = 0; i < 3; i++)
        rows[i].task = i;
    rows[3].task = 1;
    see(f, rows, 4);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    fixture_turn(f, 16 * MINUTE);
    for (int i = 0; i < 5; i++)
        see(f, rows, 4);
    assert_string_equal(job->task_counts, "{\"total\":3,\"settling\":1,\"completed\":1,\"failed\":1}");
    struct event_query all = { .job_id = id, .limit = 100 };
    assert_int_equal(event_store_list(f->gw.store, &all, count_unknown, &unknown, NULL), 0);
    assert_int_equal(unknown, 1);
    fixture_turn(f, DAY);
    see(f, rows, 4);
    struct job *end = stored(f, id);
    assert_string_equal(end->task_counts, "{\"total\":3,\"completed\":1,\"failed\":1,\"lost\":1}");
    assert_int_equal(end->state, JOB_STATE_FAILED);
    job_free(end);
}

static void a_task_that_has_ended_does_not_settle_again(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-1");
    struct seen_job rows[] = { row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING),
                               row_of(job, SEEN_QUEUE, JOB_STATE_FAILED), exit_of(job, 3) };
    rows[1].task = rows[2].task = 1;
    rows[0].task = 0;
    see(f, rows, 3);
    assert_non_null(strstr(job->task_counts, "\"failed\":1"));
    rows[0].state = JOB_STATE_FAILED;
    rows[0].task = 0; /* nothing lives: accounting is asked, and knows nothing yet */
    see(f, rows, 2);
    assert_non_null(strstr(job->task_counts, "\"failed\":1"));
}

/* They ended while the gateway was away, longer than the queue remembers. */
static void accounting_is_asked_about_tasks_that_went_while_others_live(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-1");
    struct seen_job rows[] = { row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING),
                               row_of(job, SEEN_ACCOUNTING, JOB_STATE_TIMEOUT) };
    rows[0].task = 0;
    rows[1].task = 1;
    see(f, rows, 1);
    assert_non_null(strstr(job->task_counts, "\"settling\":1"));
    for (int i = 0; i < 3; i++) {
        fleet_nudge(fleet_find(f->gw.fleet, "alder"));
        fixture_turn(f, 1000);
        fixture_until_tick(f);
        assert_int_equal(fake.tick.ask, i != 1); /* not at each look */
        fake.tick.is_open = false;
        fake.tick.tick(fake.tick.ctx, NULL, NULL);
        fixture_turn(f, i ? 6 * MINUTE : 1000);
    }
    struct tick_report report = { .queue_ok = true,
                                  .accounting_asked = true,
                                  .accounting_ok = true,
                                  .asked = &rows[0].token,
                                  .asked_count = 1,
                                  .jobs = rows,
                                  .job_count = 2,
                                  .clock_s = SEEN_ABSENT };
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
    assert_string_equal(job->task_counts, "{\"total\":2,\"running\":1,\"timeout\":1}");
}

/* slurmctld forgot the array, and accounting never heard of it. */
static void nobody_knows_that_a_task_was_cancelled(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-1");
    struct seen_job row = exit_of(job, 0);
    row.task = 0;
    for (int i = 0; i < 10; i++)
        see(f, &row, 1);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    assert_null(strstr(job->task_counts ? job->task_counts : "", "cancelled"));
}

static void the_counts_of_an_array_that_waits_are_those_of_now(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-3");
    struct seen_job rows[] = { row_of(job, SEEN_QUEUE, JOB_STATE_PENDING),
                               row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING) };
    rows[0].tasks = span_of("1-3");
    rows[0].reason = span_of("JobHeldUser");
    rows[1].task = 0;
    see(f, rows, 2);
    assert_non_null(strstr(job->why, "1 of its tasks runs, 3 wait."));
    see(f, rows, 1); /* the one that ran is gone */
    see(f, rows, 1);
    assert_non_null(strstr(job->why, "0 of its tasks run, 3 wait."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_accounting_the_queue_knows_the_cause_and_the_file_the_code),
        TEST(nought_beside_an_end_by_slurm_is_no_exit_code),
        TEST(an_end_by_a_signal_waits_for_accounting_to_tell_its_cause),
        TEST(what_we_cancelled_was_cancelled_also_where_only_the_file_knows),
        TEST(a_runaway_ends_by_its_exit_file_or_is_lost),
        TEST(a_process_without_its_run_directory_is_lost_after_a_day),
        TEST(without_accounting_a_job_that_left_nothing_is_lost_after_a_day),
        TEST(times_that_cannot_be_are_none),
        TEST(a_released_job_is_held_no_more),
        TEST(an_exit_code_that_holds_a_job_is_told_as_that),
        TEST(what_it_waited_for_is_no_cause_of_its_end),
        TEST(a_job_that_slurm_gave_up_says_why),
        TEST(without_slurm_the_reason_is_the_cause),
        TEST(who_never_ran_has_no_start),
        TEST(an_array_of_runaways_ends_task_by_task),
        TEST(a_task_that_has_ended_does_not_settle_again),
        TEST(nobody_knows_that_a_task_was_cancelled),
        TEST(accounting_is_asked_about_tasks_that_went_while_others_live),
        TEST(the_counts_of_an_array_that_waits_are_those_of_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
