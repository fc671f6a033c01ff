/* Ends, attempts and cancels of an array's tasks, where queue, accounting and exit files differ.
 * Covers: svc/watch/apply_array, svc/watch/apply_job. */
#include "apply_help.h"

#include "svc/watch/array_tasks.h"

static struct seen_job task_row(const struct job *job, enum seen_source source, enum job_state state,
                                int64_t task)
{
    struct seen_job row = row_of(job, source, state);
    row.task = task;
    return row;
}

/* No accounting is there to be asked. */
static void see_without_accounting(struct fixture *f, const struct seen_job *rows, size_t count)
{
    struct tick_report report = {
        .queue_ok = true, .jobs = rows, .job_count = count, .clock_s = SEEN_ABSENT
    };
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
    fixture_turn(f, 1000);
}

static void assert_counts(struct fixture *f, int64_t id, const char *wanted)
{
    auto_job struct job *now = stored(f, id);
    assert_string_equal(now->task_counts, wanted);
}

static void what_the_queue_told_of_a_task_outlives_its_memory(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-2");
    int64_t id = job->id;
    struct seen_job rows[] = { task_row(job, SEEN_QUEUE, JOB_STATE_TIMEOUT, 0),
                               task_row(job, SEEN_QUEUE, JOB_STATE_CANCELLED, 1),
                               task_row(job, SEEN_QUEUE, JOB_STATE_RUNNING, 2) };
    see_without_accounting(f, rows, 3);
    see_without_accounting(f, rows + 2, 1); /* MinJobAge is over */
    struct seen_job ends[] = { task_row(job, SEEN_QUEUE, JOB_STATE_COMPLETED, 2),
                               task_row(job, SEEN_EXIT_FILE, JOB_STATE_FAILED, 0),
                               task_row(job, SEEN_EXIT_FILE, JOB_STATE_COMPLETED, 1),
                               task_row(job, SEEN_EXIT_FILE, JOB_STATE_COMPLETED, 2) };
    ends[1].exit_code = 143;
    ends[2].exit_code = ends[3].exit_code = 0;
    see_without_accounting(f, ends, 4);
    assert_counts(f, id, "{\"total\":3,\"completed\":1,\"cancelled\":1,\"timeout\":1}");
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->exit_code, 143);
}

static void a_task_whose_cancel_we_asked_for_was_cancelled(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-1");
    int64_t id = job->id;
    mem_replace_str(&job->tasks, "[{\"task\":0,\"state\":\"running\",\"cancel_requested\":true}]");
    struct seen_job ends[] = { task_row(job, SEEN_EXIT_FILE, JOB_STATE_FAILED, 0),
                               task_row(job, SEEN_EXIT_FILE, JOB_STATE_FAILED, 1) };
    ends[0].exit_code = ends[1].exit_code = 143;
    see_without_accounting(f, ends, 2);
    assert_counts(f, id, "{\"total\":2,\"failed\":1,\"cancelled\":1}");
}

static void an_array_whose_cancel_we_asked_for_was_cancelled(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-1");
    int64_t id = job->id;
    job->cancel_requested_at_us = f->clock.wall;
    struct seen_job ends[] = { task_row(job, SEEN_EXIT_FILE, JOB_STATE_FAILED, 0),
                               task_row(job, SEEN_EXIT_FILE, JOB_STATE_COMPLETED, 1) };
    ends[0].exit_code = 143;
    ends[1].exit_code = 0;
    see_without_accounting(f, ends, 2);
    assert_counts(f, id, "{\"total\":2,\"completed\":1,\"cancelled\":1}");
}

static void a_tasks_failure_without_a_cause_waits_for_it(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-1");
    int64_t id = job->id;
    struct seen_job ends[] = { task_row(job, SEEN_ACCOUNTING, JOB_STATE_FAILED, 0),
                               task_row(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED, 1) };
    ends[0].exit_code = ends[1].exit_code = 0;
    see(f, ends, 2);
    assert_counts(f, id, "{\"total\":2,\"settling\":1,\"completed\":1}");
    ends[0].exit_code = 0;
    ends[0].signal = 9;
    see(f, ends, 2);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_FAILED);
    assert_non_null(strstr(end->tasks, "\"signal\":9"));
}

/* "7 CANCELLED" is the row of those that waited; one that ran and was forgotten is not among them. */
static void the_cancel_of_those_that_wait_is_not_the_end_of_one_that_ran(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-3");
    int64_t id = job->id;
    struct seen_job rows[] = { task_row(job, SEEN_QUEUE, JOB_STATE_RUNNING, 0),
                               row_of(job, SEEN_QUEUE, JOB_STATE_PENDING) };
    rows[0].started_s = 1700000000;
    rows[1].tasks = span_of("1-3");
    see_without_accounting(f, rows, 2);
    rows[1].tasks = span_of("2-3"); /* 1 ran meanwhile, unseen */
    see_without_accounting(f, rows + 1, 1);
    struct seen_job ends[] = { row_of(job, SEEN_QUEUE, JOB_STATE_CANCELLED),
                               task_row(job, SEEN_EXIT_FILE, JOB_STATE_COMPLETED, 0),
                               task_row(job, SEEN_EXIT_FILE, JOB_STATE_COMPLETED, 1) };
    ends[1].exit_code = ends[2].exit_code = 0;
    see_without_accounting(f, ends, 3);
    assert_counts(f, id, "{\"total\":4,\"completed\":2,\"cancelled\":2}");
}

/* Seen on real Slurm 22.05: "34_[3-4%2] CANCELLED" in accounting, where 34_3 came seconds later. */
static void a_range_in_accounting_names_tasks_that_ran(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "2-4");
    int64_t id = job->id;
    struct seen_job rows[] = { task_row(job, SEEN_QUEUE, JOB_STATE_CANCELLED, 4),
                               task_row(job, SEEN_QUEUE, JOB_STATE_COMPLETED, 3),
                               task_row(job, SEEN_QUEUE, JOB_STATE_FAILED, 2),
                               row_of(job, SEEN_ACCOUNTING, JOB_STATE_CANCELLED),
                               task_row(job, SEEN_EXIT_FILE, JOB_STATE_COMPLETED, 3),
                               task_row(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED, 3),
                               task_row(job, SEEN_ACCOUNTING, JOB_STATE_FAILED, 2) };
    rows[1].node_list = rows[2].node_list = span_of("a1");
    rows[3].tasks = span_of("2-4%2");
    rows[4].exit_code = rows[5].exit_code = 0;
    rows[6].signal = 9;
    see(f, rows, 5);
    assert_counts(f, id, "{\"total\":3,\"settling\":2,\"cancelled\":1}");
    see(f, rows, 7);
    assert_counts(f, id, "{\"total\":3,\"completed\":1,\"failed\":1,\"cancelled\":1}");
}

static void our_clock_set_back_hides_no_end_of_a_task(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-0");
    int64_t id = job->id, start_s = f->clock.wall / US_PER_S;
    struct cluster *cluster = fleet_find(f->gw.fleet, "alder");
    struct seen_job row = task_row(job, SEEN_QUEUE, JOB_STATE_RUNNING, 0);
    row.started_s = start_s;
    see(f, &row, 1);
    cluster->has_skew = true;
    cluster->clock_skew_s = 86400; /* and last_skew_s the same from the look after this on */
    see(f, &row, 1);
    cluster->last_skew_s = 86400;
    see(f, &row, 1);
    row = task_row(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED, 0);
    row.started_s = start_s;
    row.ended_s = start_s + 100;
    row.exit_code = 0;
    see(f, &row, 1);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_COMPLETED);
}

static void a_look_without_a_queue_ends_no_array_that_waits_for_codes(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-0");
    int64_t id = job->id;
    struct seen_job rows[] = { task_row(job, SEEN_QUEUE, JOB_STATE_FAILED, 0),
                               task_row(job, SEEN_EXIT_FILE, JOB_STATE_FAILED, 0) };
    rows[1].exit_code = 7;
    see_without_accounting(f, rows, 1);
    struct tick_report report = { .queue_error = "timed out", .clock_s = SEEN_ABSENT };
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
    fixture_turn(f, 20000);
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
    fixture_turn(f, 1000);
    see_without_accounting(f, rows, 2);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_FAILED);
    assert_int_equal(end->exit_code, 7);
}

static void a_task_that_waits_again_is_on_no_node(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-1");
    struct seen_job rows[] = { task_row(job, SEEN_QUEUE, JOB_STATE_RUNNING, 0),
                               task_row(job, SEEN_QUEUE, JOB_STATE_RUNNING, 1) };
    rows[1].node_list = span_of("a1");
    rows[1].started_s = 1700000000;
    see(f, rows, 2);
    rows[1] = task_row(job, SEEN_QUEUE, JOB_STATE_PENDING, 1);
    see(f, rows, 2);
    assert_null(strstr(job->tasks, "\"a1\""));
    rows[1] = task_row(job, SEEN_ACCOUNTING, JOB_STATE_CANCELLED, 1);
    rows[1].started_s = rows[1].ended_s = 1700000900;
    rows[1].restarts = 1;
    see(f, rows, 2);
    assert_null(strstr(job->tasks, "started_at"));
}

/* It was seen to wait again; accounting is behind and knows the attempt before alone. */
static void the_end_of_an_attempt_before_one_that_waited_is_not_its_end(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-1");
    int64_t id = job->id;
    struct seen_job rows[] = { task_row(job, SEEN_QUEUE, JOB_STATE_RUNNING, 0),
                               task_row(job, SEEN_QUEUE, JOB_STATE_RUNNING, 1) };
    see(f, rows, 2);
    rows[1].state = JOB_STATE_PENDING;
    see(f, rows, 2);
    assert_int_equal(tasks_attempt(job, 1), 2);
    struct seen_job ends[] = { task_row(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED, 0),
                               task_row(job, SEEN_ACCOUNTING, JOB_STATE_PREEMPTED, 1),
                               task_row(job, SEEN_QUEUE, JOB_STATE_COMPLETED, 1),
                               task_row(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED, 1) };
    for (int i = 0; i < 4; i++)
        ends[i].exit_code = i == 2 ? SEEN_ABSENT : 0;
    see(f, ends, 3);
    see(f, ends, 3);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    ends[3].submitted_s = 1;
    ends[3].restarts = 1;
    see(f, ends, 4);
    assert_counts(f, id, "{\"total\":2,\"completed\":2}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_the_queue_told_of_a_task_outlives_its_memory),
        TEST(a_task_whose_cancel_we_asked_for_was_cancelled),
        TEST(an_array_whose_cancel_we_asked_for_was_cancelled),
        TEST(a_tasks_failure_without_a_cause_waits_for_it),
        TEST(the_cancel_of_those_that_wait_is_not_the_end_of_one_that_ran),
        TEST(a_range_in_accounting_names_tasks_that_ran),
        TEST(our_clock_set_back_hides_no_end_of_a_task),
        TEST(a_look_without_a_queue_ends_no_array_that_waits_for_codes),
        TEST(a_task_that_waits_again_is_on_no_node),
        TEST(the_end_of_an_attempt_before_one_that_waited_is_not_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
