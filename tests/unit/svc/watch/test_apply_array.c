/* Covers: svc/watch/apply_array, svc/watch/array_tasks. */
#include "apply_help.h"

#include "svc/watch/array_tasks.h"

static void preempted_task_waits_a_poll_for_its_requeue(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-1");
    struct seen_job rows[] = { row_of(job, SEEN_ACCOUNTING, JOB_STATE_PREEMPTED),
                               row_of(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED) };
    rows[0].task = 0;
    rows[1].task = 1;
    see(f, rows, 2);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    rows[0].source = SEEN_QUEUE;
    rows[0].state = JOB_STATE_RUNNING;
    see(f, rows, 2);
    assert_int_equal(job->state, JOB_STATE_RUNNING);
}

static void what_an_array_waits_for_has_numbers(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-9%4");
    job->gpus = 2;
    struct cluster *cluster = fleet_find(f->gw.fleet, "alder");
    fleet_keep_limits(cluster,
                      SPAN_LIT("{\"qos\":[{\"name\":\"high\",\"max_tres_per_user\":\"gres/gpu=8\"}]}"));
    struct seen_job waiting = row_of(job, SEEN_QUEUE, JOB_STATE_PENDING), running[4];
    waiting.tasks = span_of("0-9%4");
    waiting.reason = span_of("Priority");
    waiting.partition = span_of("gpu");
    waiting.qos = span_of("high");
    see(f, &waiting, 1);
    assert_string_equal(job->reason, "Priority");
    assert_string_equal(job->partition, "gpu");
    assert_string_equal(job->why, "Jobs of higher priority stand before it. 0 of its tasks run, 10 wait.");
    waiting.tasks = span_of("4-9%4");
    waiting.reason = span_of("QOSMaxGRESPerUser");
    for (int i = 0; i < 4; i++) {
        running[i] = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
        running[i].task = i;
        running[i].qos = waiting.qos;
    }
    see(f, (struct seen_job[]){ waiting, running[0], running[1], running[2], running[3] }, 5);
    assert_int_equal(job->state, JOB_STATE_RUNNING);
    assert_string_equal(job->why,
                        "You use as many GPUs as the QOS allows a user. 4 of its tasks run, 6 wait. Each of "
                        "its tasks asks for 2 GPUs; QOS high allows 8; this gateway's jobs that run hold 8.");
    see(f, running, 4); /* what waited is gone: nothing is waited for */
    assert_null(job->reason);
}

static void array_is_made_of_its_tasks(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-3%2");
    int64_t id = job->id;
    struct seen_job waiting = row_of(job, SEEN_QUEUE, JOB_STATE_PENDING);
    waiting.tasks = span_of("2-3%2");
    struct seen_job running = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING), done = running;
    running.task = 1;
    done = row_of(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED);
    done.task = 0;
    see(f, (struct seen_job[]){ waiting, running, done }, 3);
    assert_int_equal(job->state, JOB_STATE_RUNNING);
    assert_string_equal(job->task_counts, "{\"total\":4,\"pending\":2,\"running\":1,\"completed\":1}");

    struct seen_job ends[4];
    for (int i = 0; i < 4; i++) {
        ends[i] = row_of(job, SEEN_ACCOUNTING, i == 2 ? JOB_STATE_FAILED : JOB_STATE_COMPLETED);
        ends[i].task = i;
        ends[i].exit_code = i == 2;
    }
    see(f, ends, 4);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_FAILED);
    assert_string_equal(end->why, "1 of 4 tasks did not complete");
    assert_int_equal(end->exit_code, 1);
}

static void a_task_that_the_queue_saw_end_gets_its_code_from_accounting(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-1");
    int64_t id = job->id;
    struct seen_job rows[] = { row_of(job, SEEN_QUEUE, JOB_STATE_COMPLETED),
                               row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING) };
    rows[0].task = 0;
    rows[0].exit_code = SEEN_ABSENT;
    rows[1].task = 1;
    struct tick_report report = { .queue_ok = true, .jobs = rows, .job_count = 2, .clock_s = SEEN_ABSENT };
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
    fixture_turn(f, 0);
    struct seen_job ends[] = { row_of(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED),
                               row_of(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED) };
    for (int i = 0; i < 2; i++) {
        ends[i].task = i;
        ends[i].exit_code = 0;
    }
    see(f, ends, 2);
    auto_job struct job *end = stored(f, id);
    assert_non_null(strstr(end->tasks, "\"task\":0,\"state\":\"completed\""));
    const char *first = strstr(end->tasks, "\"exit_code\":0");
    assert_non_null(first);
    assert_non_null(strstr(first + 1, "\"exit_code\":0"));
}

static void array_task_missing_from_everywhere_settles(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-1");
    struct seen_job first = row_of(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED);
    first.task = 0;
    see(f, &first, 1);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    struct seen_job second = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    second.task = 1;
    see(f, &second, 1);
    assert_int_equal(job->state, JOB_STATE_RUNNING);
}

static void an_array_cancelled_before_it_started_ends(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-9");
    int64_t id = job->id;
    struct seen_job waiting = row_of(job, SEEN_QUEUE, JOB_STATE_PENDING);
    waiting.tasks = span_of("0-9");
    see(f, &waiting, 1);
    struct seen_job both[] = { row_of(job, SEEN_QUEUE, JOB_STATE_CANCELLED), /* "7 CANCELLED", no task */
                               row_of(job, SEEN_ACCOUNTING, JOB_STATE_CANCELLED) };
    see(f, both, 2);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_CANCELLED);
    assert_string_equal(end->task_counts, "{\"total\":10,\"cancelled\":10}");
}

static void tasks_cancelled_as_a_range_end_and_those_that_ran_keep_their_end(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-4");
    int64_t id = job->id;
    struct seen_job rest = row_of(job, SEEN_ACCOUNTING, JOB_STATE_CANCELLED), done = rest;
    rest.tasks = span_of("0-1,3-4");
    done = row_of(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED);
    done.task = 2;
    done.exit_code = 0;
    see(f, (struct seen_job[]){ done, rest }, 2);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_CANCELLED);
    assert_string_equal(end->task_counts, "{\"total\":5,\"completed\":1,\"cancelled\":4}");
    assert_int_equal(end->exit_code, JOB_ABSENT); /* not task 2's */
}

static void a_waiting_task_that_left_no_record_was_cancelled_one_that_ran_was_not(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-2");
    int64_t id = job->id;
    struct seen_job ran = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING), done;
    ran.task = 1;
    ran.started_s = f->clock.wall / US_PER_S;
    see(f, &ran, 1);
    ran.state = JOB_STATE_COMPLETING; /* squeue may tell the present second as the start of such a one */
    int64_t start_us = ran.started_s * US_PER_S;
    ran.started_s += 100;
    see(f, &ran, 1);
    assert_int_equal(job->started_at_us, start_us);
    done = row_of(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED);
    done.task = 0;
    see(f, &done, 1);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    fixture_turn(f, 3600 * 1000);
    see(f, &done, 1);
    assert_int_equal(job->state, JOB_STATE_SETTLING); /* 1 ran: its end is awaited */
    struct seen_job two[] = { done, row_of(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED) };
    two[1].task = 1;
    see(f, two, 2);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_CANCELLED);
    assert_string_equal(end->why, "1 of 3 tasks did not complete");
}

static void the_end_of_a_tasks_earlier_attempt_is_not_its_end(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-1");
    struct seen_job rows[] = { row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING),
                               row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING) };
    rows[0].task = 0;
    rows[1].task = 1;
    rows[1].started_s = 1700000500; /* once more, after a node failed under it */
    see(f, rows, 2);
    rows[1] = row_of(job, SEEN_ACCOUNTING, JOB_STATE_FAILED);
    rows[1].task = 1;
    rows[1].started_s = 1700000000;
    rows[1].ended_s = 1700000100;
    rows[1].exit_code = 9;
    for (int i = 0; i < 3; i++)
        see(f, rows, 2);
    assert_string_equal(job->task_counts, "{\"total\":2,\"running\":1,\"settling\":1}");
    rows[1].ended_s = 1700000600;
    see(f, rows, 2);
    assert_string_equal(job->task_counts, "{\"total\":2,\"running\":1,\"failed\":1}");
}

/* While a task lives the tick asks accounting about other jobs alone. */
static void an_ended_task_stays_so_whatever_other_jobs_do(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-1");
    struct seen_job rows[] = { row_of(job, SEEN_QUEUE, JOB_STATE_COMPLETED),
                               row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING) };
    rows[0].task = 0;
    rows[1].task = 1;
    for (int i = 0; i < 4; i++) {
        struct tick_report report = { .queue_ok = true,
                                      .accounting_asked = i % 2,
                                      .accounting_ok = i % 2,
                                      .jobs = rows,
                                      .job_count = 2,
                                      .clock_s = SEEN_ABSENT };
        apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
        fixture_turn(f, 30000);
        assert_string_equal(job->task_counts, "{\"total\":2,\"running\":1,\"completed\":1}");
    }
}

/* As one document their list would need more memory than a request may. */
static void the_largest_array_comes_to_its_end(void **state)
{
    enum { TASKS = 100000 };
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-99999");
    int64_t id = job->id;
    struct seen_job *rows = mem_zalloc(TASKS * sizeof(*rows));
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < TASKS; i++) {
            bool has_ended = i || turn;
            rows[i] = row_of(job, has_ended ? SEEN_ACCOUNTING : SEEN_QUEUE,
                             has_ended ? JOB_STATE_COMPLETED : JOB_STATE_RUNNING);
            rows[i].task = i;
            rows[i].started_s = 1700000000;
            rows[i].ended_s = has_ended ? 1700000100 : SEEN_ABSENT;
            rows[i].exit_code = has_ended ? 0 : SEEN_ABSENT;
            rows[i].node_list = span_of("n\"}]");
        }
        see(f, rows, TASKS);
    }
    free(rows);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_COMPLETED);
    assert_string_equal(end->task_counts, "{\"total\":100000,\"completed\":100000}");
}

/* Beside their nodes' names the list would be too large for the store, and the end lost. */
static void the_largest_array_on_nodes_with_long_names_is_stored(void **state)
{
    enum { TASKS = 100000 };
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-99999");
    int64_t id = job->id;
    auto_free struct seen_job *rows = mem_zalloc(TASKS * sizeof(*rows));
    for (int i = 0; i < TASKS; i++) {
        rows[i] = row_of(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED);
        rows[i].task = i;
        rows[i].started_s = 1700000000;
        rows[i].ended_s = 1700000100;
        rows[i].exit_code = 0;
        rows[i].node_list = span_of("gpu-a100-0123.hpc.cluster.example.edu");
    }
    see(f, rows, TASKS);
    assert_null(jobs_find(f->gw.jobs, id));
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_COMPLETED);
    assert_true(strlen(end->tasks) < 12 * 1024 * 1024);
}

/* A task that requeued itself and left by itself, with 0; the queue and accounting have nothing of what came
 * then. */
static void the_exit_file_of_a_tasks_earlier_attempt_is_not_its_end(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-1");
    struct seen_job rows[] = { row_of(job, SEEN_QUEUE, JOB_STATE_COMPLETED),
                               row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING) };
    struct seen_job file = row_of(job, SEEN_EXIT_FILE, JOB_STATE_COMPLETED);
    rows[1].task = file.task = 1;
    rows[0].task = 0;
    file.exit_code = rows[0].exit_code = 0;
    see(f, rows, 2);
    rows[1].state = JOB_STATE_PENDING;
    see(f, rows, 2);
    assert_int_equal(tasks_attempt(job, 1), 2);
    see(f, &file, 1);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    struct seen_job end = row_of(job, SEEN_ACCOUNTING, JOB_STATE_CANCELLED);
    end.task = end.restarts = 1; /* sacct -D tells both attempts */
    int64_t id = job->id;
    see(f, &end, 1);
    job = stored(f, id);
    assert_int_equal(job->state, JOB_STATE_CANCELLED);
    job_free(job);
}

static void a_task_has_attempts_of_its_own(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-1");
    struct seen_job rows[] = { row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING),
                               row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING) };
    rows[0].task = 0;
    rows[1].task = 1;
    rows[0].started_s = rows[1].started_s = 1700000000;
    see(f, rows, 2);
    assert_int_equal(tasks_attempt(job, 1), 1);
    rows[1].restarts = 1; /* attempt-2.1.log is there */
    rows[1].started_s = 1700000200;
    see(f, rows, 2);
    assert_int_equal(tasks_attempt(job, 0), 1);
    assert_int_equal(tasks_attempt(job, 1), 2);
    assert_int_equal(tasks_attempt(job, 7), 1);
    assert_non_null(strstr(job->tasks, "\"task\":1,\"state\":\"running\",\"attempt\":2,"
                                       "\"started_at\":\"2023-11-14T22:16:40"));
    rows[1].restarts = INT64_MAX - 1; /* somebody made a file of such a name */
    rows[0].started_s = 1700000500;   /* seen by its start alone: its log has not begun */
    see(f, rows, 2);
    assert_int_equal(tasks_attempt(job, 1), 2);
    assert_int_equal(tasks_attempt(job, 0), 1);
    assert_non_null(strstr(job->tasks, "\"started_at\":\"2023-11-14T22:21:40"));
}

static void who_never_ran_has_no_start_and_who_was_cancelled_is_known(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-1");
    mem_replace_str(&job->tasks, "[{\"task\":0,\"state\":\"pending\",\"cancel_requested\":true}]");
    struct seen_job rows[] = { row_of(job, SEEN_ACCOUNTING, JOB_STATE_CANCELLED),
                               row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING) };
    rows[0].task = 0;
    rows[1].task = 1;
    rows[0].started_s = rows[0].ended_s = 1700000000;
    see(f, rows, 2);
    assert_non_null(strstr(job->tasks, "{\"task\":0,\"state\":\"cancelled\",\"ended_at\":"));
    assert_non_null(strstr(job->tasks, "\"cancel_requested\":true"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_largest_array_on_nodes_with_long_names_is_stored),
        TEST(the_exit_file_of_a_tasks_earlier_attempt_is_not_its_end),
        TEST(a_task_has_attempts_of_its_own),
        TEST(who_never_ran_has_no_start_and_who_was_cancelled_is_known),
        TEST(preempted_task_waits_a_poll_for_its_requeue),
        TEST(what_an_array_waits_for_has_numbers),
        TEST(array_is_made_of_its_tasks),
        TEST(a_task_that_the_queue_saw_end_gets_its_code_from_accounting),
        TEST(array_task_missing_from_everywhere_settles),
        TEST(an_array_cancelled_before_it_started_ends),
        TEST(tasks_cancelled_as_a_range_end_and_those_that_ran_keep_their_end),
        TEST(a_waiting_task_that_left_no_record_was_cancelled_one_that_ran_was_not),
        TEST(the_end_of_a_tasks_earlier_attempt_is_not_its_end),
        TEST(an_ended_task_stays_so_whatever_other_jobs_do),
        TEST(the_largest_array_comes_to_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
