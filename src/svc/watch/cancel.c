/* Cancel is a request that is kept and repeated until the scheduler shows the end (P14). */
#include "svc/submit/launch_task.h"

#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/loop.h"
#include "store/job_store.h"
#include "svc/jobs.h"
#include "svc/query.h"
#include "svc/submit/launch.h"
#include "svc/watch/array_tasks.h"

#include <stdlib.h>

enum { TASKS_AT_ONCE = 20 }; /* commands that one repetition of an array's cancels may cost */

struct cancel_call {
    struct launch *launch;
    int64_t job_id, task;
    answer_done *done; /* NULL for the gateway's own repetitions */
    void *ctx;
};

static void finish(struct cancel_call *call, const struct err *err)
{
    if (call->done)
        query_answer_job(call->launch->gw, call->job_id, err, call->done, call->ctx);
    free(call);
}

static void on_cancelled(void *ctx, const struct err *err)
{
    struct cancel_call *call = ctx;
    crash_point("K14");
    const struct gateway *gw = call->launch->gw;
    struct job *job = jobs_find(gw->jobs, call->job_id);
    if (err && job)
        log_warn("job %lld: cancel will be repeated: %s", (long long)job->id, err->text);
    struct cluster *cluster = job ? fleet_find(gw->fleet, job->cluster) : NULL;
    if (cluster)
        fleet_nudge(cluster);
    finish(call, NULL); /* the wish is stored: it is repeated until it is seen */
}

static void send_cancel(struct cancel_call *call)
{
    struct launch *launch = call->launch;
    struct job *job = jobs_find(launch->gw->jobs, call->job_id);
    struct cluster *cluster = job ? fleet_find(launch->gw->fleet, job->cluster) : NULL;
    struct err err = { 0 };
    if (!job || job->phase != PHASE_SUBMITTED || !cluster || !cluster->executor) {
        finish(call, NULL); /* launch.c or the next tick comes back to it */
        return;
    }
    job->cancel_sent_us = clock_mono_us(launch->gw->clock);
    struct cancel_spec spec = { .token = job->token, .sched_id = job->sched_id, .task = call->task };
    if (executor_cancel(cluster->executor, &spec, on_cancelled, call, &err) < 0)
        on_cancelled(call, &err);
}

static void after_wish(void *ctx, bool committed)
{
    struct cancel_call *call = ctx;
    struct err err = { 0 };
    if (committed) {
        launch_job(call->launch, call->job_id); /* not sent yet: it never will be */
        send_cancel(call);
        return;
    }
    err_set(&err, ERR_IO, "the wish to cancel could not be stored; nothing was done");
    finish(call, &err);
}

static struct cancel_call *call_new(struct launch *launch, int64_t job_id, int64_t task)
{
    struct cancel_call *call = mem_zalloc(sizeof(*call));
    *call = (struct cancel_call){ .launch = launch, .job_id = job_id, .task = task };
    return call;
}

static void cancel_tasks_again(struct launch *launch, struct job *job)
{
    struct tasks tasks = { 0 };
    unsigned sent = 0;
    if (tasks_load(job, &tasks, NULL) == 0) {
        for (size_t i = 0; i < tasks.count && sent < TASKS_AT_ONCE; i++) {
            const struct task *task = &tasks.items[i];
            bool is_gone = task->state == JOB_STATE_SETTLING || task->state == JOB_STATE_COMPLETING ||
                           job_state_is_terminal(task->state);
            if (!task->is_unwanted || is_gone)
                continue;
            send_cancel(call_new(launch, job->id, task->number));
            sent++;
        }
    }
    tasks_clear(&tasks);
}

bool launch_wants_cancel(const struct job *job)
{
    return job->cancel_requested_at_us || tasks_may_be_unwanted(job);
}

void launch_cancel_again(struct launch *launch, struct job *job)
{
    if (job->cancel_requested_at_us)
        send_cancel(call_new(launch, job->id, -1));
    else
        cancel_tasks_again(launch, job);
}

static void answer_now(void *ctx)
{
    finish(ctx, NULL);
}

/* The wish for one task. 1: it has ended, and there is nothing to do. */
static int want_task(struct launch *launch, struct job *job, int64_t number, struct err *err)
{
    struct tasks tasks = { 0 };
    auto_str struct str data = STR_MAX(64);
    int rc = tasks_load(job, &tasks, err);
    struct task *task = rc < 0 ? NULL : tasks_find(&tasks, number);
    if (rc == 0 && !task)
        rc = err_set(err, ERR_NOT_FOUND, "job %lld has no task %lld: its array is %s", (long long)job->id,
                     (long long)number, job->array);
    if (task && job_state_is_terminal(task->state))
        rc = 1;
    if (task && rc == 0 && !task->is_unwanted) {
        task->is_unwanted = true;
        tasks_remember(job, &tasks);
        str_addf(&data, "{\"task\":%lld}", (long long)number);
        jobs_change(launch->gw->jobs, job, "cancel_requested", str_text(&data));
    }
    tasks_clear(&tasks);
    return rc;
}

int launch_cancel(struct launch *launch, int64_t job_id, int64_t task, answer_done *done, void *ctx,
                  struct err *err)
{
    const struct gateway *gw = launch->gw;
    struct job *job = jobs_find(gw->jobs, job_id);
    auto_job struct job *ended = NULL; /* is as cancelled as it can be; an unknown one is an error */
    if (!job && job_store_get(gw->store, job_id, &ended, err) < 0)
        return -1;
    if (task >= 0 && !(job ? job : ended)->array)
        return err_set(err, ERR_NOT_FOUND, "job %lld is no array: it has no task %lld", (long long)job_id,
                       (long long)task);
    int rc = task >= 0 && job ? want_task(launch, job, task, err) : 0;
    if (rc < 0)
        return -1;
    struct cancel_call *call = call_new(launch, job_id, task);
    call->done = done;
    call->ctx = ctx;
    if (!job || rc > 0) {
        loop_defer(gw->loop, answer_now, call);
        return 0;
    }
    if (task < 0 && !job->cancel_requested_at_us) {
        job->cancel_requested_at_us = clock_wall_us(gw->clock);
        jobs_change(gw->jobs, job, "cancel_requested", NULL);
    }
    store_after_commit(gw->store, after_wish, call);
    return 0;
}
