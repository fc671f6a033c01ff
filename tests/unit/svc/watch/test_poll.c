#include "apply_help.h"

#include "store/inside.h"
#include "svc/reload.h"
#include "svc/submit/launch.h"
#include "svc/upkeep.h"

static struct job *followed(struct fixture *f)
{
    struct job *job = fixture_job(f, NULL);
    job->phase = PHASE_SUBMITTED;
    mem_replace_str(&job->sched_id, "7");
    jobs_enter(f->gw.jobs, job, JOB_STATE_PENDING, NULL);
    fixture_turn(f, 1000);
    return job;
}

static struct cluster *alder(struct fixture *f)
{
    return fleet_find(f->gw.fleet, "alder");
}

static void answer(struct fixture *f, const struct tick_report *report, const struct err *err)
{
    assert_true(fake.tick.is_open);
    fake.tick.is_open = false;
    fake.tick.tick(fake.tick.ctx, report, err);
    fixture_turn(f, 0);
}

static const struct tick_report good = { .queue_ok = true, .nodes_ok = true, .clock_s = SEEN_ABSENT };

static void nothing_is_sent_where_no_job_is_active_and_nobody_looks(void **state)
{
    struct fixture *f = *state;
    fleet_nudge(alder(f));
    fixture_turn(f, 60000);
    usleep(300 * 1000);
    fixture_turn(f, 0);
    assert_int_equal(fake.ticks, 0);
}

static void one_tick_carries_every_followed_job(void **state)
{
    struct fixture *f = *state;
    followed(f);
    followed(f);
    fixture_job(f, NULL); /* not submitted yet: not followed */
    fleet_nudge(alder(f));
    fixture_turn(f, 1000);
    assert_int_equal(fake.ticks, 0); /* a burst is to share it */
    fixture_until_tick(f);
    assert_int_equal(fake.ticks, 1);
    assert_int_equal(fake.tick.number, 2);
}

static void assert_tick(struct fixture *f, const struct seen_job *row, bool wants_nodes)
{
    struct tick_report report = { .queue_ok = true, .jobs = row, .job_count = 1, .clock_s = SEEN_ABSENT };
    clock_fake_advance(&f->clock, 5 * US_PER_S); /* ticks keep a distance */
    fleet_nudge(alder(f));
    fixture_until_tick(f);
    assert_true(fake.tick.is_open);
    assert_int_equal(fake.tick.flag, wants_nodes);
    answer(f, &report, NULL);
}

static void figures_of_what_jobs_wait_for_come_with_a_tick_now_and_then(void **state)
{
    struct fixture *f = *state;
    struct job *job = followed(f);
    struct seen_job row = row_of(job, SEEN_QUEUE, JOB_STATE_PENDING);
    assert_tick(f, &row, true);
    assert_tick(f, &row, false);
    clock_fake_advance(&f->clock, 600 * US_PER_S);
    assert_tick(f, &row, true);
    row = row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING);
    assert_tick(f, &row, false);
    clock_fake_advance(&f->clock, 600 * US_PER_S);
    assert_tick(f, &row, false); /* nobody waits */
}

static void a_new_job_is_looked_at_soon_and_an_old_one_at_the_interval(void **state)
{
    (void)state;
    struct poll_pace pace = { .usual_ms = 60000, .dice = 128 }; /* no jitter */
    static const int64_t waits[] = { 5000, 5000, 10000, 20000, 40000, 60000 };
    for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
        assert_int_equal(poll_pace_ms(&pace), waits[i]);
        pace.age_ms += waits[i];
    }
    pace.usual_ms = 2000; /* who wants it faster gets it */
    pace.age_ms = 0;
    assert_int_equal(poll_pace_ms(&pace), 2000);
}

static void each_failure_doubles_the_wait_up_to_five_minutes(void **state)
{
    (void)state;
    struct poll_pace pace = { .usual_ms = 30000, .age_ms = 3600000, .dice = 128 };
    static const int64_t waits[] = { 30000, 60000, 120000, 240000, 300000, 300000 };
    for (unsigned i = 0; i < ARRAY_LEN(waits); i++) {
        pace.failures = i;
        assert_int_equal(poll_pace_ms(&pace), waits[i]);
    }
}

static void nudges_during_a_tick_make_one_more_not_two(void **state)
{
    struct fixture *f = *state;
    followed(f);
    for (int i = 0; i < 2; i++) {
        fleet_nudge(alder(f)); /* the second does not put it off */
        usleep(150 * 1000);
        fixture_turn(f, 1000);
    }
    assert_int_equal(fake.ticks, 1);
    for (int i = 0; i < 5; i++)
        fleet_nudge(alder(f));
    fixture_turn(f, 1000);
    assert_int_equal(fake.ticks, 1);
    clock_fake_advance(&f->clock, US_PER_S);
    answer(f, &good, NULL);
    fixture_turn(f, 1000);
    assert_int_equal(fake.ticks, 2);
}

/* The end of the last job was in a turn that could not be stored: it is active still, and asked about again.
 */
static void a_job_whose_end_was_not_stored_is_followed_on(void **state)
{
    struct fixture *f = *state;
    struct job *job = followed(f);
    int64_t id = job->id;
    char path[128];
    sqlite3 *other = NULL;
    jobs_on_rollback(f->gw.jobs, upkeep_resume, &f->gw);
    snprintf(path, sizeof(path), "%s/sluice.db", f->state);
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_busy_timeout(f->gw.store->writer, 0);
    jobs_enter(f->gw.jobs, job, JOB_STATE_CANCELLED, NULL);
    assert_int_equal(store_flush(f->gw.store, NULL), -1);
    sqlite3_close(other);
    assert_non_null(jobs_find(f->gw.jobs, id));
    assert_int_equal(jobs_find(f->gw.jobs, id)->state, JOB_STATE_PENDING);
    assert_int_equal(fake.ticks, 0);
    while (!fake.ticks)
        loop_step(f->gw.loop);
    assert_int_equal(fake.tick.number, 1);
}

static void count_call(void *ctx, const struct err *err)
{
    int *count = ctx;
    *count += err ? 100 : 1;
}

static void many_askers_share_one_look_at_the_nodes(void **state)
{
    struct fixture *f = *state;
    int answered = 0;
    for (int i = 0; i < 10; i++)
        poll_want_nodes(f->gw.poll, alder(f), count_call, &answered);
    fixture_turn(f, 1000);
    assert_int_equal(fake.ticks, 1);
    assert_true(fake.tick.flag);
    answer(f, &good, NULL);
    assert_int_equal(answered, 10);
}

static void cluster_that_does_not_answer_is_unreachable_and_its_askers_are_told(void **state)
{
    struct fixture *f = *state;
    int answered = 0;
    struct job *job = followed(f);
    struct err err = { .code = ERR_OFFLINE, .text = "no route to host" };
    poll_want_nodes(f->gw.poll, alder(f), count_call, &answered);
    fixture_turn(f, 1000);
    answer(f, NULL, &err);
    assert_int_equal(answered, 100);
    assert_true(alder(f)->unreachable);
    assert_string_equal(alder(f)->last_error, "no route to host");
    assert_true(job->stale);
    assert_int_equal(job->state, JOB_STATE_PENDING);
}

static void those_who_wait_for_a_cluster_that_goes_are_told(void **state)
{
    static const char *const files[] = {
        "clusters:\n  - {name: alder, type: slurm, host: me@login.example, enabled: false}\n",
        "clusters:\n  - {name: birch, type: slurm, host: me@birch.example, enabled: false}\n"
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        int answered = 0;
        fixture_write(f->clusters, fixture_clusters);
        assert_int_equal(reload(&f->gw), 0);
        poll_want_nodes(f->gw.poll, alder(f), count_call, &answered);
        fixture_until_tick(f);
        assert_true(fake.tick.is_open);
        poll_want_nodes(f->gw.poll, alder(f), count_call, &answered); /* of the tick after this one */
        fixture_write(f->clusters, files[i]);
        assert_int_equal(reload(&f->gw), 0);
        assert_int_equal(answered, 200);
    }
}

static void queue_that_could_not_be_listed_counts_as_unreachable(void **state)
{
    struct fixture *f = *state;
    struct job *job = followed(f);
    fleet_nudge(alder(f));
    fixture_until_tick(f);
    struct tick_report report = { .queue_error = "Unable to contact slurm controller",
                                  .clock_s = SEEN_ABSENT };
    answer(f, &report, NULL);
    assert_true(alder(f)->unreachable);
    assert_int_equal(job->state, JOB_STATE_PENDING);
}

static void cancel_is_repeated_until_its_end_is_seen(void **state)
{
    struct fixture *f = *state;
    struct job *job = followed(f);
    job->cancel_requested_at_us = clock_wall_us(f->gw.clock);
    for (unsigned i = 0; i < 3; i++) {
        fixture_turn(f, 20000);
        fleet_nudge(alder(f));
        fixture_until_tick(f);
        struct seen_job row = { .source = SEEN_QUEUE,
                                .token = span_of(job->token),
                                .task = -1,
                                .state = JOB_STATE_RUNNING,
                                .started_s = SEEN_ABSENT,
                                .exit_code = SEEN_ABSENT,
                                .eligible_s = SEEN_ABSENT,
                                .ended_s = SEEN_ABSENT,
                                .signal = SEEN_ABSENT };
        struct tick_report report = {
            .queue_ok = true, .jobs = &row, .job_count = 1, .clock_s = SEEN_ABSENT
        };
        answer(f, &report, NULL);
        assert_int_equal(fake.cancels, i + 1);
        fake.cancel.is_open = false;
        fake.cancel.plain(fake.cancel.ctx, NULL);
        fixture_turn(f, 1000);
    }
}

static void count_answers(void *ctx, const struct answer *got)
{
    *(int *)ctx += got->ok;
}

static void see_task(struct fixture *f, const struct job *job, enum job_state state)
{
    fixture_turn(f, 20000);
    fleet_nudge(alder(f));
    fixture_until_tick(f);
    struct seen_job rows[] = { row_of(job, SEEN_QUEUE, JOB_STATE_RUNNING), row_of(job, SEEN_QUEUE, state) };
    rows[0].task = 0;
    rows[1].task = 2;
    struct tick_report report = { .queue_ok = true, .jobs = rows, .job_count = 2, .clock_s = SEEN_ABSENT };
    answer(f, &report, NULL);
}

static void cancel_of_one_task_is_kept_and_repeated_too(void **state)
{
    struct fixture *f = *state;
    struct job *job = submitted(f, "0-3");
    int told = 0;
    struct err err = { 0 };
    assert_int_equal(launch_cancel(f->gw.launch, job->id, 7, count_answers, &told, &err), -1);
    assert_string_equal(err.text, "job 1 has no task 7: its array is 0-3");
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_int_equal(launch_cancel(f->gw.launch, job->id, 2, count_answers, &told, &err), 0);
    fixture_turn(f, 100);
    err_set(&err, ERR_TIMEOUT, "the link was cut");
    fake.cancel.is_open = false;
    fake.cancel.plain(fake.cancel.ctx, &err);
    fixture_turn(f, 100);
    assert_int_equal(told, 1);
    unsigned sent = fake.cancels;
    see_task(f, job, JOB_STATE_RUNNING);
    assert_int_equal(fake.cancels, sent + 1);
    assert_int_equal(fake.cancel.number, 2);
    fake.cancel.is_open = false;
    fake.cancel.plain(fake.cancel.ctx, NULL);
    fixture_turn(f, 100);
    see_task(f, job, JOB_STATE_CANCELLED);
    see_task(f, job, JOB_STATE_CANCELLED);
    assert_int_equal(fake.cancels, sent + 1);
    assert_int_equal(launch_cancel(f->gw.launch, job->id, 2, count_answers, &told, &err), 0);
    fixture_turn(f, 100);
    assert_int_equal(told, 2); /* it is as cancelled as it can be */
    assert_int_equal(fake.cancels, sent + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_sent_where_no_job_is_active_and_nobody_looks),
        TEST(one_tick_carries_every_followed_job),
        TEST(figures_of_what_jobs_wait_for_come_with_a_tick_now_and_then),
        TEST(each_failure_doubles_the_wait_up_to_five_minutes),
        TEST(a_new_job_is_looked_at_soon_and_an_old_one_at_the_interval),
        TEST(a_job_whose_end_was_not_stored_is_followed_on),
        TEST(nudges_during_a_tick_make_one_more_not_two),
        TEST(many_askers_share_one_look_at_the_nodes),
        TEST(cluster_that_does_not_answer_is_unreachable_and_its_askers_are_told),
        TEST(those_who_wait_for_a_cluster_that_goes_are_told),
        TEST(queue_that_could_not_be_listed_counts_as_unreachable),
        TEST(cancel_is_repeated_until_its_end_is_seen),
        TEST(cancel_of_one_task_is_kept_and_repeated_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
