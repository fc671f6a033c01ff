/* The judgement over one job's rows: does it live, how did it end, or is nothing known. Pure. */
#ifndef SLUICE_SVC_WATCH_JUDGE_H
#define SLUICE_SVC_WATCH_JUDGE_H

#include "domain/job.h"
#include "domain/report.h"

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

/* *decisive is the row to believe: of LIVE and ENDED never NULL. An end by the node or by preemption is
 * SETTLING until the state `now` is that already: one poll later the queue may show it as requeued (P8). */
enum judgement judge(const struct job_rows *rows, const struct tick_report *report, enum job_state now,
                     const struct seen_job **decisive);

/* Who to believe where accounting does not tell the end: the queue knows its cause, the exit file only how
 * the payload ended. With files_decide (no Slurm) that is all there is. NULL: nobody. */
const struct seen_job *judge_last_word(const struct job_rows *rows, bool files_decide);
/* The payload was ended by a signal, as at a time limit, a cancel or for its memory: no cause is known. */
bool judge_is_cut_short(const struct seen_job *exit_file);
/* Nobody but its exit file knows (row), and that says TERM or KILL: as we had asked. */
bool judge_is_our_cancel(const struct seen_job *row, bool is_asked_for);
/* It was looked for beyond the queue, and there is no accounting to ask. */
bool judge_has_no_accounting(const struct tick_report *report);
/* Accounting, where there is one, was asked about it, and nobody knows it, or accounting alone and as one
 * that lives (a runaway). */
bool judge_knows_nothing(const struct job_rows *rows, const struct tick_report *report);
/* FAILED with code 0 and no signal: accounting knows the end and not yet how (seen under load). */
bool judge_is_without_cause(const struct seen_job *row);
/* The queue alone tells the end, and not with which code: it is in the exit file, which a look that began
 * before the job was known has not read, and which a slow file system shows later. */
bool judge_lacks_code(const struct seen_job *row, const struct seen_job *exit_file);
/* How it ended; SEEN_ABSENT unknown. sacct shows 139 as 11: where the exit file says so, it was 139; and it
 * shows 0 for what somebody else ended, which is none. */
int64_t judge_exit_code(const struct seen_job *row, const struct seen_job *exit_file);

#endif
