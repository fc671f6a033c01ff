/* The active jobs in memory, and the one way to change a job.
 *
 * Invariant: every job that is not final is here, as the store has it (after a failed commit everything is
 * read again). jobs_change checks that the transition is legal, stores row, document and event in this turn's
 * transaction, and logs it. */
#ifndef SLUICE_SVC_JOBS_H
#define SLUICE_SVC_JOBS_H

#include "domain/job.h"
#include "svc/gateway.h"

struct jobs *jobs_new(const struct gateway *gw);
void jobs_free(struct jobs *jobs);
int jobs_load(struct jobs *jobs, struct err *err);

/* fn runs some moments after a turn with changes was rolled back, and the jobs were read again: what a
 * service had done with in that turn is not done. */
typedef void jobs_resume(void *ctx);
void jobs_on_rollback(struct jobs *jobs, jobs_resume *fn, void *ctx);

struct job *jobs_find(struct jobs *jobs, int64_t id); /* active ones only; borrowed */
struct job *jobs_find_token(struct jobs *jobs, struct span token);
size_t jobs_active_count(const struct jobs *jobs);
/* Each active job of a cluster (NULL: all), oldest first. fn may change the job; it may not free it. */
void jobs_each(struct jobs *jobs, const char *cluster, void (*fn)(void *ctx, struct job *job), void *ctx);

/* Takes a new job in, with its script; stored in this turn's transaction. */
struct job_script;
int jobs_add_take(struct jobs *jobs, struct job *job, const struct job_script *script, struct err *err);
/* Takes a stored job that had ended back in; the caller says with jobs_enter in which state it is. */
void jobs_reopen_take(struct jobs *jobs, struct job *job);
/* Stores the job as it stands now. kind: the event's word ("state", "submitted", "requeued" ...); data: JSON
 * or NULL. A job that has become final leaves memory at the end of the turn. */
void jobs_change(struct jobs *jobs, struct job *job, const char *kind, const char *data);
/* A state change with its event; false (and nothing done) where the table of transitions forbids it. */
bool jobs_enter(struct jobs *jobs, struct job *job, enum job_state next, const char *why);

#endif
