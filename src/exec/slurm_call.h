/* What the Slurm scheduler's calls share: the call's copy of what was asked, and what is known of the
 * cluster. */
#ifndef SLUICE_EXEC_SLURM_CALL_H
#define SLUICE_EXEC_SLURM_CALL_H

#include "exec/call.h"
#include "slurm/sbatch.h"
#include "slurm/tick.h"

struct slurm_notes {
    char *workspace; /* absolute, as the cluster told; NULL: not asked yet */
    bool has_accounting;
    size_t gone_from; /* of the next tick (struct tick_request) */
};

struct slurm_state {
    int (*send)(struct call *call, struct err *err);
    void (*fail)(struct call *call, const struct err *err); /* certainly nothing was done */
    char *token, *sched_id, *signal, *code;
    char *run_dir; /* absolute, from slurm_begin on */
    int64_t launch, task, since_s, restarts;
    struct str script, secrets;
    struct str files; /* of a tick: its program for log and metric files */
    struct nonce rows;
    struct slurm_tick_job *jobs; /* ids and tokens owned */
    size_t job_count;
    bool want_nodes, urgent;
};

/* token NULL: the call is about no single job. */
struct slurm_state *slurm_state_new(struct call *call, const char *token);
/* Runs state->send, now or after the cluster told where the workspace is. */
int slurm_begin(struct call *call, struct err *err);
struct slurm_tools slurm_tools_of(const struct call *call);

int slurm_tick(struct call *call, const struct tick_spec *spec, struct err *err);
int slurm_limits_ask(struct call *call, struct err *err);

#endif
