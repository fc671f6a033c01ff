/* Jobs that were requeued after their end. Covers: svc/watch/reopen. */
#include "apply_help.h"

#include "store/event_store.h"
#include "svc/watch/reopen.h"

enum { STARTED_S = 1700000010, ENDED_S = 1700000100 };

/* Ended as accounting tells it; no longer in memory. */
static int64_t ended(struct fixture *f, enum job_state state)
{
    struct job *job = submitted(f, NULL);
    int64_t id = job->id;
    job->cancel_requested_at_us = 1;
    struct seen_job row = row_of(job, SEEN_ACCOUNTING, state);
    row.started_s = STARTED_S;
    row.ended_s = ENDED_S;
    row.exit_code = 3;
    see(f, &row, 1);
    if (jobs_find(f->gw.jobs, id)) /* a node's failure is believed at the second look */
        see(f, &row, 1);
    assert_null(jobs_find(f->gw.jobs, id));
    return id;
}

static struct seen_job live_again(const struct job *end, enum job_state state)
{
    struct seen_job row = row_of(end, SEEN_QUEUE, state);
    row.submitted_s = ENDED_S + 60;
    return row;
}

static int count_requeues(void *ctx, const struct event_row *row, struct err *err)
{
    (void)err;
    *(int *)ctx += strcmp(row->kind, "requeued") == 0;
    return 0;
}

static void a_job_requeued_after_its_end_has_another_attempt(void **state)
{
    struct fixture *f = *state;
    static const enum job_state ends[] = { JOB_STATE_COMPLETED, JOB_STATE_FAILED, JOB_STATE_CANCELLED,
                                           JOB_STATE_NODE_FAIL };
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        int64_t id = ended(f, ends[i]);
        auto_job struct job *end = stored(f, id);
        struct seen_job row = live_again(end, JOB_STATE_PENDING);
        see(f, &row, 1);
        struct job *job = jobs_find(f->gw.jobs, id);
        assert_non_null(job);
        assert_int_equal(job->state, JOB_STATE_PENDING);
        assert_int_equal(job->attempt, 2);
        assert_int_equal(job->exit_code, JOB_ABSENT);
        assert_int_equal(job->ended_at_us, 0);
        assert_int_equal(job->cancel_requested_at_us, 0);
        assert_non_null(strstr(job->attempts, job_state_word(ends[i])));
        row.state = JOB_STATE_RUNNING;
        row.started_s = ENDED_S + 90;
        see(f, &row, 1);
        assert_int_equal(job->attempt, 2);
        struct seen_job rows[] = { row_of(job, SEEN_ACCOUNTING, JOB_STATE_FAILED),
                                   row_of(job, SEEN_ACCOUNTING, JOB_STATE_COMPLETED) };
        rows[1].restarts = 1;
        rows[1].exit_code = 0;
        rows[0].submitted_s = 1;
        rows[1].submitted_s = 2;
        see(f, rows, 2);
        auto_job struct job *again = stored(f, id);
        assert_int_equal(again->state, JOB_STATE_COMPLETED);
        assert_int_equal(again->attempt, 2);
        int requeues = 0;
        struct event_query all = { .job_id = id, .limit = 100 };
        assert_int_equal(event_store_list(f->gw.store, &all, count_requeues, &requeues, NULL), 0);
        assert_int_equal(requeues, 1);
    }
}

static void a_second_run_is_known_by_its_start_too(void **state)
{
    struct fixture *f = *state;
    int64_t id = ended(f, JOB_STATE_FAILED);
    auto_job struct job *end = stored(f, id);
    struct seen_job row = row_of(end, SEEN_QUEUE, JOB_STATE_RUNNING);
    row.submitted_s = STARTED_S - 10;
    row.started_s = ENDED_S + 60;
    see(f, &row, 1);
    assert_non_null(jobs_find(f->gw.jobs, id));
    assert_int_equal(jobs_find(f->gw.jobs, id)->attempt, 2);
    assert_int_equal(jobs_find(f->gw.jobs, id)->started_at_us, (ENDED_S + 60) * US_PER_S);
}

/* Each of them a row that a careless eye takes for a second run. */
static void rows_of_the_run_that_ended_and_of_others_reopen_nothing(void **state)
{
    struct fixture *f = *state;
    int64_t id = ended(f, JOB_STATE_COMPLETED);
    auto_job struct job *end = stored(f, id);
    struct seen_job late = live_again(end, JOB_STATE_RUNNING); /* by the queue, of the first run */
    late.submitted_s = STARTED_S - 10;
    late.started_s = STARTED_S;
    struct seen_job completing = live_again(end, JOB_STATE_COMPLETING);
    completing.started_s = ENDED_S + 60;
    struct seen_job timeless = live_again(end, JOB_STATE_RUNNING);
    timeless.submitted_s = SEEN_ABSENT;
    struct seen_job stranger = live_again(end, JOB_STATE_PENDING); /* the id was given away again */
    stranger.token = (struct span){ 0 };
    struct seen_job other = live_again(end, JOB_STATE_PENDING); /* another gateway's, of the same id */
    other.token = span_of("jx01jd3f7v8w9x0y1z2a3b4c5d6e");
    struct seen_job copy = live_again(end, JOB_STATE_PENDING); /* somebody submitted its script again */
    copy.sched_id = span_of("8");
    struct seen_job over = live_again(end, JOB_STATE_FAILED);
    struct seen_job told = live_again(end, JOB_STATE_RUNNING); /* runaway: accounting alone says so */
    told.source = SEEN_ACCOUNTING;
    const struct seen_job rows[] = { late, completing, timeless, stranger, other, copy, over, told };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        see(f, &rows[i], 1);
        assert_null(jobs_find(f->gw.jobs, id));
    }
    auto_job struct job *still = stored(f, id);
    assert_int_equal(still->state, JOB_STATE_COMPLETED);
    assert_int_equal(still->attempt, 1);
}

static void nothing_of_another_cluster_is_reopened(void **state)
{
    struct fixture *f = *state;
    int64_t id = ended(f, JOB_STATE_COMPLETED);
    auto_job struct job *end = stored(f, id);
    struct seen_job row = live_again(end, JOB_STATE_PENDING);
    struct apply apply = { .gw = &f->gw };
    reopen_job(&apply, "birch", &row);
    assert_null(jobs_find(f->gw.jobs, id));
    apply.runs_once = true;
    reopen_job(&apply, "alder", &row);
    assert_null(jobs_find(f->gw.jobs, id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_job_requeued_after_its_end_has_another_attempt),
        TEST(a_second_run_is_known_by_its_start_too),
        TEST(rows_of_the_run_that_ended_and_of_others_reopen_nothing),
        TEST(nothing_of_another_cluster_is_reopened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
