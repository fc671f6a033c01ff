/* The queue tells an end without its exit code; the code is waited for, not for long.
 * Covers: svc/watch/judge, svc/watch/apply_job, svc/watch/apply_array. */
#include "apply_help.h"

/* A look that began before the job's id was known: neither accounting nor exit files were asked about it. */
static void see_queue(struct fixture *f, const struct seen_job *rows, size_t count, int64_t then_ms)
{
    struct tick_report report = {
        .queue_ok = true, .jobs = rows, .job_count = count, .clock_s = SEEN_ABSENT
    };
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
    fixture_turn(f, then_ms);
}

static void assert_code(struct fixture *f, int64_t id, enum job_state wanted, int64_t code)
{
    auto_job struct job *now = stored(f, id);
    assert_string_equal(job_state_word(now->state), job_state_word(wanted));
    assert_int_equal(now->exit_code, code);
}

static void an_end_by_the_queue_alone_gets_its_code_from_the_next_look(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    struct seen_job rows[] = { row_of(job, SEEN_QUEUE, JOB_STATE_FAILED),
                               row_of(job, SEEN_EXIT_FILE, JOB_STATE_FAILED) };
    rows[1].exit_code = 7;
    see_queue(f, rows, 1, 1000);
    assert_code(f, id, JOB_STATE_SETTLING, JOB_ABSENT);
    assert_non_null(strstr(job->why, "as the queue says")); /* it is not gone from it */
    see_queue(f, rows, 2, 0);
    assert_code(f, id, JOB_STATE_FAILED, 7);
}

static void a_code_that_does_not_come_is_none(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_COMPLETED);
    see_queue(f, &row, 1, 5000);
    see_queue(f, &row, 1, 6000);
    assert_code(f, id, JOB_STATE_SETTLING, JOB_ABSENT);
    see_queue(f, &row, 1, 0);
    assert_code(f, id, JOB_STATE_COMPLETED, JOB_ABSENT);
}

static void what_slurm_cancelled_has_no_code_to_wait_for(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_CANCELLED);
    see_queue(f, &row, 1, 0);
    assert_code(f, id, JOB_STATE_CANCELLED, JOB_ABSENT);
}

/* The queue's rows of two tasks that have ended, the second with code 7, then their exit files. */
static void tell_two_tasks(const struct job *job, struct seen_job rows[4])
{
    for (int i = 0; i < 4; i++) {
        rows[i] =
            row_of(job, i < 2 ? SEEN_QUEUE : SEEN_EXIT_FILE, i % 2 ? JOB_STATE_FAILED : JOB_STATE_COMPLETED);
        rows[i].task = i % 2;
        rows[i].exit_code = i < 2 ? SEEN_ABSENT : 7 * (i % 2);
    }
}

/* Its tasks are told as they end, the array when their codes are known. */
static void an_array_waits_for_the_codes_of_its_tasks(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-1");
    int64_t id = job->id;
    struct seen_job rows[4];
    tell_two_tasks(job, rows);
    see_queue(f, rows, 2, 1000);
    assert_code(f, id, JOB_STATE_SETTLING, JOB_ABSENT);
    see_queue(f, rows, 4, 0);
    assert_code(f, id, JOB_STATE_FAILED, 7);
    auto_job struct job *end = stored(f, id);
    assert_non_null(strstr(end->tasks, "\"exit_code\":0"));
    assert_non_null(strstr(end->tasks, "\"exit_code\":7"));
}

/* Seen on real Slurm under load: the last task is in accounting, those before it still run there. */
static void a_task_that_accounting_is_behind_with_has_the_code_of_its_exit_file(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-1");
    int64_t id = job->id;
    struct seen_job rows[] = { row_of(job, SEEN_QUEUE, JOB_STATE_FAILED),
                               row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING) };
    rows[1].task = 1;
    rows[0].task = 0;
    see_queue(f, rows, 2, 1000);
    struct seen_job ends[] = { rows[0], rows[1], row_of(job, SEEN_ACCOUNTING, JOB_STATE_RUNNING),
                               row_of(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED),
                               row_of(job, SEEN_EXIT_FILE, JOB_STATE_FAILED) };
    ends[1].state = JOB_STATE_COMPLETED;
    ends[2].task = ends[4].task = 0;
    ends[3].task = 1;
    ends[3].exit_code = 0;
    ends[4].exit_code = 7;
    see(f, ends, 5);
    assert_code(f, id, JOB_STATE_FAILED, 7);
}

static void an_array_whose_codes_do_not_come_ends_without(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-1");
    int64_t id = job->id;
    struct seen_job rows[4];
    tell_two_tasks(job, rows);
    see_queue(f, rows, 2, 11000);
    assert_code(f, id, JOB_STATE_SETTLING, JOB_ABSENT);
    see_queue(f, rows, 2, 0);
    assert_code(f, id, JOB_STATE_FAILED, JOB_ABSENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_end_by_the_queue_alone_gets_its_code_from_the_next_look),
        TEST(a_code_that_does_not_come_is_none),
        TEST(what_slurm_cancelled_has_no_code_to_wait_for),
        TEST(an_array_waits_for_the_codes_of_its_tasks),
        TEST(a_task_that_accounting_is_behind_with_has_the_code_of_its_exit_file),
        TEST(an_array_whose_codes_do_not_come_ends_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
