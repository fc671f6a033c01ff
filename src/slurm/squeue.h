/* squeue: the question and its answer.
 *
 * Each row is
 *     <nonce> US col US col ... US <nonce> = text <nonce> = text ... <nonce> . LF      (US is byte 0x1f)
 * The columns hold what Slurm itself writes; the texts (name, comment, reason, paths) hold what any user or
 * administrator wrote and stand between nonces. So no name, whatever bytes are in it, can begin, end or hide
 * a row, and a row that was cut is seen to be cut. What is not understood is counted in `rejected`, with the
 * first reason: an answer with rejects tells what its rows tell, but the absence of a job proves nothing. */
#ifndef SLUICE_SLURM_SQUEUE_H
#define SLUICE_SLURM_SQUEUE_H

#include "base/err.h"
#include "base/str.h"
#include "base/token.h"
#include "domain/job_state.h"
#include "slurm/jobid.h"

struct squeue_request {
    const struct nonce *nonce;
    const char *user;    /* NULL: --me; checked by squeue_command against [A-Za-z0-9_.-] */
    const char *bin_dir; /* absolute, or NULL: from PATH */
    const char *cluster; /* -M, or NULL */
};

/* Appends one shell command (no newline): LC_ALL=C SLURM_TIME_FORMAT=%s ... squeue -h -t all ... The whole
 * list of a user, finished jobs of the last MinJobAge too. -1 with ERR_INVALID on a user or cluster name
 * that is none; the sh gets nothing then. */
int squeue_command(struct str *sh, const struct squeue_request *request, struct err *err);

/* Spans point into the parsed input. Times are the cluster's, in seconds since the epoch; 0 is unknown. */
struct squeue_row {
    struct slurm_id id; /* job, task, het offset, pending ranges */
    uint64_t raw_id;    /* the id that scancel and sacct's JobIDRaw know */
    enum job_state state;
    struct span state_raw, user, partition, account, qos, nodes, gres, dependency;
    struct span name, comment, reason, workdir, command;
    struct span token; /* ours, from command, workdir or comment; empty: not a job of a gateway */
    int64_t submit_s, start_s, end_s; /* of a pending job: when Slurm expects it to start, if it says so */
    int64_t time_limit_s;             /* SLURM_UNLIMITED (-1), 0 unknown */
    int64_t node_count, cpu_count, priority;
};

struct squeue {
    struct squeue_row *rows;
    size_t count, cap;
    size_t rejected;
    char reject[160]; /* why the first one was, control bytes replaced */
};

/* Reads the answer. 0 also with rejected rows: ask rows->rejected. -1 with ERR_INTERNAL for a nonce
 * that is none. Any bytes are safe; MAX_OUTPUT_BYTES bounds the rows. */
int slurm_parse_squeue(struct span text, const struct nonce *nonce, struct squeue *rows, struct err *err);
void squeue_clear(struct squeue *rows);
#define auto_squeue __attribute__((cleanup(squeue_clear)))

/* True for an array task that this row stands for (its own, or one of its pending ranges). A range that was
 * cut or is not understood stands for any task. */
bool squeue_row_covers(const struct squeue_row *row, int64_t task);

#endif
