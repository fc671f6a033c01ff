/* The programs that submit, look for and cancel a job, and what they answer (docs/reliability: exactly once).
 *
 * Each builder appends shell text that prints one frame with `frame`; each parser reads that frame. Values go
 * in quoted; nothing here runs anything. */
#ifndef SLUICE_SLURM_SBATCH_H
#define SLUICE_SLURM_SBATCH_H

#include "slurm/refusals.h"
#include "slurm/sacct.h"
#include "slurm/squeue.h"
#include "text/frame.h"

enum { SBATCH_TIMEOUT_S = 60, SBATCH_WAIT_S = 75, MAX_SBATCH_TEXT = 8192 };

/* The cluster's commands, as in squeue.h; NULL allowed. */
struct slurm_tools {
    const char *bin_dir, *cluster, *user;
};

struct launch_request {
    const struct nonce *frame;
    struct slurm_tools tools;
    const char *run_dir;     /* absolute; its last part is the token */
    const char *code_dir;    /* a complete snapshot to copy into run_dir/code, or NULL */
    struct span script;      /* or empty: stage_program put it there */
    struct span secrets;     /* content of run_dir/secrets (0600), or empty: no file */
    const char *const *args; /* further options of sbatch, whole words */
    size_t arg_count;
    unsigned attempt;   /* 1..; each attempt launches once, whoever calls how often */
    unsigned timeout_s; /* of sbatch; 0: SBATCH_TIMEOUT_S */
};

/* The launcher. Who makes the file run_dir/launch.<attempt> (O_EXCL) holds the lock: a second call waits for
 * the first one's result and prints that; a receipt of any attempt is printed again and nothing submitted.
 * Survives the loss of the link. The result is kept as receipt, rej.<attempt> or ambig.<attempt>. */
int launch_program(struct str *sh, const struct launch_request *request, struct err *err);

/* For a script above MAX_FRAME_SCRIPT_BYTES: a FRAME_STREAM program that reads it from stdin, checks length
 * and sha256 (64 hex digits) and renames it to run_dir/script.sh. May be repeated. Section "stage". */
struct stage_request {
    const struct nonce *frame;
    const char *run_dir;
    uint64_t length;
    const char *sha256;
};
int stage_program(struct str *sh, const struct stage_request *request, struct err *err);

enum launch_kind {
    LAUNCH_UNKNOWN,   /* the job may exist: reconcile */
    LAUNCH_SUBMITTED, /* a well-formed receipt: id */
    LAUNCH_REFUSED,   /* a definite no: refusal.kind permanent or transient */
    LAUNCH_NOT_SENT,  /* sbatch was never started (no space, no permission): try again */
};

struct launch_result {
    enum launch_kind kind;
    uint64_t id;
    int rc;                  /* of sbatch; -1 where it was not run or is not known */
    struct span cluster;     /* of "id;cluster" */
    struct span out, errors; /* what sbatch printed, into the parsed text */
    struct refusal refusal;  /* where not submitted; sentence is never NULL then */
};

/* Reads the launcher's whole output. Never fails: a cut answer is LAUNCH_UNKNOWN. */
/* X_read takes an answer that is split already; X_parse splits it first. */
struct launch_result launch_read(const struct frame *frame);
struct launch_result launch_parse(struct span out, const struct nonce *frame);
/* Reads the content of a receipt, rej or ambig file ("rc N", sbatch's output, its errors). One that was cut,
 * by a full disk or a reader too early, is LAUNCH_UNKNOWN. */
struct launch_result receipt_parse(struct span text);
/* The one id in what sbatch printed, whatever chatter stands around it. False where there is none or two. */
bool sbatch_id(struct span out, uint64_t *id, struct span *cluster);

/* `sbatch --test-only`, script on stdin. Section "test". */
struct test_only_request {
    const struct nonce *frame;
    struct slurm_tools tools;
    struct span script;
    const char *const *args;
    size_t arg_count;
};
int test_only_program(struct str *sh, const struct test_only_request *request, struct err *err);

struct test_only_result {
    bool would_run;
    bool is_known;     /* false: neither a yes nor a no was read */
    int64_t start_s;   /* 0 where it is not an epoch */
    struct span start; /* as printed */
    struct span nodes, partition;
    struct refusal refusal; /* where it would not run */
};
struct test_only_result test_only_read(const struct frame *frame);
struct test_only_result test_only_parse(struct span out, const struct nonce *frame);

#endif
