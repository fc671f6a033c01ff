/* The judgement over one job's rows. */
#ifndef SLUICE_SVC_WATCH_APPLY_JOB_H
#define SLUICE_SVC_WATCH_APPLY_JOB_H

#include "domain/job.h"
#include "domain/report.h"
#include "svc/gateway.h"

struct apply { /* one report's circumstances */
    const struct gateway *gw;
    int64_t now_us;
    int64_t mono_us;     /* the same moment; waits are measured by it, for clocks are set */
    int64_t skew_s;      /* the cluster's clock minus ours: its times become ours by it (P11) */
    int64_t last_skew_s; /* the one that stored times were made with */
    int64_t settle_us;   /* T_settle: between the two good looks that prove absence (P7) */
    bool runs_once;      /* of a scheduler that never starts a job again: what moved is not another start */
};

/* The rows of one job: queue rows first, then accounting in the order of submission, then exit files. */
struct job_rows {
    const struct seen_job *const *all;
    size_t count;
    const struct seen_job *queue;      /* the first; NULL none */
    const struct seen_job *accounting; /* the newest; NULL none */
    const struct seen_job *exit_file;
};

enum judgement {
    JUDGED_LIVE,  /* the queue has it (P5: the queue wins on liveness) */
    JUDGED_ENDED, /* accounting says so and the queue has it no longer; or, without accounting, the queue or
                     the exit file say so */
    JUDGED_SETTLING, /* gone from a whole listing, and nothing final is known yet (P4, P6) */
    JUDGED_NOTHING   /* no information (P2) */
};

/* *decisive is the row to believe: of LIVE and ENDED never NULL. Pure. */
enum judgement judge(const struct job_rows *rows, const struct tick_report *report,
                     const struct seen_job **decisive);
/* judge, but an end by the node or by preemption is SETTLING until the state `now` is that already: one poll
 * later the queue may show it as requeued (P8). Pure. */
enum judgement judge_with_patience(const struct job_rows *rows, const struct tick_report *report,
                                   enum job_state now, const struct seen_job **decisive);

void apply_job(const struct apply *apply, struct job *job, const struct job_rows *rows,
               const struct tick_report *report);
/* svc/watch/apply_array.c: the same, task by task; the array's state is made of its tasks' (P9). */
void apply_array(const struct apply *apply, struct job *job, const struct job_rows *rows,
                 const struct tick_report *report);

/* Shared by both. */
int64_t apply_time_us(const struct apply *apply, int64_t cluster_s); /* 0 for unknown */
/* How it ended; SEEN_ABSENT unknown. sacct shows 139 as 11: where the exit file says so, it was 139. */
int64_t apply_exit_code(const struct seen_job *row, const struct seen_job *exit_file);
/* For how long the job is settling, however the clock was set in this life of the gateway. */
int64_t apply_settling_us(const struct apply *apply, struct job *job);
/* Absent from a good listing. True where the job's wait is over and it was declared lost. */
void apply_settling(const struct apply *apply, struct job *job, bool nothing_anywhere);
/* Where it runs and who pays, as the scheduler has it; true where that is new. */
bool apply_place(struct job *job, const struct seen_job *row);
/* job->source of a row: squeue, sacct, exit_file; supervisor where there is no Slurm. */
const char *apply_source_word(const struct job *job, enum seen_source source);

#endif
