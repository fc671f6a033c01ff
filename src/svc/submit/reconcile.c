/* Reconciliation (reliability.md 2.2): a lost reply leads to a look by the token, never to a blind second
 * sbatch. Proof of absence is two good looks (receipt, queue and accounting all answered: none), the second
 * at least T_settle after the first one that found no launcher alive. */
#include "svc/submit/launch_task.h"

#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "slurm/refusals.h"
#include "svc/jobs.h"

#include <string.h>

enum { LOOK_FIRST_MS = 1000, LOOK_LAST_MS = 30000 };

static void cancel_doubles(struct launch *launch, const struct job *job, const struct look_result *look)
{
    for (size_t i = 1; i < look->count; i++) {
        log_warn("job %lld %s: doubled as %s; that one is cancelled", (long long)job->id, job->token,
                 look->sched_ids[i]);
        doubles_cancel(launch, job, look->sched_ids[i]);
    }
}

/* words: of a launch that ended by itself, as the one before it did; NULL where that is not so. Both left no
 * job, so they were refusals, though nobody knows the words: a third launch would get them again, and so on
 * for ever. */
static void prove_absence(struct launch_task *task, struct job *job, const struct cluster *cluster,
                          const char *words)
{
    const struct gateway *gw = task->launch->gw;
    int64_t now = clock_mono_us(gw->clock), settle = fleet_settle_us(gw->fleet, cluster);
    if (!job->absent_since_us) { /* none yet in this life: a wall clock that was set proves nothing */
        job->absent_since_us = now;
        job->first_absent_at_us = clock_wall_us(gw->clock);
        jobs_change(gw->jobs, job, "absent", NULL);
        launch_again(task, settle / US_PER_MS + 1);
        return;
    }
    if (now - job->absent_since_us < settle) {
        launch_again(task, (job->absent_since_us + settle - now) / US_PER_MS + 1);
        return;
    }
    if (words) {
        launch_refuse(task, job, words, NULL, "sbatch said so twice, and there is no job");
        return;
    }
    log_info("job %lld %s: proved absent; it is sent again", (long long)job->id, job->token);
    job->phase = PHASE_INTENT;
    job->first_absent_at_us = job->absent_since_us = 0;
    mem_replace_str(&job->reason, "Resubmitting");
    mem_replace_str(&job->why, "the lost submission left no job on the cluster; it is sent again");
    jobs_change(gw->jobs, job, "proved_absent", NULL);
    crash_point("K13");
    task->backoff_ms = 0;
    launch_again(task, 0);
}

static void on_look(void *ctx, const struct look_result *look)
{
    struct launch_task *task = ctx;
    struct job *job = launch_task_job(task);
    if (!job)
        return;
    struct cluster *cluster = launch_task_cluster(task, job);
    if (cluster && look->end == LOOK_FOUND && look->count) {
        crash_point("K12");
        cancel_doubles(task->launch, job, look);
        launch_adopt(task, job, look->sched_ids[0], look->run_dir);
    } else if (cluster && look->end == LOOK_ABSENT && !look->launcher_alive && look->rejected) {
        struct refusal refusal = refusal_read(1, span_of(look->rejected));
        launch_refuse(task, job, look->rejected, refusal.field, refusal.sentence);
    } else if (cluster && look->end == LOOK_ABSENT && !look->launcher_alive) {
        prove_absence(task, job, cluster, look->repeated);
    } else {
        if (look->end == LOOK_ABSENT) /* a launcher is at work: the proof begins anew when it is over */
            job->absent_since_us = job->first_absent_at_us = 0;
        launch_back_off(task, LOOK_FIRST_MS, LOOK_LAST_MS);
    }
}

void reconcile_step(struct launch_task *task, struct job *job, struct cluster *cluster)
{
    struct err err = { 0 };
    struct look_spec spec = { .token = job->token,
                              .name = job->name,
                              .since_s = job->created_at_us / US_PER_S };
    if (executor_look(cluster->executor, &spec, on_look, task, &err) < 0)
        launch_back_off(task, LOOK_FIRST_MS, LOOK_LAST_MS);
}
