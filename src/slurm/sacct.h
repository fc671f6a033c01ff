/* sacct: the question and its answer.
 *
 * `-p --delimiter=<mark>`: every field, the last too, ends in the mark, the nonce's first characters, so
 * neither a line feed nor any other byte of a name, path or command line can begin, end or hide a row; rows
 * are told apart by counting fields. A whole nonce after each of 23 fields was three quarters of an answer.
 * Steps are folded into their job. With -D an id gives a row per attempt: requeues, and strangers of a reused
 * id. Rows come back sorted by (job, task, het, submit), each with its attempt number; which of them are ours
 * the token says (WorkDir, SubmitLine). */
#ifndef SLUICE_SLURM_SACCT_H
#define SLUICE_SLURM_SACCT_H

#include "base/err.h"
#include "base/str.h"
#include "base/token.h"
#include "domain/job_state.h"
#include "slurm/jobid.h"

enum { SACCT_CHUNK_IDS = 50, SACCT_MARK_CHARS = 12 };

/* "--format=..." with our columns, and the fixed flags around it; what is asked for (-j, -S, --name) is the
 * caller's: `sacct_command(sh, ...); str_addf(sh, " -j %s", ids);`. Without a window sacct starts at
 * midnight, which is right only with -j. The command ends without a newline. */
struct sacct_request {
    const struct nonce *nonce;
    const char *bin_dir; /* absolute, or NULL */
    const char *cluster; /* -M, or NULL */
    int64_t window_s;    /* -S now-window_s by the cluster's own clock; 0: no -S */
};
int sacct_command(struct str *sh, const struct sacct_request *request, struct err *err);

/* Spans point into the parsed input. Times in seconds since the epoch, 0 unknown. */
struct sacct_job {
    struct slurm_id id;
    uint64_t raw_id;
    enum job_state state;
    struct span state_raw, partition, account, qos, nodes, alloc_tres, req_tres, reason;
    struct span name, workdir, submit_line, comment;
    struct span token;          /* empty: not of a gateway */
    int exit_code, exit_signal; /* -1 where sacct says none */
    int derived_code, derived_signal;
    int64_t submit_s, eligible_s, start_s, end_s, elapsed_s;
    uint64_t max_rss_bytes; /* over all steps */
    double total_cpu_s;
    uint32_t attempt; /* 1.. in the order of Submit among rows of the same id and token */
    uint32_t order;   /* as printed: among equal submit times the later row is the newer word */
};

struct sacct {
    struct sacct_job *jobs;
    size_t count, cap;
    size_t rejected;
    char reject[160];
};

/* 0 also with rejected rows. -1 with ERR_INTERNAL for a nonce that is none. Any bytes are safe;
 * MAX_OUTPUT_BYTES bounds the rows. */
int slurm_parse_sacct(struct span text, const struct nonce *nonce, struct sacct *rows, struct err *err);
void sacct_clear(struct sacct *rows);
#define auto_sacct __attribute__((cleanup(sacct_clear)))

/* The newest row of this id (het and task -1 where there is none) whose token is `token`; NULL where there is
 * none. Pending ranges stand for their tasks. */
const struct sacct_job *sacct_find(const struct sacct *rows, const struct slurm_id *id, struct span token);

/* "3:0", "0:9" to code and signal; "0:125" (out of memory) is neither: both -1. False where it is none. */
bool sacct_exit_code(struct span text, int *code, int *signal);

#endif
