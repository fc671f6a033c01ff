/* Slurm's job ids as squeue and sacct print them: "27", "27_3", "27_[2-5,9-20:2%4]", "243+1", "23.batch".
 *
 * A job is (job, task) or (job, het): an id alone is no identity (ids are reused), the token is. */
#ifndef SLUICE_SLURM_JOBID_H
#define SLUICE_SLURM_JOBID_H

#include "base/err.h"
#include "base/span.h"

struct slurm_id {
    uint64_t job;       /* the array's or het job's leading id */
    int64_t task;       /* array task, or -1 */
    int64_t het;        /* component, or -1 */
    struct span ranges; /* pending tasks of an array ("2-5%2"), or empty; points into the input */
    struct span step;   /* "batch", "extern", "0"; empty for the job itself */
};

/* False on anything that is not wholly an id. */
bool slurm_id_parse(struct span text, struct slurm_id *id);

struct slurm_tasks {
    uint32_t *tasks; /* ascending, each once, however they were written */
    size_t count, cap;
    uint32_t throttle; /* the number after '%', or 0 */
    bool is_cut;       /* the text ended in "...": more tasks than are named */
};

/* Expands "2-5,9-20:2%4". -1 with ERR_INVALID on other text, ERR_TOO_LARGE past MAX_ARRAY_TASKS. */
int slurm_tasks_expand(struct span ranges, struct slurm_tasks *tasks, struct err *err);
void slurm_tasks_clear(struct slurm_tasks *tasks);
#define auto_slurm_tasks __attribute__((cleanup(slurm_tasks_clear)))

#endif
