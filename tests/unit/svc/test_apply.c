/* Covers: svc/apply_job, svc/apply_array, svc/array_tasks, svc/fleet_clock. */
#include "fixture_group.h"

#include "store/event_store.h"
#include "svc/apply.h"

#define LIVE(word)                                                                                         \
    {                                                                                                      \
        .source = SEEN_QUEUE, .sched_id = { "7", 1 }, .task = -1, .raw_state = { word, sizeof(word) - 1 }, \
        .submitted_s = SEEN_ABSENT, .eligible_s = SEEN_ABSENT, .started_s = SEEN_ABSENT,                   \
        .ended_s = SEEN_ABSENT, .exit_code = SEEN_ABSENT, .signal = SEEN_ABSENT,                           \
        .max_rss_bytes = SEEN_ABSENT, .cpu_s = SEEN_ABSENT,                                                \
    }

static struct seen_job row_of(const struct job *job, enum seen_source source, enum job_state state)
{
    struct seen_job row = LIVE("");
    row.token = span_of(job->token);
    row.source = source;
    row.state = state;
    row.raw_state = span_of(job_state_word(state));
    return row;
}

static struct job *submitted(struct fixture *f, const char *array)
{
    struct job *job = fixture_job(f, array);
    job->phase = PHASE_SUBMITTED;
    job->confirmed = true;
    mem_replace_str(&job->sched_id, "7");
    mem_replace_str(&job->source, "receipt");
    jobs_enter(f->gw.jobs, job, JOB_STATE_PENDING, NULL);
    fixture_turn(f, 0);
    return job;
}

/* A good tick with these rows; accounting answered. */
static void see(struct fixture *f, const struct seen_job *rows, size_t count)
{
    struct tick_report report = { .queue_ok = true,
                                  .accounting_ok = true,
                                  .accounting_asked = true,
                                  .jobs = rows,
                                  .job_count = count,
                                  .clock_s = SEEN_ABSENT };
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
    fixture_turn(f, 30000);
}

static struct job *stored(struct fixture *f, int64_t id)
{
    struct job *job = NULL;
    assert_int_equal(job_store_get(f->gw.store, id, &job, NULL), 0);
    return job;
}

static void state_of_the_queue_is_taken_with_its_reason_in_words(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_PENDING);
    row.reason = span_of("Resources");
    see(f, &row, 1);
    assert_int_equal(job->state, JOB_STATE_PENDING);
    assert_string_equal(job->reason, "Resources");
    assert_non_null(job->why);
    assert_string_equal(job->source, "squeue");
}

static int keep_state(void *ctx, const struct event_row *row, struct err *err)
{
    (void)err;
    struct str *last = ctx;
    if (row->job_id && strcmp(row->kind, "state") == 0) {
        str_cut(last, 0);
        str_add(last, row->data);
    }
    return 0;
}

static void a_change_of_state_is_told_with_what_it_waits_for(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    see(f, &row, 1);
    row = row_of(job, SEEN_QUEUE, JOB_STATE_PENDING); /* requeued */
    row.reason = span_of("Priority");
    see(f, &row, 1);
    auto_str struct str last = STR_MAX(4096);
    struct event_query all = { .job_id = job->id, .limit = 100 };
    assert_int_equal(event_store_list(f->gw.store, &all, keep_state, &last, NULL), 0);
    assert_non_null(strstr(str_text(&last),
                           "\"state\":\"pending\",\"from\":\"running\",\"reason\":\"Priority\",\"why\":\""));
}

static void end_needs_accounting_and_absence_from_the_queue(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    struct seen_job live = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    struct seen_job both[] = { live, row_of(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED) };
    see(f, both, 2); /* the queue wins on liveness */
    assert_int_equal(job->state, JOB_STATE_RUNNING);
    both[1].exit_code = 3;
    both[1].signal = 0;
    both[1].state = JOB_STATE_FAILED;
    see(f, &both[1], 1);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_FAILED);
    assert_int_equal(end->exit_code, 3);
    assert_string_equal(end->why, "exit code 3");
    assert_null(jobs_find(f->gw.jobs, id));
}

static void gone_from_the_queue_and_not_in_accounting_is_settling(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job live = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    see(f, &live, 1);
    see(f, NULL, 0);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    fixture_turn(f, 20 * 60 * 1000);
    see(f, NULL, 0);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    assert_non_null(strstr(job->why, "unknown since"));
    see(f, &live, 1); /* and it may come back */
    assert_int_equal(job->state, JOB_STATE_RUNNING);
}

static void incomplete_listing_says_nothing_about_absence(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct tick_report report = { .queue_ok = false, .clock_s = SEEN_ABSENT };
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
    report = (struct tick_report){
        .queue_ok = true, .rejected = 1, .accounting_ok = true, .clock_s = SEEN_ABSENT
    };
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
    fixture_turn(f, 0);
    assert_int_equal(job->state, JOB_STATE_PENDING);
}

static void never_seen_job_is_lost_after_two_good_looks(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    see(f, NULL, 0);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    see(f, NULL, 0);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_LOST);
}

static void row_of_a_reused_id_is_not_the_job(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job other = row_of(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED);
    other.token = (struct span){ 0 };
    see(f, &other, 1);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    struct seen_job doubled = row_of(job, SEEN_ACCOUNTING, JOB_STATE_FAILED);
    doubled.sched_id = span_of("8");
    struct seen_job mine = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    see(f, (struct seen_job[]){ doubled, mine }, 2);
    assert_int_equal(job->state, JOB_STATE_RUNNING);
}

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

static void unknown_state_word_keeps_the_last_state(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    see(f, &row, 1);
    row.state = JOB_STATE_UNKNOWN;
    row.raw_state = span_of("HIBERNATING");
    see(f, &row, 1);
    assert_int_equal(job->state, JOB_STATE_RUNNING);
    assert_string_equal(job->raw_state, "HIBERNATING");
}

static void without_accounting_the_exit_file_tells_the_end(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    struct seen_job row = row_of(job, SEEN_EXIT_FILE, JOB_STATE_FAILED);
    row.exit_code = 9;
    struct tick_report report = {
        .queue_ok = true, .accounting_asked = true, .jobs = &row, .job_count = 1, .clock_s = SEEN_ABSENT
    };
    apply_report(&f->gw, fleet_find(f->gw.fleet, "alder"), &report);
    fixture_turn(f, 0);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_FAILED);
    assert_int_equal(end->exit_code, 9);
    assert_non_null(strstr(end->why, "accounting does not answer"));
}

static void a_code_above_128_is_told_whole(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    struct seen_job rows[] = { row_of(job, SEEN_ACCOUNTING, JOB_STATE_FAILED),
                               row_of(job, SEEN_EXIT_FILE, JOB_STATE_FAILED) };
    rows[0].exit_code = 11; /* sacct takes 128 away */
    rows[1].exit_code = 139;
    see(f, rows, 2);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->exit_code, 139);
}

static void times_of_the_cluster_become_ours_by_its_offset(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct cluster *cluster = fleet_find(f->gw.fleet, "alder");
    cluster->has_skew = true;
    cluster->clock_skew_s = 86400;
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    row.started_s = 1700086400;
    see(f, &row, 1);
    assert_int_equal(job->started_at_us, INT64_C(1700000000) * US_PER_S);
}

/* As a tick does it: the cluster's clock stands still against the real time, ours was set. */
static void set_our_clock(struct fixture *f, int64_t by_s)
{
    f->clock.wall += by_s * US_PER_S;
    struct cluster *cluster = fleet_find(f->gw.fleet, "alder");
    fleet_note_clock(&f->gw, cluster, cluster->clock_skew_s - by_s + f->clock.wall / US_PER_S);
}

static void a_clock_that_is_set_starts_no_job_anew(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    row.started_s = f->clock.wall / US_PER_S;
    set_our_clock(f, 0);
    see(f, &row, 1);
    static const int64_t by_s[] = { 86400, -2 * 86400, 3600, 1 };
    for (size_t i = 0; i < ARRAY_LEN(by_s); i++) {
        set_our_clock(f, by_s[i]);
        see(f, &row, 1);
        assert_int_equal(job->attempt, 1);
        struct cluster *cluster = fleet_find(f->gw.fleet, "alder");
        *cluster = (struct cluster){ .config = cluster->config,
                                     .executor = cluster->executor, /* a restart */
                                     .name = cluster->name,
                                     .name_owned = cluster->name_owned,
                                     .fingerprint = cluster->fingerprint,
                                     .poll = cluster->poll };
        fleet_recall_clock(&f->gw, cluster);
    }
    row.started_s += 60; /* and a true one is still seen */
    set_our_clock(f, 86400);
    see(f, &row, 1);
    assert_int_equal(job->attempt, 2);
}

static void a_clock_that_is_set_loses_no_settling_job(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct seen_job live = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    see(f, &live, 1);
    see(f, NULL, 0);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    set_our_clock(f, 3 * 86400);
    see(f, NULL, 0);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    set_our_clock(f, -6 * 86400);
    for (int hour = 0; hour < 23; hour++) {
        fixture_turn(f, 3600 * 1000);
        see(f, NULL, 0);
        assert_int_equal(job->state, JOB_STATE_SETTLING);
    }
    int64_t id = job->id;
    fixture_turn(f, 3600 * 1000);
    see(f, NULL, 0); /* a day without a trace of it */
    see(f, NULL, 0);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_LOST);
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

static void a_look_that_began_before_a_job_was_there_cannot_miss_it(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    job->is_unasked = true;
    see(f, NULL, 0);
    assert_int_equal(job->state, JOB_STATE_PENDING);
    job->is_unasked = false;
    see(f, NULL, 0);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
}

static void a_stale_job_that_is_seen_again_is_stored_as_such(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    job->stale = true;
    jobs_change(f->gw.jobs, job, "stale", NULL);
    fixture_turn(f, 0);
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_PENDING);
    see(f, &row, 1);
    auto_job struct job *now = stored(f, job->id);
    assert_false(now->stale);
}

static void failure_without_a_cause_waits_for_it(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    struct seen_job row = row_of(job, SEEN_ACCOUNTING, JOB_STATE_FAILED);
    row.exit_code = row.signal = 0;
    see(f, &row, 1);
    assert_int_equal(job->state, JOB_STATE_SETTLING);
    row.exit_code = 7;
    see(f, &row, 1);
    auto_job struct job *end = stored(f, id);
    assert_int_equal(end->state, JOB_STATE_FAILED);
    assert_int_equal(end->exit_code, 7);
}

static void unreachable_cluster_makes_jobs_stale_never_failed(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, NULL);
    struct cluster *cluster = fleet_find(f->gw.fleet, "alder");
    struct err err = { .code = ERR_OFFLINE };
    fleet_note(f->gw.fleet, cluster, &err, 0);
    fixture_turn(f, 0);
    assert_true(job->stale);
    assert_int_equal(job->state, JOB_STATE_PENDING);
    fleet_note(f->gw.fleet, cluster, NULL, 1000);
    fixture_turn(f, 0);
    assert_false(job->stale);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(state_of_the_queue_is_taken_with_its_reason_in_words),
        TEST(a_change_of_state_is_told_with_what_it_waits_for),
        TEST(end_needs_accounting_and_absence_from_the_queue),
        TEST(gone_from_the_queue_and_not_in_accounting_is_settling),
        TEST(incomplete_listing_says_nothing_about_absence),
        TEST(never_seen_job_is_lost_after_two_good_looks),
        TEST(row_of_a_reused_id_is_not_the_job),
        TEST(requeue_begins_a_new_attempt_of_the_same_job),
        TEST(restart_between_two_ticks_is_seen_by_its_start),
        TEST(node_failure_waits_a_poll_for_a_requeue),
        TEST(unknown_state_word_keeps_the_last_state),
        TEST(without_accounting_the_exit_file_tells_the_end),
        TEST(a_code_above_128_is_told_whole),
        TEST(times_of_the_cluster_become_ours_by_its_offset),
        TEST(a_clock_that_is_set_starts_no_job_anew),
        TEST(a_clock_that_is_set_loses_no_settling_job),
        TEST(array_is_made_of_its_tasks),
        TEST(a_task_that_the_queue_saw_end_gets_its_code_from_accounting),
        TEST(array_task_missing_from_everywhere_settles),
        TEST(an_array_cancelled_before_it_started_ends),
        TEST(tasks_cancelled_as_a_range_end_and_those_that_ran_keep_their_end),
        TEST(a_waiting_task_that_left_no_record_was_cancelled_one_that_ran_was_not),
        TEST(a_look_that_began_before_a_job_was_there_cannot_miss_it),
        TEST(a_stale_job_that_is_seen_again_is_stored_as_such),
        TEST(failure_without_a_cause_waits_for_it),
        TEST(unreachable_cluster_makes_jobs_stale_never_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
