#include "svc/submit/launch.h"

#include "base/crash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "io/loop.h"
#include "store/job_store.h"
#include "svc/jobs.h"
#include "svc/settings.h"
#include "svc/submit/launch_task.h"
#include "svc/submit/spool.h"

#include <stdlib.h>
#include <string.h>

enum { RECONCILE_FIRST_MS = 500, TOGETHER_US = 250 * 1000 };

/* --- tasks and their timer --- */

/* Only ever sooner: to look for the first of thousands of tasks at every step of each would be quadratic.
 * What is due already stays so. */
static void arm(struct launch *launch, int64_t due_us)
{
    int64_t now = clock_mono_us(launch->gw->clock);
    if (launch->is_stopped || (due_us >= launch->next_us && launch->next_us > now))
        return;
    launch->next_us = due_us < launch->next_us ? due_us : launch->next_us;
    loop_timer_start(launch->timer, launch->next_us > now ? (launch->next_us - now) / US_PER_MS + 1 : 0);
}

/* Waits end together: each run of the timer looks at every task, and thousands that were put off, each with a
 * jitter of its own, would be as many runs. What need not wait does not. */
void launch_again(struct launch_task *task, int64_t wait_ms)
{
    int64_t due_us = clock_mono_us(task->launch->gw->clock) + wait_ms * US_PER_MS;
    task->busy = false;
    task->due_us = wait_ms ? (due_us / TOGETHER_US + 1) * TOGETHER_US : due_us;
    arm(task->launch, task->due_us);
}

void launch_back_off(struct launch_task *task, int64_t first_ms, int64_t last_ms)
{
    unsigned char dice;
    token_random(&dice, sizeof(dice));
    int64_t wait = task->backoff_ms ? task->backoff_ms * 2 : first_ms;
    task->backoff_ms = wait < last_ms ? wait : last_ms;
    launch_again(task, task->backoff_ms * (224 + dice / 4) / 256); /* up to an eighth less or more */
}

void launch_drop(struct launch_task *task)
{
    struct launch *launch = task->launch;
    HASH_DEL(launch->tasks, task);
    free(task);
}

static bool is_to_be_sent(const struct job *job)
{
    return job->phase != PHASE_SUBMITTED && job->phase != PHASE_CLOSED;
}

struct job *launch_task_job(struct launch_task *task)
{
    struct job *job = jobs_find(task->launch->gw->jobs, task->job_id);
    if (job && is_to_be_sent(job))
        return job;
    launch_drop(task);
    return NULL;
}

struct cluster *launch_task_cluster(struct launch_task *task, const struct job *job)
{
    struct cluster *cluster = fleet_find(task->launch->gw->fleet, job->cluster);
    return cluster && cluster->executor ? cluster : NULL;
}

/* --- sending --- */

static void become_unknown(struct launch_task *task, struct job *job, const char *why)
{
    job->phase = PHASE_UNKNOWN;
    job->confirmed = false;
    job->first_absent_at_us = job->absent_since_us = 0;
    mem_replace_str(&job->reason, "Unconfirmed");
    auto_str struct str text = STR_MAX(ERR_TEXT_BYTES * 2);
    str_addf(
        &text,
        "no answer tells whether the job was accepted (%s); the cluster is asked for it before anything else",
        why);
    mem_replace_str(&job->why, str_text(&text));
    jobs_change(task->launch->gw->jobs, job, "unconfirmed", NULL);
    task->backoff_ms = 0;
    launch_again(task, RECONCILE_FIRST_MS);
}

/* It waits and is sent again by itself: what was said, and what helps. */
static void defer(struct launch_task *task, struct job *job, const struct submit_result *result)
{
    auto_str struct str why = STR_MAX(MAX_STDERR_BYTES);
    str_add(&why, result->upstream ? result->upstream : result->err.text);
    if (result->upstream && result->hint)
        str_addf(&why, " (%s)", result->hint);
    launch_defer(task, job, str_text(&why));
}

static void on_submitted(void *ctx, const struct submit_result *result)
{
    struct launch_task *task = ctx;
    struct job *job = launch_task_job(task);
    if (!job)
        return;
    switch (result->end) {
    case SUBMIT_ACCEPTED:
        crash_point("K10");
        launch_adopt(task, job, result->sched_id, result->run_dir);
        return;
    case SUBMIT_REFUSED:
        launch_refuse(task, job, result->upstream, result->field, result->hint);
        return;
    case SUBMIT_TRANSIENT:
        defer(task, job, result);
        return;
    case SUBMIT_UNKNOWN:
        become_unknown(task, job, result->err.text);
        return;
    }
}

static int send_frame(struct launch_task *task, struct job *job, struct cluster *cluster, struct err *err)
{
    struct launch *launch = task->launch;
    struct job_script script = { 0 };
    auto_str struct str secrets = STR_MAX(MAX_SUBMIT_BODY_BYTES);
    if (job_store_script(launch->gw->store, job->id, &script, err) < 0)
        return -1;
    int rc = spool_get_secrets(state_dir_of(launch->gw), job->token, &secrets, err);
    struct submit_spec spec = { .token = job->token,
                                .launch = job->launches,
                                .script = span_of(script.script),
                                .secrets = str_span(&secrets),
                                .code = job->code,
                                .name = job->name,
                                .gpus = job->gpus == JOB_ABSENT ? 0 : job->gpus,
                                .cpus = job->cpus == JOB_ABSENT ? 0 : job->cpus,
                                .priority = job->priority,
                                .time_s = job->time_s == JOB_ABSENT ? 0 : job->time_s };
    if (rc == 0)
        rc = executor_submit(cluster->executor, &spec, on_submitted, task, err);
    job_script_clear(&script);
    return rc;
}

static void after_launching(void *ctx, bool committed)
{
    struct launch_task *task = ctx;
    struct job *job = launch_task_job(task);
    if (!job)
        return;
    if (!committed) { /* nothing was sent, and memory has been read back from the store */
        launch_back_off(task, DEFER_FIRST_MS, DEFER_LAST_MS);
        return;
    }
    crash_point("K6");
    struct err err = { 0 };
    struct cluster *cluster = launch_task_cluster(task, job);
    if (!cluster)
        err_set(&err, ERR_OFFLINE, "cluster %s left the configuration", job->cluster);
    if (!cluster || send_frame(task, job, cluster, &err) < 0)
        launch_defer(task, job, err.text);
}

/* The arrow INTENT -> LAUNCHING is on disk before the first byte leaves. */
static void begin_launch(struct launch_task *task, struct job *job)
{
    job->phase = PHASE_LAUNCHING;
    job->launches++;
    job->launched_at_us = clock_wall_us(task->launch->gw->clock);
    jobs_change(task->launch->gw->jobs, job, "launching", NULL);
    store_after_commit(task->launch->gw->store, after_launching, task);
}

static void on_staged(void *ctx, const struct err *err)
{
    struct launch_task *task = ctx;
    crash_point("K5");
    struct job *job = launch_task_job(task);
    if (!job)
        return;
    if (job->cancel_requested_at_us)
        launch_again(task, 0);
    else if (err)
        launch_defer(task, job, err->text);
    else
        begin_launch(task, job);
}

/* A tar that is gone does not come back: the job would wait for it for ever. */
static int stage_tar(struct launch_task *task, struct job *job, struct cluster *cluster,
                     struct stage_spec *spec, struct err *err)
{
    if (spool_open_tar(state_dir_of(task->launch->gw), spec->tree, &spec->tar_fd, &spec->bytes, err) == 0) {
        crash_point("K3");
        return executor_stage(cluster->executor, spec, on_staged, task, err);
    }
    if (err->code != ERR_NOT_FOUND)
        return err_wrap(err, "snapshot");
    launch_refuse(task, job, "the snapshot of the code is gone from the gateway's disk", NULL,
                  "submit the job again");
    return 0;
}

static int begin_stage(struct launch_task *task, struct job *job, struct cluster *cluster, struct err *err)
{
    struct span rest = span_of(job->code), folder, project, tree;
    if (!span_next(&rest, '/', &folder) || !span_next(&rest, '/', &project) || !span_next(&rest, '/', &tree))
        return err_set(err, ERR_CORRUPT, "code path %s", job->code);
    auto_free char *project_name = span_dup(project);
    auto_free char *tree_name = span_dup(tree);
    struct stage_spec spec = { .project = project_name, .tree = tree_name, .tar_fd = -1 };
    return stage_tar(task, job, cluster, &spec, err);
}

static void step_intent(struct launch_task *task, struct job *job, struct cluster *cluster)
{
    struct err err = { 0 };
    task->busy = true;
    if (job->cancel_requested_at_us) {
        spool_drop_secrets(state_dir_of(task->launch->gw), job->token);
        jobs_enter(task->launch->gw->jobs, job, JOB_STATE_CANCELLED, "cancelled before it was submitted");
        launch_drop(task);
    } else if (!job->code) {
        begin_launch(task, job);
    } else if (begin_stage(task, job, cluster, &err) < 0) {
        launch_defer(task, job, err.text);
    }
}

static void step(struct launch_task *task)
{
    struct job *job = launch_task_job(task);
    if (!job)
        return;
    struct cluster *cluster = launch_task_cluster(task, job);
    if (!cluster && !(job->phase == PHASE_INTENT && job->cancel_requested_at_us)) {
        auto_str struct str why = STR_MAX(ERR_TEXT_BYTES);
        str_addf(&why, "cluster %s is disabled or not configured", job->cluster);
        if (job->phase == PHASE_INTENT)
            launch_defer(task, job, str_text(&why));
        else
            launch_back_off(task, DEFER_FIRST_MS, DEFER_LAST_MS);
        return;
    }
    if (job->phase == PHASE_INTENT) {
        step_intent(task, job, cluster);
    } else if (job->phase ==
               PHASE_LAUNCHING) { /* of an earlier life of the gateway: the frame may have left */
        become_unknown(task, job, "the gateway was restarted meanwhile");
    } else {
        task->busy = true;
        reconcile_step(task, job, cluster);
    }
}

static void on_timer(void *ctx)
{
    struct launch *launch = ctx;
    int64_t now = clock_mono_us(launch->gw->clock), next_us = INT64_MAX;
    struct launch_task *task, *next;
    launch->next_us = INT64_MAX;
    HASH_ITER (hh, launch->tasks, task, next) {
        if (!task->busy && task->due_us <= now)
            step(task);
        else if (!task->busy && task->due_us < next_us)
            next_us = task->due_us;
    }
    arm(launch, next_us);
}

struct launch *launch_new(const struct gateway *gw)
{
    struct launch *launch = mem_zalloc(sizeof(*launch));
    launch->gw = gw;
    launch->timer = loop_timer_new(gw->loop, on_timer, launch);
    launch->next_us = INT64_MAX;
    return launch;
}

void launch_stop(struct launch *launch)
{
    launch->is_stopped = true;
    loop_timer_stop(launch->timer);
}

void launch_free(struct launch *launch)
{
    if (!launch)
        return;
    struct launch_task *task, *next;
    HASH_ITER (hh, launch->tasks, task, next) {
        HASH_DEL(launch->tasks, task);
        free(task);
    }
    doubles_free(launch);
    loop_timer_free(launch->timer);
    free(launch);
}

static struct launch_task *task_of(struct launch *launch, int64_t job_id)
{
    struct launch_task *task;
    HASH_FIND(hh, launch->tasks, &job_id, sizeof(job_id), task);
    if (task)
        return task;
    task = mem_zalloc(sizeof(*task));
    task->launch = launch;
    task->job_id = job_id;
    HASH_ADD(hh, launch->tasks, job_id, sizeof(task->job_id), task);
    return task;
}

void launch_job(struct launch *launch, int64_t job_id)
{
    struct launch_task *task = task_of(launch, job_id);
    if (!task->busy)
        launch_again(task, 0);
}

void launch_job_with_intent(struct launch *launch, struct job *job)
{
    if (launch->is_stopped || job->code)
        return;
    struct launch_task *task = task_of(launch, job->id);
    if (!launch_task_cluster(task, job))
        return;
    task->busy = true;
    begin_launch(task, job);
}

static void resume_one(void *ctx, struct job *job)
{
    if (is_to_be_sent(job))
        launch_job(ctx, job->id);
}

void launch_resume_all(struct launch *launch)
{
    jobs_each(launch->gw->jobs, NULL, resume_one, launch);
}
