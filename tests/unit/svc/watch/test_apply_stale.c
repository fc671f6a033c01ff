/* A cluster that is away, and what is told once it is back. Covers: svc/watch/apply_job, svc/cluster/fleet.
 */
#include "apply_help.h"

#include "store/event_store.h"

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

static int keep_kinds(void *ctx, const struct event_row *row, struct err *err)
{
    (void)err;
    if (row->job_id)
        str_addf(ctx, "%s ", row->kind);
    return 0;
}

/* Whether its state is another one by then or not, or it has ended meanwhile. */
static void a_cluster_away_is_told_with_its_end(void **state)
{
    static const enum job_state SEEN[] = { JOB_STATE_PENDING, JOB_STATE_RUNNING, JOB_STATE_COMPLETED };
    static const char *const TOLD[] = { "stale fresh changed ", "stale fresh state ", "stale fresh state " };
    struct fixture *f = *state;
    for (size_t i = 0; i < 3; i++) {
        struct job *job = submitted(f, NULL);
        struct event_query later = { .job_id = job->id, .limit = 100 };
        job->stale = true;
        jobs_change(f->gw.jobs, job, "stale", NULL);
        fixture_turn(f, 0);
        struct seen_job row =
            row_of(job, SEEN[i] == JOB_STATE_COMPLETED ? SEEN_ACCOUNTING : SEEN_QUEUE, SEEN[i]);
        see(f, &row, 1);
        auto_str struct str kinds = STR_MAX(4096);
        assert_int_equal(event_store_list(f->gw.store, &later, keep_kinds, &kinds, NULL), 0);
        const char *from = strstr(str_text(&kinds), "stale");
        assert_non_null(from);
        assert_string_equal(from, TOLD[i]);
    }
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
        TEST(a_stale_job_that_is_seen_again_is_stored_as_such),
        TEST(a_cluster_away_is_told_with_its_end),
        TEST(unreachable_cluster_makes_jobs_stale_never_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
