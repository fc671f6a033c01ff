#include "svc/watch/reopen.h"

#include "base/mem.h"
#include "base/token.h"
#include "store/job_store.h"
#include "svc/jobs.h"

#include <string.h>

enum { AFTER_END_S = 3 }; /* clocks are known to a second, and Slurm waits longer before it starts one anew */

static bool may_be_of_ended(const struct apply *apply, const struct seen_job *row)
{
    /* COMPLETING is also what squeue tells for a while after accounting knows the end. */
    return row->source == SEEN_QUEUE && row->token.len && token_is_valid(row->token) && row->task < 0 &&
           !row->tasks.len && job_state_is_live(row->state) && row->state != JOB_STATE_COMPLETING &&
           !jobs_find_token(apply->gw->jobs, row->token);
}

/* By the cluster's clock. A requeue sets the submission anew; what is known of the run before is older. */
static bool is_later_run(const struct apply *apply, const struct job *job, const struct seen_job *row)
{
    int64_t ended_s = job->ended_at_us / US_PER_S + apply->last_skew_s + AFTER_END_S;
    bool runs = job_state_group(row->state) == JOB_GROUP_ACTIVE;
    return (row->submitted_s != SEEN_ABSENT && row->submitted_s > ended_s) ||
           (runs && row->started_s != SEEN_ABSENT && row->started_s > ended_s);
}

static bool is_again(const struct apply *apply, const char *cluster, const struct job *job,
                     const struct seen_job *row)
{
    return job_is_final(job) && job->phase == PHASE_CLOSED && !job->array && job->ended_at_us &&
           job->scheduler && strcmp(job->scheduler, "slurm") == 0 && strcmp(job->cluster, cluster) == 0 &&
           job->sched_id && span_is(row->sched_id, job->sched_id) && job_state_may(job->state, row->state) &&
           is_later_run(apply, job, row);
}

/* What was told of the attempt that ended stands in job->attempts. A cancel was of that one, too. */
static void begin_attempt(struct job *job)
{
    job->phase = PHASE_SUBMITTED;
    job->attempt++;
    job->restarts++;
    job->exit_code = job->signal = JOB_ABSENT;
    job->started_at_us = job->ended_at_us = job->cancel_requested_at_us = 0;
    job->first_absent_at_us = job->settling_since_us = 0;
    mem_clear_str(&job->node_list);
    mem_clear_str(&job->reason);
    mem_clear_str(&job->raw_state);
    mem_clear_str(&job->usage);
    mem_clear_str(&job->verdict);
}

void reopen_job(const struct apply *apply, const char *cluster, const struct seen_job *row)
{
    struct jobs *jobs = apply->gw->jobs;
    auto_job struct job *stored = NULL;
    if (apply->runs_once || !may_be_of_ended(apply, row))
        return;
    auto_free char *token = span_dup(row->token);
    if (job_store_by_token(apply->gw->store, token, &stored, NULL) < 0 ||
        !is_again(apply, cluster, stored, row))
        return;
    auto_str struct str data = STR_MAX(64);
    begin_attempt(stored);
    str_addf(&data, "{\"attempt\":%lld}", (long long)stored->attempt);
    struct job *job = move_ptr(stored);
    jobs_reopen_take(jobs, job);
    jobs_enter(jobs, job, row->state, "requeued by the scheduler after its end");
    jobs_change(jobs, job, "requeued", str_text(&data));
}
