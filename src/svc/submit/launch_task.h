/* What the files of the submission machine share: one task per job whose submission is under way. */
#ifndef SLUICE_SVC_SUBMIT_LAUNCH_TASK_H
#define SLUICE_SVC_SUBMIT_LAUNCH_TASK_H

#include "base/hash_table.h"
#include "domain/job.h"
#include "svc/cluster/fleet.h"

enum { DEFER_FIRST_MS = 2000, DEFER_LAST_MS = 300000 }; /* the waits of what is put off: from, doubling, to */

struct launch_task {
    struct launch *launch;
    int64_t job_id;
    bool busy;          /* a commit or a command is under way; nothing else may start */
    int64_t due_us;     /* monotonic, when not busy */
    int64_t backoff_ms; /* the last wait, 0 none yet */
    UT_hash_handle hh;
};

struct launch {
    const struct gateway *gw;
    struct launch_task *tasks;
    struct double_job *doubles; /* svc/submit/doubles.c */
    struct loop_timer *timer;
    int64_t next_us; /* when the timer runs; never later than the first task's due_us */
    bool is_stopped;
};

/* The task is free again; its next step comes after wait_ms. */
void launch_again(struct launch_task *task, int64_t wait_ms);
/* As launch_again, with a wait that doubles from first_ms to last_ms, jittered. */
void launch_back_off(struct launch_task *task, int64_t first_ms, int64_t last_ms);
void launch_drop(struct launch_task *task);
/* The active job of a task and its cluster; NULL (and the task dropped) where the job is no longer to be
 * sent. */
struct job *launch_task_job(struct launch_task *task);
struct cluster *launch_task_cluster(struct launch_task *task, const struct job *job);

/* The scheduler has it under sched_id. */
void launch_adopt(struct launch_task *task, struct job *job, const char *sched_id, const char *run_dir);
/* Certainly refused, for good: the scheduler's words; the key it is about and a hint, or NULL. */
void launch_refuse(struct launch_task *task, struct job *job, const char *upstream, const char *field,
                   const char *hint);
/* Certainly not there, and may work later: `why` stays visible. */
void launch_defer(struct launch_task *task, struct job *job, const char *why);

/* svc/submit/reconcile.c: one look for the job's token. */
void reconcile_step(struct launch_task *task, struct job *job, struct cluster *cluster);

/* svc/submit/doubles.c: a second scheduler job of the same submission is cancelled, tried again until that is
 * said to be done. Nothing is stored: its claim keeps it from running anyway. */
void doubles_cancel(struct launch *launch, const struct job *job, const char *sched_id);
void doubles_free(struct launch *launch);

#endif
