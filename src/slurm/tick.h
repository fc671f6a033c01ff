/* The one program that a poll of a cluster runs, and its answer.
 *
 * Sections, each with its own exit status: clock, squeue, gone (the handed-in jobs that squeue does not show
 * as live, found on the cluster, at most MAX_TICK_GONE and MAX_TICK_TASKS, in the order handed in), sacct (of
 * those), recent (sacct of a window, for jobs whose id is not known), exits (the exit files of those that
 * left), nodes, demand. What was not asked is not there. The program needs a POSIX sh and awk, leaves no file
 * behind, and costs O(jobs + rows).
 *
 * A job is live where a row has its id, a state that is not an end, and its token: a stranger under a reused
 * id does not keep it alive. If squeue failed nothing is known, and nothing else about jobs is asked. */
#ifndef SLUICE_SLURM_TICK_H
#define SLUICE_SLURM_TICK_H

#include "slurm/nodes.h"
#include "slurm/sacct.h"
#include "slurm/squeue.h"
#include "text/frame.h"

/* The tasks: what accounting and the exit files say of them, with their steps, must fit into one answer
 * (MAX_OUTPUT_BYTES; some 1.7 KiB each). An array of more goes alone, and is asked for without its steps. */
enum { MAX_TICK_GONE = 500, MAX_TICK_TASKS = 25000 };

/* "27", or "27_3" for one task of an array. For the whole of an array its leading id: live while any is. */
struct slurm_tick_job {
    const char *id;
    const char *token;
    size_t tasks;     /* of a whole array; else 0 */
    bool is_asked_of; /* accounting is asked about it although it lives: some of its tasks have gone */
};

struct tick_request {
    const struct nonce *frame;            /* of the answer's frame */
    const struct nonce *rows;             /* of the rows; another one: it stands in `ps` on the login node */
    const char *user, *bin_dir, *cluster; /* as in squeue.h; NULL allowed */
    const struct slurm_tick_job *jobs;
    size_t job_count;
    const char *runs_dir;    /* absolute; holds <token>/exit*; NULL: no exit files are read */
    size_t gone_from;        /* where more have gone than a tick asks about: with which of them it begins */
    int64_t recent_window_s; /* > 0: list sacct from then on (jobs without an id) */
    bool has_accounting, want_queue, want_nodes, want_demand;
};

/* The sections alone, to stand in a frame with others; and the whole program. -1 with ERR_INVALID on a value
 * that cannot stand in it (an id, token or name that is none, a relative runs_dir). */
int tick_add_sections(struct str *sh, const struct tick_request *request, struct err *err);
int tick_program(struct str *sh, const struct tick_request *request, struct err *err);

struct tick_part {
    bool asked; /* the section is in the answer */
    int rc;     /* of its command; -1 where it was cut */
};

struct tick_gone {
    struct span id, token;
};

struct tick_exit {
    struct span id;   /* as handed in */
    struct span file; /* "exit", "exit.3" */
    struct span text; /* its first line, at most 200 bytes */
};

/* Jobs of all users that wait, for a partition list, GRES per node and node count. */
struct tick_demand {
    uint64_t jobs;
    struct span partitions, gres;
    int64_t nodes;
};

/* Spans point into the parsed output, which must outlive the report. */
struct slurm_tick_report {
    int64_t clock_s; /* the cluster's, or 0 */
    struct tick_part queue_part, gone_part, sacct_part, recent_part, exits_part, nodes_part, demand_part;
    struct squeue queue;
    struct sacct sacct, recent;
    struct slurm_nodes nodes;
    struct tick_gone *gone;
    size_t gone_count, gone_cap, gone_left; /* left: more had gone than were asked about */
    size_t gone_next;                       /* the first of those, as handed in: the next tick's gone_from */
    struct tick_exit *exits;
    size_t exit_count, exit_cap;
    struct tick_demand *demand;
    size_t demand_count, demand_cap;
};

/* -1 with ERR_CORRUPT where the frame has no end or contradicts itself: then nothing is known. */
int tick_read(const struct frame *frame, const struct nonce *rows, struct slurm_tick_report *report,
              struct err *err);
int tick_parse(struct span out, const struct nonce *frame, const struct nonce *rows,
               struct slurm_tick_report *report, struct err *err);
void tick_report_clear(struct slurm_tick_report *report);
#define auto_tick_report __attribute__((cleanup(tick_report_clear)))

/* True where squeue answered whole and every row was understood: only then is a job that is not in it gone.
 */
bool tick_queue_is_good(const struct slurm_tick_report *report);
/* The same for the accounting of the gone ones. */
bool tick_sacct_is_good(const struct slurm_tick_report *report);

#endif
