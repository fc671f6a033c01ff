/* Back into the queue. Unlike a cancel it is not repeated by the gateway: a run that was asked for once too
 * often is lost work. It is committed before it is sent, goes to the run that was meant and to no later one
 * (Slurm's own count of restarts is looked at before), and is told as it ended. */
#include "svc/submit/launch_task.h"

#include "base/mem.h"
#include "io/loop.h"
#include "store/job_store.h"
#include "svc/jobs.h"
#include "svc/query.h"
#include "svc/submit/launch.h"

#include <stdlib.h>
#include <string.h>

struct requeue_call {
    struct launch *launch;
    int64_t job_id;
    answer_done *done;
    void *ctx;
};

static void finish(struct requeue_call *call, const struct err *err)
{
    query_answer_job(call->launch->gw, call->job_id, err, call->done, call->ctx);
    free(call);
}

static void on_requeued(void *ctx, const struct err *err)
{
    struct requeue_call *call = ctx;
    const struct gateway *gw = call->launch->gw;
    struct job *job = jobs_find(gw->jobs, call->job_id);
    struct cluster *cluster = job ? fleet_find(gw->fleet, job->cluster) : NULL;
    if (job && err)
        job->requeued_attempt = 0; /* may be asked for again: of the same run Slurm takes it once */
    if (cluster)
        fleet_nudge(cluster);
    finish(call, err);
}

static void after_commit(void *ctx, bool committed)
{
    struct requeue_call *call = ctx;
    const struct gateway *gw = call->launch->gw;
    struct job *job = jobs_find(gw->jobs, call->job_id);
    struct cluster *cluster = job ? fleet_find(gw->fleet, job->cluster) : NULL;
    struct err err = { 0 };
    if (!committed) {
        err_set(&err, ERR_IO, "the wish could not be stored; nothing was done");
    } else if (!job || !cluster || !cluster->executor) {
        err_set(&err, ERR_OFFLINE, "its cluster cannot be used now; nothing was done");
    } else {
        struct requeue_spec spec = { job->token, job->sched_id, job->restarts };
        if (executor_requeue(cluster->executor, &spec, on_requeued, call, &err) == 0)
            return;
    }
    on_requeued(call, &err);
}

static void answer_now(void *ctx)
{
    finish(ctx, NULL);
}

static int check(const struct job *job, int64_t attempt, struct err *err)
{
    long long id = job->id;
    if (!job->scheduler || strcmp(job->scheduler, "slurm") != 0)
        return err_set(err, ERR_CONFLICT,
                       "job %lld runs without Slurm, which alone can requeue: submit it again", id);
    if (job->array)
        return err_set(err, ERR_CONFLICT, "job %lld is an array: its tasks cannot be requeued from here", id);
    if (attempt && attempt != job->attempt)
        return err_set(err, ERR_CONFLICT, "job %lld is in attempt %lld, not %lld: nothing was done", id,
                       (long long)job->attempt, (long long)attempt);
    if (job->phase != PHASE_SUBMITTED || job_state_group(job->state) == JOB_GROUP_QUEUED)
        return err_set(err, ERR_CONFLICT, "job %lld does not run: it waits to be started already", id);
    if (job->cancel_requested_at_us)
        return err_set(err, ERR_CONFLICT, "job %lld is being cancelled", id);
    return 0;
}

int launch_requeue(struct launch *launch, int64_t job_id, int64_t attempt, answer_done *done, void *ctx,
                   struct err *err)
{
    const struct gateway *gw = launch->gw;
    struct job *job = jobs_find(gw->jobs, job_id);
    if (!job)
        return query_job_is_final(gw, job_id, err) < 0
                   ? -1
                   : err_set(err, ERR_CONFLICT, "job %lld has ended: submit it again (the page: Clone)",
                             (long long)job_id);
    if (check(job, attempt, err) < 0)
        return -1;
    struct requeue_call *call = mem_zalloc(sizeof(*call));
    *call = (struct requeue_call){ launch, job_id, done, ctx };
    if (job->requeued_attempt == job->attempt) { /* on its way */
        loop_defer(gw->loop, answer_now, call);
        return 0;
    }
    auto_str struct str data = STR_MAX(64);
    str_addf(&data, "{\"attempt\":%lld}", (long long)job->attempt);
    job->requeued_attempt = job->attempt;
    jobs_change(gw->jobs, job, "requeue_requested", str_text(&data));
    store_after_commit(gw->store, after_commit, call);
    return 0;
}
