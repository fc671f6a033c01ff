/* A submission while the store, the spool or the configuration fail under it: never twice, never forgotten.
 * Covers: svc/watch/requeue, svc/submit/launch, svc/submit/launch_end, svc/submit/launch_refuse,
 * svc/submit/reconcile.
 */
#include "unit/svc/fixture_group.h"

#include "store/db.h"
#include "store/inside.h"
#include "support/fault_vfs.h"
#include "svc/reload.h"

#include <sys/stat.h>

static struct fault_plan plan = { .good_writes = -1 };

/* As fixture_turn, with a disk that may be full. */
static void turn(struct fixture *f, int64_t ms)
{
    clock_fake_advance(&f->clock, ms * US_PER_MS);
    for (int i = 0; i < 6; i++) {
        loop_defer(f->gw.loop, fixture_beat, f);
        loop_step(f->gw.loop);
        while (store_has_pending(f->gw.store))
            (void)store_flush(f->gw.store, NULL);
    }
}

static void fill_disk(void)
{
    plan = (struct fault_plan){ .write_code = SQLITE_FULL, .writes_fail = -1 };
}

static void free_disk(void)
{
    plan = (struct fault_plan){ .good_writes = -1 };
}

static void sql(struct fixture *f, const char *text)
{
    struct err err = { 0 };
    if (db_exec(f->gw.store->writer, text, &err) < 0)
        fail_msg("%s", err.text);
}

static int64_t launched(struct fixture *f)
{
    int64_t id = fixture_job(f, NULL)->id;
    launch_job(f->gw.launch, id);
    turn(f, 1);
    return id;
}

static void answer(const struct submit_result *result)
{
    assert_true(fake.submit.is_open);
    fake.submit.is_open = false;
    fake.submit.submit(fake.submit.ctx, result);
}

static const struct submit_result accepted = { .end = SUBMIT_ACCEPTED, .sched_id = "4711" };

static void wake(struct fixture *f, int64_t id, int64_t ms)
{
    turn(f, ms);
    launch_job(f->gw.launch, id);
    turn(f, 1);
}

static void with_nothing_to_stage_intent_and_launch_are_one_commit(void **state)
{
    struct fixture *f = *state;
    struct job *job = fixture_new_job(f, NULL);
    int64_t id = job->id;
    launch_job_with_intent(f->gw.launch, job);
    assert_int_equal(fake.submits, 0);
    assert_int_equal(store_flush(f->gw.store, NULL), 0);
    auto_job struct job *stored = NULL;
    assert_int_equal(job_store_get(f->gw.store, id, &stored, NULL), 0);
    assert_int_equal(stored->phase, PHASE_LAUNCHING);
    assert_int_equal(stored->launches, 1);
    launch_job(f->gw.launch, id); /* as after every intent */
    turn(f, 1);
    assert_int_equal(fake.submits, 1);
    answer(&accepted);
    turn(f, 1);
    assert_string_equal(jobs_find(f->gw.jobs, id)->sched_id, "4711");
}

static void what_must_be_staged_waits_for_the_commit_of_its_intent(void **state)
{
    struct fixture *f = *state;
    struct job *job = fixture_new_job(f, NULL);
    job->code = mem_dup_str("code/p/0123");
    launch_job_with_intent(f->gw.launch, job);
    assert_int_equal(job->phase, PHASE_INTENT);
    job = fixture_new_job(f, NULL);
    mem_replace_str(&job->cluster, "gone");
    launch_job_with_intent(f->gw.launch, job);
    assert_int_equal(job->phase, PHASE_INTENT);
    job = fixture_new_job(f, NULL);
    launch_stop(f->gw.launch);
    launch_job_with_intent(f->gw.launch, job);
    assert_int_equal(job->phase, PHASE_INTENT);
}

static void an_intent_that_was_not_stored_is_not_launched(void **state)
{
    struct fixture *f = *state;
    struct job *job = fixture_new_job(f, NULL);
    int64_t id = job->id;
    launch_job_with_intent(f->gw.launch, job);
    fill_disk();
    turn(f, 1);
    free_disk();
    turn(f, 600000);
    assert_null(jobs_find(f->gw.jobs, id));
    assert_int_equal(fake.submits, 0);
}

static void nothing_is_sent_before_launching_is_on_disk(void **state)
{
    struct fixture *f = *state;
    int64_t id = fixture_job(f, NULL)->id;
    fill_disk();
    launch_job(f->gw.launch, id);
    turn(f, 1);
    assert_int_equal(fake.submits, 0);
    assert_int_equal(jobs_find(f->gw.jobs, id)->phase, PHASE_INTENT);
    free_disk();
    wake(f, id, 10000);
    assert_int_equal(fake.submits, 1);
    assert_int_equal(fake.submit.number, 1);
}

/* The scheduler has the job, the store does not know: it is found again, and not sent a second time. */
static void an_acceptance_that_could_not_be_stored_is_looked_up(void **state)
{
    struct fixture *f = *state;
    int64_t id = launched(f);
    fill_disk();
    answer(&accepted);
    turn(f, 1);
    assert_int_equal(jobs_find(f->gw.jobs, id)->phase, PHASE_LAUNCHING);
    free_disk();
    launch_resume_all(f->gw.launch); /* as a moment after every rollback */
    turn(f, 1);
    assert_int_equal(jobs_find(f->gw.jobs, id)->phase, PHASE_UNKNOWN);
    assert_non_null(strstr(jobs_find(f->gw.jobs, id)->why, "restarted meanwhile"));
    wake(f, id, 2000);
    assert_int_equal(fake.submits, 1);
    assert_int_equal(fake.looks, 1);
    const char *ids[] = { "4711" };
    fake.look.is_open = false;
    fake.look.look(fake.look.ctx, &(struct look_result){ .end = LOOK_FOUND, .sched_ids = ids, .count = 1 });
    turn(f, 1);
    assert_string_equal(jobs_find(f->gw.jobs, id)->sched_id, "4711");
    assert_int_equal(fake.submits, 1);
}

/* The end of a job may be seen by another way while its own answer is still on the way. */
static void end_job(struct fixture *f, int64_t id)
{
    assert_true(jobs_enter(f->gw.jobs, jobs_find(f->gw.jobs, id), JOB_STATE_CANCELLED, "seen elsewhere"));
}

static void late_answers_change_no_job_that_is_over(void **state)
{
    struct fixture *f = *state;
    int64_t id = launched(f);
    end_job(f, id);
    answer(&accepted); /* in the same turn: it is still in memory */
    turn(f, 1);
    id = launched(f);
    end_job(f, id);
    turn(f, 1);
    answer(&accepted); /* it is not any more */
    turn(f, 1);
    auto_job struct job *stored = NULL;
    assert_int_equal(job_store_get(f->gw.store, id, &stored, NULL), 0);
    assert_int_equal(stored->state, JOB_STATE_CANCELLED);
    assert_null(stored->sched_id);
}

static void late_looks_change_no_job_that_is_over(void **state)
{
    struct fixture *f = *state;
    int64_t id = launched(f);
    answer(&(struct submit_result){ .end = SUBMIT_UNKNOWN });
    wake(f, id, 1000);
    assert_true(fake.look.is_open);
    end_job(f, id);
    turn(f, 1);
    fake.look.is_open = false;
    fake.look.look(fake.look.ctx, &(struct look_result){ .end = LOOK_ABSENT });
    turn(f, 60000);
    assert_int_equal(fake.submits, 1);
}

/* A job whose code is on its way: on_staged is the fake's to call. */
static int64_t staging(struct fixture *f)
{
    auto_str struct str path = STR_MAX(300);
    struct job *job = fixture_job(f, NULL);
    mem_replace_str(&job->code, "code/p/tree1");
    spool_tar_path(f->state, "tree1", &path);
    fixture_write(str_text(&path), "tar");
    launch_job(f->gw.launch, job->id);
    turn(f, 1);
    assert_true(fake.stage.is_open);
    return job->id;
}

static void staged(void)
{
    fake.stage.is_open = false;
    fake.stage.plain(fake.stage.ctx, NULL);
}

static void a_job_that_ends_while_it_is_staged_is_not_launched(void **state)
{
    struct fixture *f = *state;
    int64_t id = staging(f);
    end_job(f, id);
    turn(f, 1);
    staged();
    id = staging(f);
    staged(); /* the launch waits for its commit */
    end_job(f, id);
    turn(f, 60000);
    assert_int_equal(fake.submits, 0);
}

static void a_cluster_that_leaves_before_the_frame_is_sent_defers(void **state)
{
    struct fixture *f = *state;
    int64_t id = staging(f);
    staged();
    fixture_write(f->clusters, "clusters:\n  - {name: birch, type: slurm, host: me@birch.example}\n");
    assert_int_equal(reload(&f->gw), 0);
    turn(f, 1);
    struct job *job = jobs_find(f->gw.jobs, id);
    assert_int_equal(job->phase, PHASE_INTENT);
    assert_non_null(strstr(job->why, "alder left the configuration"));
    assert_int_equal(fake.submits, 0);
}

static void what_cannot_be_read_for_the_frame_defers_in_words(void **state)
{
    struct fixture *f = *state;
    char path[200];
    struct job *job = fixture_job(f, NULL);
    snprintf(path, sizeof(path), "%s/secrets/%s", f->state, job->token);
    assert_int_equal(mkdir(path, 0700), 0);
    launch_job(f->gw.launch, job->id);
    turn(f, 1);
    assert_int_equal(job->phase, PHASE_INTENT);
    assert_non_null(strstr(job->why, job->token));
    assert_int_equal(rmdir(path), 0);
    job = fixture_job(f, NULL);
    sql(f, "DELETE FROM job_script");
    launch_job(f->gw.launch, job->id);
    turn(f, 1);
    assert_non_null(strstr(job->why, "no script"));
    assert_int_equal(fake.submits, 0);
}

/* The line of the configuration is a help; without it the scheduler's words stand alone. */
static void a_refusal_is_told_though_its_origin_is_lost(void **state)
{
    static const char *const losses[] = { "UPDATE job_script SET resolved = NULL",
                                          "UPDATE job_script SET resolved = '{'",
                                          "ALTER TABLE job_script RENAME TO lost" };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(losses); i++) {
        int64_t id = launched(f);
        sql(f, losses[i]);
        answer(&(struct submit_result){
            .end = SUBMIT_REFUSED, .upstream = "Invalid partition", .field = "slurm.partition" });
        turn(f, 1);
        auto_job struct job *stored = NULL;
        assert_int_equal(job_store_get(f->gw.store, id, &stored, NULL), 0);
        assert_string_equal(stored->why, "Invalid partition; slurm.partition");
    }
}

static void keep(void *ctx, const struct answer *said)
{
    struct answer *to = ctx;
    *to = *said;
}

static void a_wish_to_cancel_goes_to_the_scheduler_and_starts_no_launch(void **state)
{
    struct fixture *f = *state;
    struct answer said = { 0 };
    struct err err = { 0 };
    int64_t id = launched(f);
    answer(&accepted);
    turn(f, 1);
    assert_int_equal(launch_cancel(f->gw.launch, id, 3, keep, &said, &err), -1); /* no array */
    assert_int_equal(err.code, ERR_NOT_FOUND);
    launch_resume_all(f->gw.launch); /* it is none to be launched */
    assert_int_equal(launch_cancel(f->gw.launch, id, -1, keep, &said, NULL), 0);
    turn(f, 1);
    assert_string_equal(fake.cancel.detail, "4711");
    fake.cancel.is_open = false;
    fake.cancel.plain(fake.cancel.ctx, &(struct err){ .code = ERR_OFFLINE }); /* is repeated: no failure */
    turn(f, 60000);
    assert_true(said.ok);
    assert_int_equal(fake.submits, 1);
    end_job(f, id);
    turn(f, 1);
    said = (struct answer){ 0 };
    assert_int_equal(launch_cancel(f->gw.launch, id, 0, keep, &said, &err), -1); /* still no array */
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_int_equal(launch_cancel(f->gw.launch, id, -1, keep, &said, NULL), 0); /* over already */
    turn(f, 1);
    assert_true(said.ok);
    assert_int_equal(launch_cancel(f->gw.launch, id + 1, -1, keep, &said, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void a_wish_to_cancel_that_is_not_stored_is_told_and_not_sent(void **state)
{
    struct fixture *f = *state;
    struct answer said = { .ok = true };
    int64_t id = launched(f);
    answer(&accepted);
    turn(f, 1);
    fill_disk();
    assert_int_equal(launch_cancel(f->gw.launch, id, -1, keep, &said, NULL), 0);
    turn(f, 1);
    free_disk();
    assert_false(said.ok);
    assert_int_equal(said.err.code, ERR_IO);
    assert_int_equal(fake.cancels, 0);
    assert_int_equal(jobs_find(f->gw.jobs, id)->cancel_requested_at_us, 0);
}

static int requeue(struct fixture *f, int64_t id, int64_t attempt, struct answer *said)
{
    *said = (struct answer){ 0 };
    int rc = launch_requeue(f->gw.launch, id, attempt, keep, said, &said->err);
    turn(f, 1);
    return rc;
}

static void requeue_answered(struct fixture *f, const struct err *err)
{
    assert_true(fake.requeue.is_open);
    fake.requeue.is_open = false;
    fake.requeue.plain(fake.requeue.ctx, err);
    turn(f, 1);
}

static void a_running_job_is_requeued_once_an_attempt(void **state)
{
    struct fixture *f = *state;
    struct answer said, again;
    int64_t id = launched(f);
    answer(&accepted);
    turn(f, 1);
    assert_int_equal(requeue(f, id, 1, &said), -1); /* it waits */
    assert_int_equal(said.err.code, ERR_CONFLICT);
    struct job *job = jobs_find(f->gw.jobs, id);
    jobs_enter(f->gw.jobs, job, JOB_STATE_RUNNING, NULL);
    assert_int_equal(requeue(f, id, 2, &said), -1); /* another attempt is meant */
    assert_int_equal(fake.requeues, 0);
    assert_int_equal(requeue(f, id, 1, &said), 0);
    assert_string_equal(fake.requeue.detail, "4711");
    assert_int_equal(requeue(f, id, 1, &again), 0); /* it is on its way: not sent twice */
    assert_true(again.ok);
    assert_int_equal(fake.requeues, 1);
    requeue_answered(f, NULL);
    assert_true(said.ok);
    assert_int_equal(requeue(f, id, 0, &again), 0); /* the queue does not show it yet */
    assert_int_equal(fake.requeues, 1);
    job->attempt = 2;
    job->restarts = 1;
    assert_int_equal(requeue(f, id, 1, &again), -1); /* a repetition means the run that is over */
    assert_int_equal(again.err.code, ERR_CONFLICT);
    assert_int_equal(requeue(f, id, 2, &said), 0);
    assert_int_equal(fake.requeue.number, 1); /* restarts */
    requeue_answered(f, &(struct err){ .code = ERR_REFUSED, .text = "scontrol: no" });
    assert_false(said.ok);
    assert_int_equal(said.err.code, ERR_REFUSED);
    assert_int_equal(requeue(f, id, 2, &said), 0); /* may be tried again */
    assert_int_equal(fake.requeues, 3);
    requeue_answered(f, NULL);
}

static void what_cannot_be_requeued_is_said_in_words(void **state)
{
    struct fixture *f = *state;
    struct answer said;
    int64_t id = launched(f);
    answer(&accepted);
    turn(f, 1);
    struct job *job = jobs_find(f->gw.jobs, id);
    jobs_enter(f->gw.jobs, job, JOB_STATE_RUNNING, NULL);
    job->array = mem_dup_str("0-1");
    assert_int_equal(requeue(f, id, 0, &said), -1);
    assert_non_null(strstr(said.err.text, "array"));
    mem_clear_str(&job->array);
    job->cancel_requested_at_us = 1;
    assert_int_equal(requeue(f, id, 0, &said), -1);
    assert_non_null(strstr(said.err.text, "being cancelled"));
    job->cancel_requested_at_us = 0;
    mem_replace_str(&job->scheduler, "process");
    assert_int_equal(requeue(f, id, 0, &said), -1);
    assert_non_null(strstr(said.err.text, "without Slurm"));
    mem_replace_str(&job->scheduler, "slurm");
    fake.refuses = true;
    assert_int_equal(requeue(f, id, 0, &said), 0);
    assert_int_equal(said.err.code, ERR_BUSY);
    fake.refuses = false;
    fill_disk();
    assert_int_equal(requeue(f, id, 0, &said), 0);
    free_disk();
    assert_int_equal(said.err.code, ERR_IO);
    assert_int_equal(fake.requeues, 1); /* the one that was refused */
    end_job(f, id);
    turn(f, 1);
    assert_int_equal(requeue(f, id, 0, &said), -1);
    assert_non_null(strstr(said.err.text, "has ended"));
    assert_int_equal(requeue(f, id + 1, 0, &said), -1);
    assert_int_equal(said.err.code, ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_running_job_is_requeued_once_an_attempt),
        TEST(what_cannot_be_requeued_is_said_in_words),
        TEST(with_nothing_to_stage_intent_and_launch_are_one_commit),
        TEST(what_must_be_staged_waits_for_the_commit_of_its_intent),
        TEST(an_intent_that_was_not_stored_is_not_launched),
        TEST(nothing_is_sent_before_launching_is_on_disk),
        TEST(an_acceptance_that_could_not_be_stored_is_looked_up),
        TEST(late_answers_change_no_job_that_is_over),
        TEST(late_looks_change_no_job_that_is_over),
        TEST(a_job_that_ends_while_it_is_staged_is_not_launched),
        TEST(a_cluster_that_leaves_before_the_frame_is_sent_defers),
        TEST(what_cannot_be_read_for_the_frame_defers_in_words),
        TEST(a_refusal_is_told_though_its_origin_is_lost),
        TEST(a_wish_to_cancel_goes_to_the_scheduler_and_starts_no_launch),
        TEST(a_wish_to_cancel_that_is_not_stored_is_told_and_not_sent),
    };
    fault_vfs_install(&plan);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
