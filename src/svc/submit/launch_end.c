/* How a try to submit ends: adopted or put off (svc/submit/launch_refuse.c: refused for good). */
#include "svc/submit/launch_task.h"

#include "base/crash.h"
#include "base/mem.h"
#include "store/store.h"
#include "svc/jobs.h"
#include "svc/submit/launch.h"
#include "svc/watch/closing.h"

#include <stdlib.h>
#include <string.h>

struct adopted {
    const struct gateway *gw;
    char *token;
};

/* Not before the commit: until then a crash may still lead to a second launch, which needs the secrets. */
static void after_adopted(void *ctx, bool committed)
{
    struct adopted *adopted = ctx;
    if (committed) {
        crash_point("K11"); /* before the readers of the log hear of it */
        closing_expect(adopted->gw->closing, adopted->token);
    }
    free(adopted->token);
    free(adopted);
}

void launch_adopt(struct launch_task *task, struct job *job, const char *sched_id, const char *run_dir)
{
    struct launch *launch = task->launch;
    const struct gateway *gw = launch->gw;
    mem_replace_str(&job->sched_id, sched_id);
    if (job->array)
        mem_replace_str(&job->array_job_id, sched_id);
    if (run_dir)
        mem_replace_str(&job->run_dir, run_dir);
    job->phase = PHASE_SUBMITTED;
    job->is_unasked = true;
    job->confirmed = true;
    job->first_absent_at_us = job->absent_since_us = 0;
    job->submitted_at_us = job->observed_at_us = clock_wall_us(gw->clock);
    mem_replace_str(&job->source, "receipt");
    mem_clear_str(&job->reason);
    jobs_enter(gw->jobs, job, JOB_STATE_PENDING, "accepted by the scheduler");
    struct adopted *adopted = mem_zalloc(sizeof(*adopted));
    *adopted = (struct adopted){ gw, mem_dup_str(job->token) };
    store_after_commit(gw->store, after_adopted, adopted);
    if (job->cancel_requested_at_us)
        launch_cancel_again(launch, job);
    else
        fleet_nudge(fleet_find(gw->fleet, job->cluster)); /* which has just answered: it is there */
    launch_drop(task);
}

void launch_defer(struct launch_task *task, struct job *job, const char *why)
{
    job->phase = PHASE_INTENT;
    mem_replace_str(&job->reason, "Deferred");
    if (!job->why || strcmp(job->why, why) != 0) {
        mem_replace_str(&job->why, why);
        jobs_change(task->launch->gw->jobs, job, "deferred", NULL);
    }
    launch_back_off(task, DEFER_FIRST_MS, DEFER_LAST_MS);
}
