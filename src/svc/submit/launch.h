/* The submission machine (reliability.md section 2): intent -> launching -> submitted | refused | unknown,
 * and reconciliation. Every arrow is committed before its effect leaves the gateway. */
#ifndef SLUICE_SVC_SUBMIT_LAUNCH_H
#define SLUICE_SVC_SUBMIT_LAUNCH_H

#include "domain/job.h"
#include "svc/answer.h"
#include "svc/gateway.h"

struct launch *launch_new(const struct gateway *gw);
void launch_stop(struct launch *launch); /* no further step begins; NULL is fine */
void launch_free(struct launch *launch);
/* After the intent's commit: sends what is due now. Also at start, for what was left in between. */
void launch_job(struct launch *launch, int64_t job_id);
/* In the turn that stores the intent: where nothing is to be staged first, one commit stores that the launch
 * begins, too. A disk that takes 8 ms for an fsync is waited for once less. */
void launch_job_with_intent(struct launch *launch, struct job *job);
void launch_resume_all(struct launch *launch);
/* Cancels a job in any state: before its launch at once, else through the scheduler; repeated until seen.
 * task: an array task or -1. The answer is the job's document. */
int launch_cancel(struct launch *launch, int64_t job_id, int64_t task, answer_done *done, void *ctx,
                  struct err *err);
/* Sends a running Slurm job back into the queue, each attempt once at most. attempt: the one that is meant,
 * or 0 for the present one. ERR_CONFLICT in words where it cannot be. The answer is the job's document. */
int launch_requeue(struct launch *launch, int64_t job_id, int64_t attempt, answer_done *done, void *ctx,
                   struct err *err);
/* Somebody wants the job, or tasks of its array, to end: such a wish is stored. */
bool launch_wants_cancel(const struct job *job);
/* Sends what is wanted of a submitted job again; of an array's single tasks some at a time. */
void launch_cancel_again(struct launch *launch, struct job *job);

#endif
