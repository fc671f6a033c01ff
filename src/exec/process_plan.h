/* Who starts next on a machine without Slurm: first come, first served, higher priority first. Pure.
 *
 * A GPU job takes one slot of each of its GPUs and no CPU slot: the GPUs are what is scarce. A job without
 * GPUs takes as many CPU slots as it asks for CPUs, but never more than the machine has: the default of 8
 * CPUs runs on a laptop with 2, alone. Nobody overtakes: behind a job that must wait for GPUs, later GPU jobs
 * wait too (PRIORITY, EARLIER), while jobs without GPUs still start, and the other way round. */
#ifndef SLUICE_EXEC_PROCESS_PLAN_H
#define SLUICE_EXEC_PROCESS_PLAN_H

#include "exec/process_rows.h"

struct machine {
    const struct process_gpu *gpus;
    size_t gpu_count;
    int64_t slots_per_gpu; /* at least 1 */
    int64_t cpu_slots;     /* at least 1 */
};

enum plan_end {
    PLAN_NOTHING,
    PLAN_START,
    PLAN_RESOURCES, /* the first that waits */
    PLAN_PRIORITY,  /* behind one of higher priority, */
    PLAN_EARLIER,   /* or of the same, that came earlier */
    PLAN_TOO_BIG
};

struct plan_job { /* in the order of age */
    int64_t gpus, cpus, priority;
    bool is_waiting, is_running;
    struct span held; /* GPUs of a running one: "0,2" */
    /* out */
    enum plan_end end;
    char gpu_list[256]; /* START: for CUDA_VISIBLE_DEVICES, "" none */
};

enum { PLAN_MAX_GPUS = 64 };

void process_plan(const struct machine *machine, struct plan_job *jobs, size_t count);

#endif
