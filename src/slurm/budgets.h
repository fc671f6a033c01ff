/* What accounts and QOS may use of GPUs, and have used of it, as slurmctld reckons it (with decay, where the
 * site has that): `scontrol -o show assoc_mgr`. */
#ifndef SLUICE_SLURM_BUDGETS_H
#define SLUICE_SLURM_BUDGETS_H

#include "base/err.h"
#include "slurm/value.h"

enum { MAX_BUDGET_ROWS = 10000 };

/* Spans point into the parsed text. Of an account as a whole (user empty), of one user of it, or of a QOS
 * (then account is empty). Limits are SLURM_UNLIMITED where there is none; only rows with one are kept. */
struct slurm_budget {
    struct span account, user, partition, qos;
    int64_t gpus, gpus_in_use;             /* GrpTRES: at the same time */
    int64_t gpu_minutes, gpu_minutes_used; /* GrpTRESMins */
};

struct slurm_budgets {
    struct slurm_budget *rows;
    size_t count, cap;
};

/* Lines that are none are skipped. -1 with ERR_TOO_LARGE past MAX_BUDGET_ROWS. */
int slurm_parse_budgets(struct span text, struct slurm_budgets *budgets, struct err *err);
void slurm_budgets_clear(struct slurm_budgets *budgets);
#define auto_slurm_budgets __attribute__((cleanup(slurm_budgets_clear)))

#endif
