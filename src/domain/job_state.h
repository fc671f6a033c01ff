/* The states of a job: Slurm's own words in lower case, and the gateway's own (docs/architecture.md).
 *
 * One table holds what each state is; nothing else compares state words. A word that is not in it gives
 * JOB_STATE_UNKNOWN: the caller keeps the last state, stores the raw word and warns once. */
#ifndef SLUICE_DOMAIN_JOB_STATE_H
#define SLUICE_DOMAIN_JOB_STATE_H

#include "base/span.h"

enum job_state {
    JOB_STATE_UNKNOWN = 0, /* a word we do not know; never stored as a job's state */
    JOB_STATE_HELD,        /* the gateway's own: in its queue, nothing sent */
    JOB_STATE_SUBMITTING,  /* sent or about to be; confirmed=false while in doubt */
    JOB_STATE_SUBMIT_FAILED,
    JOB_STATE_PENDING,
    JOB_STATE_CONFIGURING,
    JOB_STATE_REQUEUED,
    JOB_STATE_REQUEUE_HOLD,
    JOB_STATE_REQUEUE_FED,
    JOB_STATE_SPECIAL_EXIT,
    JOB_STATE_RESV_DEL_HOLD,
    JOB_STATE_RUNNING,
    JOB_STATE_SUSPENDED,
    JOB_STATE_STOPPED,
    JOB_STATE_SIGNALING,
    JOB_STATE_RESIZING,
    JOB_STATE_STAGE_OUT,
    JOB_STATE_COMPLETING,
    JOB_STATE_SETTLING, /* the gateway's own: gone from the queue, not yet in accounting */
    JOB_STATE_COMPLETED,
    JOB_STATE_FAILED,
    JOB_STATE_CANCELLED,
    JOB_STATE_TIMEOUT,
    JOB_STATE_OUT_OF_MEMORY,
    JOB_STATE_NODE_FAIL,
    JOB_STATE_PREEMPTED,
    JOB_STATE_BOOT_FAIL,
    JOB_STATE_DEADLINE,
    JOB_STATE_REVOKED,
    JOB_STATE_LOST, /* the gateway's own: nothing anywhere knows it, after the documented wait */
    JOB_STATE_COUNT
};

enum job_group { JOB_GROUP_NONE, JOB_GROUP_QUEUED, JOB_GROUP_ACTIVE, JOB_GROUP_ENDED };

/* The word as stored and shown ("out_of_memory"); "unknown" for JOB_STATE_UNKNOWN. Never NULL. */
const char *job_state_word(enum job_state state);
const char *job_group_word(enum job_group group); /* "queued", "active", "ended", "none" */

/* Reads our word, Slurm's long word in either case, its short form ("NF"), "CANCELLED by 1000", and words
 * joined by '+' or ',' (a flag beside a base state: the last one known wins). */
enum job_state job_state_of(struct span word);

enum job_group job_state_group(enum job_state state);
bool job_state_is_terminal(enum job_state state); /* has ended; comes back only by a requeue */
bool job_state_is_live(enum job_state state);     /* Slurm holds it in its queue: pending to completing */
/* Ended by somebody else than itself: cancelled, out of time or memory, its node gone ... */
bool job_state_is_cut_short(enum job_state state);
bool job_state_is_ours(enum job_state state); /* the gateway's own word, never said by Slurm */

/* True where a job may go from one state to the other (staying is always allowed). A job that was refused
 * stays refused: sbatch's refusals stand as FAILED in squeue and sacct under an id of their own. */
bool job_state_may(enum job_state from, enum job_state to);
/* True where the move begins a new attempt: from running or ended by Slurm back to the queue or to running.
 */
bool job_state_is_requeue(enum job_state from, enum job_state to);

#endif
