/* A job as the store keeps it and the API shows it (docs/api.md, "job").
 *
 * Plain struct, owned strings; absent text is NULL, absent integers are JOB_ABSENT. One table (job_fields)
 * carries each field's JSON path, column and place, so that the store, the API and the OpenAPI schema cannot
 * drift apart. Members whose JSON is made elsewhere (args, links, verdict ...) are JSON text. */
#ifndef SLUICE_DOMAIN_JOB_H
#define SLUICE_DOMAIN_JOB_H

#include "base/err.h"
#include "base/str.h"
#include "domain/job_state.h"

#define JOB_ABSENT INT64_MIN

/* How far its submission is (reliability.md 2.2). Beside the state, because a held and an unknown job are
 * both `submitting` to the world. */
/* Stored as numbers: new ones go to the end. */
enum job_phase { PHASE_INTENT, PHASE_LAUNCHING, PHASE_UNKNOWN, PHASE_SUBMITTED, PHASE_CLOSED };

struct job {
    int64_t id;  /* from 1, never used twice */
    char *token; /* base/token.h */
    char *name, *description, *project, *group, *user, *cluster, *scheduler;
    char *tags; /* JSON array */
    int64_t priority;
    bool archived;

    enum job_state state;
    char *raw_state; /* the scheduler's word, where it is not our state's */
    char *reason;    /* Slurm's word */
    char *why;       /* a sentence a person can act on */
    bool confirmed;  /* the scheduler is known to have it, or to have ended it */
    bool stale;      /* its cluster cannot be reached: the state is what was last seen */
    int64_t observed_at_us;
    char *source; /* squeue, sacct, exit_file, receipt, gateway */
    int64_t cancel_requested_at_us;

    char *sched_id, *array_job_id; /* slurm.job_id ...; text, never a number */
    char *array;                   /* the array expression asked for, or NULL */
    char *tasks; /* JSON array of the array's tasks with their states, or NULL; shown with one job only */
    char *task_counts; /* JSON object: total and a number per state, or NULL; shown as `tasks` */

    int64_t nodes, gpus, cpus, time_s; /* resources asked for; gpus and nodes as in config: gpus per node */
    char *gpu_type, *mem, *partition, *account, *qos;

    char *args, *argv; /* JSON arrays */
    char *node_list;
    int64_t attempt; /* from 1 */
    char *attempts;  /* JSON array: {n state reason node_list submitted_at started_at ended_at exit_code
                        signal} */
    int64_t created_at_us, submitted_at_us, eligible_at_us, started_at_us, ended_at_us;
    int64_t exit_code, signal;

    char *verdict, *progress, *links, *metrics, *usage, *commit, *parent; /* JSON, NULL absent */

    /* the gateway's own bookkeeping; the API does not show these */
    enum job_phase phase;
    int64_t launches;           /* frames sent so far */
    int64_t launched_at_us;     /* the last one, wall clock */
    int64_t first_absent_at_us; /* first good look that found nothing; 0 none */
    int64_t settling_since_us;  /* 0 none */
    char *run_dir;              /* absolute on the cluster, once known */
    char *code;                 /* directory below the workspace that is copied, or NULL */
    int64_t restarts;
    int64_t event; /* id of its last change */
    /* monotonic, this life of the gateway only; not stored */
    int64_t cancel_sent_us, absent_since_us, settling_from_us, why_told_us;
    int64_t requeued_attempt; /* the attempt that was asked to go back into the queue; not stored */
    int64_t tasks_asked_us; /* when accounting was last asked about tasks that went; monotonic, not stored */
    bool is_unasked; /* submitted since the last look began, which thus says nothing of it; not stored */
};

struct job *job_new(void); /* never NULL; absent members absent, state submitting, attempt 1 */
void job_clear(struct job *job);
void job_free(struct job *job);
void job_free_ptr(struct job **job);
#define auto_job __attribute__((cleanup(job_free_ptr)))

static inline bool job_is_final(const struct job *job)
{
    return job_state_is_terminal(job->state);
}

/* JOB_ELAPSED is computed and has no column; every other row has one. */
enum job_field_type { JOB_STR, JOB_INT, JOB_TIME, JOB_BOOL, JOB_JSON, JOB_STATE, JOB_PHASE, JOB_ELAPSED };

struct job_field {
    const char *json;   /* "state", "slurm.job_id"; NULL: not shown. Fields of one object stand together */
    const char *column; /* SQL column; NULL: computed */
    enum job_field_type type;
    size_t offset;
    const char *help;
};

extern const struct job_field job_fields[];
extern const size_t job_field_count;

/* The job's document: one JSON object, no line break at its end. What is absent is left out (text NULL,
 * integer JOB_ABSENT, time 0); booleans are always there; elapsed_s stands only with a job that has started
 * and ended; `slurm` only where the scheduler is slurm. */
void job_json(const struct job *job, struct str *out);

#endif
