/* Covers: svc/watch/cancel, svc/submit/reconcile, svc/cluster/fleet. */
#include "unit/svc/fixture_group.h"

#include "store/event_store.h"
#include "svc/submit/launch_task.h"

static void answer_submit(struct fixture *f, const struct submit_result *result)
{
    assert_true(fake.submit.is_open);
    fake.submit.is_open = false;
    fake.submit.submit(fake.submit.ctx, result);
    fixture_turn(f, 0);
}

static void answer_look(struct fixture *f, const struct look_result *result)
{
    assert_true(fake.look.is_open);
    fake.look.is_open = false;
    fake.look.look(fake.look.ctx, result);
    fixture_turn(f, 0);
}

/* A job whose first submission was sent and whose answer is lost. */
static struct job *lost_reply(struct fixture *f)
{
    struct job *job = fixture_job(f, NULL);
    launch_job(f->gw.launch, job->id);
    fixture_turn(f, 1);
    struct submit_result lost = { .end = SUBMIT_UNKNOWN };
    err_set(&lost.err, ERR_OFFLINE, "the connection was cut");
    answer_submit(f, &lost);
    return job;
}

static void wake(struct fixture *f, const struct job *job, int64_t after_ms)
{
    fixture_turn(f, after_ms);
    launch_job(f->gw.launch, job->id);
    fixture_turn(f, 1);
}

static void accepted_submission_becomes_pending_with_its_id(void **state)
{
    struct fixture *f = *state;
    struct job *job = fixture_job(f, NULL);
    launch_job(f->gw.launch, job->id);
    fixture_turn(f, 1);
    assert_int_equal(fake.submits, 1);
    assert_string_equal(fake.submit.token, job->token);
    assert_int_equal(fake.submit.number, 1);
    assert_int_equal(job->phase, PHASE_LAUNCHING);
    answer_submit(f,
                  &(struct submit_result){ .end = SUBMIT_ACCEPTED, .sched_id = "4711", .run_dir = "/w/r" });
    assert_int_equal(job->state, JOB_STATE_PENDING);
    assert_string_equal(job->sched_id, "4711");
    assert_true(job->confirmed);
}

static void launching_is_on_disk_before_the_frame_leaves(void **state)
{
    struct fixture *f = *state;
    struct job *job = fixture_job(f, NULL);
    launch_job(f->gw.launch, job->id);
    while (!fake.submits)
        fixture_turn(f, 1);
    auto_job struct job *stored = NULL;
    assert_int_equal(job_store_get(f->gw.store, job->id, &stored, NULL), 0);
    assert_int_equal(stored->phase, PHASE_LAUNCHING);
    assert_int_equal(stored->launches, 1);
}

static void permanent_refusal_keeps_the_schedulers_words_and_is_not_retried(void **state)
{
    struct fixture *f = *state;
    struct job *job = fixture_job(f, NULL);
    int64_t id = job->id;
    launch_job(f->gw.launch, id);
    fixture_turn(f, 1);
    answer_submit(
        f, &(struct submit_result){ .end = SUBMIT_REFUSED, .upstream = "Invalid partition name specified" });
    auto_job struct job *stored = NULL;
    assert_int_equal(job_store_get(f->gw.store, id, &stored, NULL), 0);
    assert_int_equal(stored->state, JOB_STATE_SUBMIT_FAILED);
    assert_non_null(strstr(stored->why, "Invalid partition name specified"));
    launch_job(f->gw.launch, id);
    fixture_turn(f, 600000);
    assert_int_equal(fake.submits, 1);
}

static void transient_refusal_stays_visible_and_is_sent_again(void **state)
{
    struct fixture *f = *state;
    struct job *job = fixture_job(f, NULL);
    launch_job(f->gw.launch, job->id);
    fixture_turn(f, 1);
    answer_submit(f, &(struct submit_result){ .end = SUBMIT_TRANSIENT,
                                              .upstream = "Unable to contact slurm controller",
                                              .hint = "it is tried again" });
    assert_int_equal(job->state, JOB_STATE_SUBMITTING);
    assert_string_equal(job->why, "Unable to contact slurm controller (it is tried again)");
    wake(f, job, 5000);
    assert_int_equal(fake.submits, 2);
    assert_int_equal(fake.submit.number, 2);
}

static void lost_reply_is_looked_up_and_adopted_never_sent_again(void **state)
{
    struct fixture *f = *state;
    struct job *job = lost_reply(f);
    assert_int_equal(job->phase, PHASE_UNKNOWN);
    assert_false(job->confirmed);
    wake(f, job, 1000);
    assert_int_equal(fake.looks, 1);
    const char *ids[] = { "99" };
    answer_look(f, &(struct look_result){ .end = LOOK_FOUND, .sched_ids = ids, .count = 1 });
    assert_string_equal(job->sched_id, "99");
    assert_int_equal(job->state, JOB_STATE_PENDING);
    assert_int_equal(fake.submits, 1);
}

static void absence_is_proved_by_two_looks_t_settle_apart(void **state)
{
    struct fixture *f = *state;
    struct job *job = lost_reply(f);
    wake(f, job, 1000);
    answer_look(f, &(struct look_result){ .end = LOOK_ABSENT });
    assert_int_equal(job->phase, PHASE_UNKNOWN);
    wake(f, job, 5000); /* too early: looked at, and not believed */
    answer_look(f, &(struct look_result){ .end = LOOK_ABSENT });
    assert_int_equal(fake.submits, 1);
    wake(f, job, 12000);
    answer_look(f, &(struct look_result){ .end = LOOK_ABSENT });
    wake(f, job, 1);
    assert_int_equal(fake.submits, 2);
    assert_int_equal(fake.submit.number, 2);
}

static void a_clock_that_is_set_proves_no_absence(void **state)
{
    struct fixture *f = *state;
    struct job *job = lost_reply(f);
    wake(f, job, 1000);
    answer_look(f, &(struct look_result){ .end = LOOK_ABSENT });
    f->clock.wall += INT64_C(86400) * US_PER_S;
    wake(f, job, 5000);
    answer_look(f, &(struct look_result){ .end = LOOK_ABSENT });
    assert_int_equal(job->phase, PHASE_UNKNOWN);
    f->clock.wall -= INT64_C(2 * 86400) * US_PER_S;
    wake(f, job, 12000);
    answer_look(f, &(struct look_result){ .end = LOOK_ABSENT });
    wake(f, job, 1);
    assert_int_equal(fake.submits, 2); /* nor does it put off the proof */
}

static void living_launcher_or_silent_cluster_proves_nothing(void **state)
{
    struct fixture *f = *state;
    struct job *job = lost_reply(f);
    for (int i = 0; i < 5; i++) {
        wake(f, job, 60000);
        answer_look(f, i % 2 ? &(struct look_result){ .end = LOOK_NOTHING }
                             : &(struct look_result){ .end = LOOK_ABSENT, .launcher_alive = true });
    }
    assert_int_equal(fake.submits, 1);
    assert_int_equal(job->phase, PHASE_UNKNOWN);
}

/* A launcher that was held up, begins after the first look and has ended before the third. */
static void proof_of_absence_begins_anew_after_a_launcher_was_seen(void **state)
{
    struct fixture *f = *state;
    struct job *job = lost_reply(f);
    wake(f, job, 1000);
    answer_look(f, &(struct look_result){ .end = LOOK_ABSENT });
    wake(f, job, 12000);
    answer_look(f, &(struct look_result){ .end = LOOK_ABSENT, .launcher_alive = true });
    wake(f, job, 2000);
    answer_look(f, &(struct look_result){ .end = LOOK_ABSENT });
    wake(f, job, 1);
    assert_int_equal(fake.submits, 1);
    wake(f, job, 12000);
    answer_look(f, &(struct look_result){ .end = LOOK_ABSENT });
    wake(f, job, 1);
    assert_int_equal(fake.submits, 2);
}

static void doubles_are_cancelled_and_the_first_kept(void **state)
{
    struct fixture *f = *state;
    struct job *job = lost_reply(f);
    wake(f, job, 1000);
    const char *ids[] = { "5", "6" };
    answer_look(f, &(struct look_result){ .end = LOOK_FOUND, .sched_ids = ids, .count = 2 });
    assert_string_equal(job->sched_id, "5");
    assert_int_equal(fake.cancels, 1);
    assert_string_equal(fake.cancel.detail, "6");
}

static void restart_after_the_frame_may_have_left_looks_first(void **state)
{
    struct fixture *f = *state;
    struct job *job = fixture_job(f, NULL);
    int64_t id = job->id;
    launch_job(f->gw.launch, id);
    fixture_turn(f, 1);
    assert_int_equal(fake.submits, 1);
    fixture_restart(f);
    launch_resume_all(f->gw.launch);
    fixture_turn(f, 1);
    launch_job(f->gw.launch, id);
    fixture_turn(f, 1);
    assert_int_equal(fake.submits, 0);
    assert_int_equal(fake.looks, 1);
}

static void restart_before_the_launch_sends_it(void **state)
{
    struct fixture *f = *state;
    struct job *job = fixture_job(f, NULL);
    (void)job;
    fixture_restart(f);
    launch_resume_all(f->gw.launch);
    fixture_turn(f, 1);
    assert_int_equal(fake.submits, 1);
}

static void never_answered(void *ctx, const struct answer *answer)
{
    bool *was = ctx;
    *was = answer->ok;
}

static void cancel_before_the_launch_ends_the_job_at_once(void **state)
{
    struct fixture *f = *state;
    bool answered = false;
    struct job *job = fixture_job(f, NULL);
    int64_t id = job->id;
    assert_int_equal(launch_cancel(f->gw.launch, id, -1, never_answered, &answered, NULL), 0);
    fixture_turn(f, 1);
    assert_true(answered);
    assert_int_equal(fake.submits, 0);
    auto_job struct job *stored = NULL;
    assert_int_equal(job_store_get(f->gw.store, id, &stored, NULL), 0);
    assert_int_equal(stored->state, JOB_STATE_CANCELLED);
}

static void cancel_in_doubt_is_sent_once_the_job_is_found(void **state)
{
    struct fixture *f = *state;
    bool answered = false;
    struct job *job = lost_reply(f);
    assert_int_equal(launch_cancel(f->gw.launch, job->id, -1, never_answered, &answered, NULL), 0);
    wake(f, job, 1000);
    assert_true(answered);
    assert_int_equal(fake.cancels, 0);
    const char *ids[] = { "7" };
    answer_look(f, &(struct look_result){ .end = LOOK_FOUND, .sched_ids = ids, .count = 1 });
    assert_int_equal(fake.cancels, 1);
    assert_string_equal(fake.cancel.detail, "7");
}

static void full_queue_of_the_transport_defers_the_launch(void **state)
{
    struct fixture *f = *state;
    struct job *job = fixture_job(f, NULL);
    fake.refuses = true;
    launch_job(f->gw.launch, job->id);
    fixture_turn(f, 1);
    assert_int_equal(job->phase, PHASE_INTENT);
    fake.refuses = false;
    wake(f, job, 5000);
    assert_int_equal(job->phase, PHASE_LAUNCHING);
}

/* Each time the launcher wakes it looks at every task that waits. */
static void those_that_were_put_off_together_come_back_together(void **state)
{
    struct fixture *f = *state;
    enum { JOBS = 100 };
    const struct launch_task *task, *next;
    int64_t times[JOBS] = { 0 };
    size_t count = 0, i;
    fake.refuses = true;
    for (int n = 0; n < JOBS; n++)
        launch_job(f->gw.launch, fixture_new_job(f, NULL)->id);
    fixture_turn(f, 0);
    assert_int_equal(fake.submits, JOBS);
    HASH_ITER (hh, f->gw.launch->tasks, task, next) {
        for (i = 0; i < count && times[i] != task->due_us; i++)
            ;
        if (i == count)
            times[count++] = task->due_us;
    }
    assert_in_range(count, 1, 4); /* 2 s, an eighth less or more */
}

static void why_of(struct fixture *f, int64_t id, char *to, size_t size)
{
    auto_job struct job *stored = NULL;
    assert_int_equal(job_store_get(f->gw.store, id, &stored, NULL), 0);
    assert_int_equal(stored->state, JOB_STATE_SUBMIT_FAILED);
    assert_true(stored->confirmed);
    (void)snprintf(to, size, "%s", stored->why);
}

static void a_refusal_says_what_to_change_and_where_it_was_said(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *upstream, *field, *hint, *why;
    } rows[] = {
        { "Invalid partition", "slurm.partition", "name one of: cpu, gpu",
          "Invalid partition (name one of: cpu, gpu); slurm.partition: a.yaml:3:14" },
        { "Invalid qos", "slurm.qos", NULL, "Invalid qos; slurm.qos" }, /* nobody knows where it came from */
        { "Invalid account", "slurm.account", NULL, "Invalid account; slurm.account" },
        { "Not available", "resources", "No node has it.", "Not available (No node has it.)" },
        { "", NULL, NULL, "refused by the scheduler" },
        { NULL, NULL, NULL, "refused by the scheduler" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char why[200];
        int64_t id = fixture_job(f, NULL)->id;
        launch_job(f->gw.launch, id);
        fixture_turn(f, 1);
        answer_submit(f, &(struct submit_result){ .end = SUBMIT_REFUSED,
                                                  .upstream = rows[i].upstream,
                                                  .field = rows[i].field,
                                                  .hint = rows[i].hint });
        why_of(f, id, why, sizeof(why));
        assert_string_equal(why, rows[i].why);
    }
}

static void a_refusal_that_a_look_finds_is_as_final(void **state)
{
    struct fixture *f = *state;
    struct job *job = lost_reply(f);
    int64_t id = job->id;
    char why[300];
    wake(f, job, 1000);
    answer_look(f, &(struct look_result){ .end = LOOK_FOUND }); /* neither an id nor a refusal */
    assert_int_equal(job->phase, PHASE_UNKNOWN);
    wake(f, job, 60000);
    answer_look(f, &(struct look_result){ .end = LOOK_ABSENT,
                                          .launcher_alive = true,
                                          .rejected = "sbatch: error: of the launch before" });
    assert_int_equal(job->phase, PHASE_UNKNOWN);
    wake(f, job, 60000);
    answer_look(f, &(struct look_result){ .end = LOOK_ABSENT,
                                          .rejected = "sbatch: error: invalid partition specified: nosuch" });
    why_of(f, id, why, sizeof(why));
    assert_non_null(strstr(why, "invalid partition specified: nosuch"));
    assert_non_null(strstr(why, "slurm.partition: a.yaml:3:14"));
    assert_int_equal(fake.submits, 1);
}

static void a_double_that_cannot_be_cancelled_keeps_nobody_from_the_first(void **state)
{
    struct fixture *f = *state;
    struct job *job = lost_reply(f);
    wake(f, job, 1000);
    const char *ids[] = { "5", "6", "7" };
    fake.refuses = true; /* no room for a cancel now */
    answer_look(f, &(struct look_result){ .end = LOOK_FOUND, .sched_ids = ids, .count = 3 });
    assert_string_equal(job->sched_id, "5");
    assert_int_equal(fake.cancels, 2);
    fake.refuses = false;
    assert_int_equal(job->state, JOB_STATE_PENDING);
}

static void a_look_that_cannot_leave_is_tried_again(void **state)
{
    struct fixture *f = *state;
    struct job *job = lost_reply(f);
    fake.refuses = true;
    wake(f, job, 1000);
    assert_int_equal(job->phase, PHASE_UNKNOWN);
    unsigned looks = fake.looks;
    fake.refuses = false;
    wake(f, job, 60000);
    assert_true(fake.looks > looks);
    const char *ids[] = { "8" };
    answer_look(f,
                &(struct look_result){ .end = LOOK_FOUND, .sched_ids = ids, .count = 1, .run_dir = "/w/x" });
    assert_string_equal(job->run_dir, "/w/x");
    assert_int_equal(fake.submits, 1);
}

static void the_same_words_again_are_no_news(void **state)
{
    struct fixture *f = *state;
    struct job *job = fixture_job(f, "0-3");
    launch_job(f->gw.launch, job->id);
    fixture_turn(f, 1);
    answer_submit(f, &(struct submit_result){ .end = SUBMIT_TRANSIENT, .upstream = "busy" });
    int64_t told = event_store_last(f->gw.store);
    for (int i = 0; i < 2; i++) {
        wake(f, job, 300000);
        int64_t launched = event_store_last(f->gw.store);
        answer_submit(f, &(struct submit_result){ .end = SUBMIT_TRANSIENT, .upstream = i ? "gone" : "busy" });
        assert_int_equal(event_store_last(f->gw.store) > launched, i == 1);
        assert_true(launched >= told);
    }
    wake(f, job, 300000);
    answer_submit(f, &(struct submit_result){ .end = SUBMIT_ACCEPTED, .sched_id = "4711" });
    assert_string_equal(job->array_job_id, "4711");
}

/* A job with a tree of its own, whose tar lies in the spool. */
static struct job *job_with_code(struct fixture *f, const char *code)
{
    struct job *job = fixture_job(f, NULL);
    mem_replace_str(&job->code, code);
    auto_str struct str path = STR_MAX(300);
    spool_tar_path(f->state, "tree1", &path);
    fixture_write(str_text(&path), "tar");
    return job;
}

static void answer_stage(struct fixture *f, const struct err *err)
{
    assert_true(fake.stage.is_open);
    fake.stage.is_open = false;
    fake.stage.plain(fake.stage.ctx, err);
    fixture_turn(f, 1);
}

static void code_is_there_before_the_launch_and_a_failure_puts_it_off(void **state)
{
    struct fixture *f = *state;
    struct job *job = job_with_code(f, "code/p/tree1");
    launch_job(f->gw.launch, job->id);
    fixture_turn(f, 1);
    assert_int_equal(fake.stages, 1);
    assert_string_equal(fake.stage.detail, "tree1");
    struct err err = { 0 };
    err_set(&err, ERR_OFFLINE, "the link broke");
    answer_stage(f, &err);
    assert_int_equal(fake.submits, 0);
    assert_int_equal(job->phase, PHASE_INTENT);
    assert_non_null(strstr(job->why, "the link broke"));
    wake(f, job, 5000);
    answer_stage(f, NULL);
    fixture_turn(f, 1);
    assert_int_equal(fake.submits, 1);
    assert_int_equal(job->phase, PHASE_LAUNCHING);
}

static void code_that_cannot_be_opened_or_has_no_path_defers_in_words(void **state)
{
    struct fixture *f = *state;
    static const char *const wrong[][2] = { { "code/p/loop", "snapshot" },
                                            { "code/p", "code path" },
                                            { "code", "code path" },
                                            { "/", "code path" },
                                            { "", "code path" } };
    auto_str struct str path = STR_MAX(300);
    spool_tar_path(f->state, "loop", &path);
    assert_int_equal(symlink(str_text(&path), str_text(&path)), 0);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct job *job = job_with_code(f, wrong[i][0]);
        launch_job(f->gw.launch, job->id);
        fixture_turn(f, 1);
        assert_int_equal(job->phase, PHASE_INTENT);
        assert_non_null(strstr(job->why, wrong[i][1]));
    }
    assert_int_equal(fake.stages + fake.submits, 0);
}

static void code_that_is_gone_ends_the_job_with_the_reason(void **state)
{
    struct fixture *f = *state;
    char why[200];
    int64_t id = job_with_code(f, "code/p/lost")->id;
    launch_job(f->gw.launch, id);
    fixture_turn(f, 1);
    why_of(f, id, why, sizeof(why));
    assert_string_equal(why,
                        "the snapshot of the code is gone from the gateway's disk (submit the job again)");
    assert_int_equal(fake.stages + fake.submits, 0);
}

static void a_cancel_while_code_is_sent_means_no_launch(void **state)
{
    struct fixture *f = *state;
    bool answered = false;
    struct job *job = job_with_code(f, "code/p/tree1");
    int64_t id = job->id;
    launch_job(f->gw.launch, id);
    fixture_turn(f, 1);
    (void)launch_cancel(f->gw.launch, id, -1, never_answered, &answered, NULL);
    fixture_turn(f, 1);
    answer_stage(f, NULL);
    fixture_turn(f, 1);
    assert_int_equal(fake.submits, 0);
    auto_job struct job *stored = NULL;
    assert_int_equal(job_store_get(f->gw.store, id, &stored, NULL), 0);
    assert_int_equal(stored->state, JOB_STATE_CANCELLED);
}

static void a_refusal_without_words_is_told_by_its_error(void **state)
{
    struct fixture *f = *state;
    struct job *job = fixture_job(f, NULL);
    launch_job(f->gw.launch, job->id);
    fixture_turn(f, 1);
    struct submit_result result = { .end = SUBMIT_TRANSIENT };
    err_set(&result.err, ERR_BUSY, "no room for the script");
    answer_submit(f, &result);
    assert_string_equal(job->why, "no room for the script");
}

/* Jobs outlive their cluster's entry in the configuration: they wait, and nothing is sent or forgotten. */
/* Both in one turn of the loop, in either order: who waits does not make the other wait. */
static void a_job_is_sent_at_once_beside_one_that_waits(void **state)
{
    struct fixture *f = *state;
    const struct submit_result busy = { .end = SUBMIT_TRANSIENT, .upstream = "QOSMaxSubmitJobPerUserLimit" };
    for (int turn = 0; turn < 2; turn++) {
        struct job *waits = fixture_job(f, NULL), *next = fixture_job(f, NULL);
        launch_job(f->gw.launch, waits->id);
        wake(f, waits, 1);
        assert_int_equal(fake.submits, 2 * turn + 1);
        fake.submit.is_open = false;
        if (turn == 1)
            launch_job(f->gw.launch, next->id);
        fake.submit.submit(fake.submit.ctx, &busy);
        if (turn == 0)
            launch_job(f->gw.launch, next->id);
        usleep(5000); /* the loop's timers go by the real clock */
        fixture_turn(f, 1);
        fixture_turn(f, 1);
        assert_int_equal(fake.submits, 2 * turn + 2);
        fake.submit.is_open = false;
    }
}

static void a_cluster_that_left_the_configuration_holds_its_jobs(void **state)
{
    struct fixture *f = *state;
    int64_t fresh = fixture_job(f, NULL)->id, doubtful = lost_reply(f)->id;
    fixture_write(f->clusters, "clusters:\n  - name: birch\n    type: slurm\n    host: x@y.example\n");
    fixture_restart(f);
    launch_resume_all(f->gw.launch);
    fixture_turn(f, 60000);
    struct job *job = jobs_find(f->gw.jobs, fresh);
    assert_non_null(strstr(job->why, "alder is disabled or not configured"));
    assert_int_equal(job->phase, PHASE_INTENT);
    assert_int_equal(jobs_find(f->gw.jobs, doubtful)->phase, PHASE_UNKNOWN);
    assert_int_equal(fake.submits + fake.looks, 0);
    bool answered = false; /* what was never sent can be cancelled all the same */
    (void)launch_cancel(f->gw.launch, fresh, -1, never_answered, &answered, NULL);
    fixture_turn(f, 1);
    assert_true(answered);
    fixture_write(f->clusters, fixture_clusters);
    fixture_restart(f);
    launch_resume_all(f->gw.launch);
    fixture_turn(f, 60000);
    assert_int_equal(fake.looks, 1);
    assert_int_equal(fake.submits, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(accepted_submission_becomes_pending_with_its_id),
        TEST(a_job_is_sent_at_once_beside_one_that_waits),
        TEST(launching_is_on_disk_before_the_frame_leaves),
        TEST(permanent_refusal_keeps_the_schedulers_words_and_is_not_retried),
        TEST(transient_refusal_stays_visible_and_is_sent_again),
        TEST(lost_reply_is_looked_up_and_adopted_never_sent_again),
        TEST(absence_is_proved_by_two_looks_t_settle_apart),
        TEST(a_clock_that_is_set_proves_no_absence),
        TEST(living_launcher_or_silent_cluster_proves_nothing),
        TEST(proof_of_absence_begins_anew_after_a_launcher_was_seen),
        TEST(doubles_are_cancelled_and_the_first_kept),
        TEST(restart_after_the_frame_may_have_left_looks_first),
        TEST(restart_before_the_launch_sends_it),
        TEST(cancel_before_the_launch_ends_the_job_at_once),
        TEST(cancel_in_doubt_is_sent_once_the_job_is_found),
        TEST(full_queue_of_the_transport_defers_the_launch),
        TEST(those_that_were_put_off_together_come_back_together),
        TEST(a_refusal_says_what_to_change_and_where_it_was_said),
        TEST(a_refusal_that_a_look_finds_is_as_final),
        TEST(a_double_that_cannot_be_cancelled_keeps_nobody_from_the_first),
        TEST(a_look_that_cannot_leave_is_tried_again),
        TEST(the_same_words_again_are_no_news),
        TEST(code_is_there_before_the_launch_and_a_failure_puts_it_off),
        TEST(code_that_cannot_be_opened_or_has_no_path_defers_in_words),
        TEST(code_that_is_gone_ends_the_job_with_the_reason),
        TEST(a_cancel_while_code_is_sent_means_no_launch),
        TEST(a_refusal_without_words_is_told_by_its_error),
        TEST(a_cluster_that_left_the_configuration_holds_its_jobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
