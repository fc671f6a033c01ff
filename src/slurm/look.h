/* Looking for a job whose submission is in doubt, cancelling and requeueing one without hitting a stranger.
 */
#ifndef SLUICE_SLURM_LOOK_H
#define SLUICE_SLURM_LOOK_H

#include "slurm/sbatch.h"
#include "text/frame.h"

/* Receipt, squeue -t all and sacct since window_s, each with its status, in one frame. */
struct look_request {
    const struct nonce *frame, *rows;
    struct slurm_tools tools;
    const char *run_dir; /* absolute */
    int64_t window_s;    /* > 0: reaches back before the first try, by the cluster's clock */
    bool has_accounting; /* false: squeue and receipt alone decide (a site without slurmdbd) */
};
/* The sections alone, to stand in a frame with others; and the whole program. */
int look_add_sections(struct str *sh, const struct look_request *request, struct err *err);
int look_program(struct str *sh, const struct look_request *request, struct err *err);

enum { MAX_LOOK_IDS = 16 };

struct slurm_look_result {
    bool is_good; /* every place answered whole: only then does absence prove anything */
    bool has_receipt;
    struct launch_result receipt;
    /* Jobs whose script is TOKEN/script.sh: it and its doubles, each once, ascending. Leading ids: of the
     * array, of the het job. */
    uint64_t ids[MAX_LOOK_IDS];
    size_t id_count;
    /* The lowest of the others with this token, 0: none. A job that ours submitted stands in our run
     * directory too; a site may have changed what command and submit line say. */
    uint64_t other;
};

/* token: the job's. -1 with ERR_CORRUPT where the frame is cut: nothing is known. */
int look_read(const struct frame *frame, const struct look_request *request, struct span token,
              struct slurm_look_result *result, struct err *err);
int look_parse(struct span out, const struct look_request *request, struct span token,
               struct slurm_look_result *result, struct err *err);

/* `scancel [-n NAME] ID` after a look that ID is ours, which tells its present name (sites and operators
 * rename). Section "cancel". For a task without -n: with any filter, scancel 22.05 takes a task that waits
 * for its whole array, and cancels all that waits of it. */
struct cancel_request {
    const struct nonce *frame, *rows;
    struct slurm_tools tools;
    const char *id; /* "27", or "27_3" for one task */
    const char *token;
    const char *signal; /* "TERM" by default (NULL); then --signal is given, to the batch step too */
};
int cancel_program(struct str *sh, const struct cancel_request *request, struct err *err);

enum cancel_kind {
    CANCEL_UNKNOWN,    /* not known: repeat */
    CANCEL_SENT,       /* scancel took it; repeat until the end is seen */
    CANCEL_GONE,       /* not in the queue any more: success */
    CANCEL_STRANGER,   /* the id is another job's now: nothing was sent */
    CANCEL_REFUSED,    /* scancel (scontrol) said no */
    REQUEUE_OTHER_RUN, /* Slurm has restarted it since: nothing was sent */
};
enum cancel_kind cancel_read(const struct frame *frame);
enum cancel_kind cancel_parse(struct span out, const struct nonce *frame);

/* `scontrol requeue ID` after a look that ID is ours and that Slurm counts so many restarts of it: sent again
 * for the same run it does nothing. Section "requeue". */
struct requeue_request {
    const struct nonce *frame, *rows;
    struct slurm_tools tools;
    const char *id, *token;
    int64_t restarts;
};
int requeue_program(struct str *sh, const struct requeue_request *request, struct err *err);
/* CANCEL_SENT, _GONE, _STRANGER, _REFUSED (*words: scontrol's, into the frame), REQUEUE_OTHER_RUN, _UNKNOWN.
 */
enum cancel_kind requeue_read(const struct frame *frame, struct span *words);

#endif
