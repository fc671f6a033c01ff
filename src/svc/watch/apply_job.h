/* What a report says of one job, applied to it. */
#ifndef SLUICE_SVC_WATCH_APPLY_JOB_H
#define SLUICE_SVC_WATCH_APPLY_JOB_H

#include "svc/gateway.h"
#include "svc/watch/judge.h"

struct apply { /* one report's circumstances */
    const struct gateway *gw;
    int64_t now_us;
    int64_t mono_us;     /* the same moment; waits are measured by it, for clocks are set */
    int64_t skew_s;      /* the cluster's clock minus ours: its times become ours by it (P11) */
    int64_t last_skew_s; /* the one that stored times were made with */
    int64_t settle_us;   /* T_settle: between the two good looks that prove absence (P7) */
    bool runs_once;      /* of a scheduler that never starts a job again: what moved is not another start */
};

void apply_job(const struct apply *apply, struct job *job, const struct job_rows *rows,
               const struct tick_report *report);
/* svc/watch/apply_array.c: the same, task by task; the array's state is made of its tasks' (P9). */
void apply_array(const struct apply *apply, struct job *job, const struct job_rows *rows,
                 const struct tick_report *report);

/* Why it ended, by accounting's row; empty: nothing tells. What Slurm itself cancelled, as it could never
 * start, accounting tells without a reason; the queue has it as long as it remembers the job. queue: or NULL.
 */
struct span apply_end_cause(const struct seen_job *row, const struct seen_job *queue);

/* Shared by both. */
enum { MAX_MISSED_ATTEMPTS = 100 }; /* counted by the name of a log, which may be anything */
int64_t apply_time_us(const struct apply *apply, int64_t cluster_s); /* 0 for unknown */
/* For how long the job is settling, however the clock was set in this life of the gateway. */
int64_t apply_settling_us(const struct apply *apply, struct job *job);
/* For so long that the end of an earlier attempt is better than none. */
bool apply_is_overdue(const struct apply *apply, struct job *job);
/* Settling for so long that a last word without accounting (judge_last_word) is taken: the queue's after a
 * minute, the exit file's after a quarter of an hour. */
bool apply_takes_last_word(const struct apply *apply, struct job *job, const struct job_rows *rows);
/* The queue alone tells this end (row), and its code may still come: not for long. */
bool apply_waits_for_code(const struct apply *apply, struct job *job, const struct seen_job *row,
                          const struct seen_job *exit_file);
/* Accounting tells this end (row), and its cause may still come: not for long. */
bool apply_waits_for_cause(const struct apply *apply, struct job *job, const struct seen_job *row,
                           const struct seen_job *exit_file);
/* Absent from a good listing: settling, unknown, lost (P6). */
void apply_settling(const struct apply *apply, struct job *job, const struct job_rows *rows,
                    const struct tick_report *report);
/* Of one that was stale: said by itself and before what was seen, so that each time away from a cluster has
 * an end. */
void apply_fresh(const struct apply *apply, struct job *job);
/* Where it runs and who pays, as the scheduler has it; true where that is new. */
bool apply_place(struct job *job, const struct seen_job *row);
/* job->source of a row: squeue, sacct, exit_file; supervisor where there is no Slurm. */
const char *apply_source_word(const struct job *job, enum seen_source source);

#endif
