/* What an executor is asked and what it answers (exec/executor.h): the words that schedulers, transports and
 * the services share. What results point to is valid during the callback only. */
#ifndef SLUICE_EXEC_SPECS_H
#define SLUICE_EXEC_SPECS_H

#include "domain/cluster.h"
#include "domain/report.h"
#include "exec/advice_specs.h"
#include "exec/file_specs.h"
#include "exec/transport.h"

struct executor;
struct loop;

struct executor_deps { /* borrowed; must outlive the executor */
    struct loop *loop;
    const struct clock *clock;
    const char *self_path; /* our own binary: the local supervisor */
    const char *state_dir; /* secrets/NAME in it holds the pass phrase that ssh.passphrase_secret names */
    const char *ssh_agent_socket; /* SSH_AUTH_SOCK, NULL none */
};

/* --- a person's visit: login and check-up --- */
/* err NULL: it ran. result is NULL where nothing could be sent. */
typedef void check_done(void *ctx, const struct run_result *result, const struct err *err);

/* --- submission (reliability.md 2.3) --- */
struct submit_spec {
    const char *token;
    int64_t launch; /* 1 for the first frame; n + 1 only after frame n is proved to have left no job */
    struct span script;
    struct span secrets; /* sh `export K='v'` lines for a 0600 file, or empty; never logged */
    const char *code;    /* directory below the workspace to copy into the run directory as `code`, or NULL */
    const char *name;    /* job name */
    const char *comment; /* NULL: the token is used */
    int64_t gpus, cpus, priority; /* for schedulers that keep their own queue */
    int64_t time_s;               /* the same: its time limit, 0 none */
};
enum submit_end {
    SUBMIT_ACCEPTED,  /* a well-formed receipt */
    SUBMIT_REFUSED,   /* a listed permanent refusal: certainly no job */
    SUBMIT_TRANSIENT, /* certainly no job, and the same request may work later */
    SUBMIT_UNKNOWN    /* nothing is known: reconcile */
};
struct submit_result {
    enum submit_end end;
    const char *sched_id; /* ACCEPTED */
    const char *run_dir;  /* absolute, where the launcher told it, or NULL */
    const char *upstream; /* the scheduler's own words, or NULL */
    const char *field;    /* config path a refusal is about ("slurm.partition"), or NULL */
    const char *hint;     /* a sentence a person can act on, or NULL */
    struct err err;       /* TRANSIENT and UNKNOWN: why */
};
typedef void submit_done(void *ctx, const struct submit_result *result);

/* --- reconciliation: does anything know this token? --- */
struct look_spec {
    const char *token;
    const char *name;
    int64_t since_s; /* wall time of the first launch; the look reaches a day further back */
};
enum look_end {
    LOOK_FOUND,
    LOOK_ABSENT /* receipt, queue and accounting all answered: none */,
    LOOK_NOTHING
};
struct look_result {
    enum look_end end;
    const char *const *sched_ids; /* FOUND: the one to keep first (claim owner, else lowest), then doubles */
    size_t count;
    const char *run_dir;
    bool launcher_alive;  /* a launcher may still submit: absence does not count yet */
    const char *rejected; /* ABSENT: the last launch was refused for good, with these words */
    const char *repeated; /* ABSENT: the last two launches ended by themselves with these very words, which
                             nobody knows */
    struct err err;
};
typedef void look_done(void *ctx, const struct look_result *result);

/* --- the tick --- */
struct tick_job { /* one active job */
    const char *token, *sched_id, *name;
    const char *run_dir;
    const char *array; /* the expression, of a whole array; else NULL */
    int64_t submitted_s;
    int64_t gpus, cpus, priority; /* for schedulers that keep their own queue; order of the array is age */
    bool queued;                  /* not yet seen running */
    bool cancel;                  /* a queued one must not be started any more */
    bool ask;                     /* accounting is asked about it although it lives */
};
struct tick_spec {
    const struct tick_job *jobs;
    size_t count;
    const struct tick_follow *follow; /* NULL: no files */
    bool want_nodes;
    bool urgent;
};
/* report is NULL where nothing came back; err then says why. */
typedef void tick_done(void *ctx, const struct tick_report *report, const struct err *err);

/* --- cancel --- */
struct cancel_spec {
    const char *token, *sched_id; /* an id that is another job's by now is left alone */
    int64_t task;                 /* array task, or -1 for all */
    const char *signal;           /* NULL: the scheduler's usual end */
};
/* --- requeue --- */
struct requeue_spec {
    const char *token, *sched_id;
    int64_t restarts; /* how often it was restarted: of another run it is left alone */
};

/* err NULL: the scheduler took it; of a cancel, too: the job was gone already. */
typedef void plain_done(void *ctx, const struct err *err);

#endif
