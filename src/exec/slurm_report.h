/* From Slurm's rows to the words of domain/report.h. Pure. */
#ifndef SLUICE_EXEC_SLURM_REPORT_H
#define SLUICE_EXEC_SLURM_REPORT_H

#include "exec/tick_files.h"
#include "slurm/tick.h"

enum { SLURM_ID_CHARS = 24 };

struct slurm_report { /* owned: slurm_report_clear */
    struct tick_report tick;
    struct seen_job *jobs;
    char (*ids)[SLURM_ID_CHARS]; /* two a job: its id, its raw id */
    size_t job_count;
    struct seen_node *nodes;
    struct span *partitions, *asked;
    struct seen_gpus *gpus;
    struct seen_demand *demand;
    size_t demand_count, demand_cap;
    char queue_error[200], accounting_error[200];
};

/* Points into `seen` and the frame it was read from, which must outlive the report. */
void slurm_report_fill(struct slurm_report *out, const struct slurm_tick_report *seen,
                       const struct frame *frame);
/* The files of the same answer (they must outlive the report), and what their names tell of its jobs. */
void slurm_report_files(struct slurm_report *out, const struct tick_files *files);
void slurm_report_clear(struct slurm_report *report);
#define auto_slurm_report __attribute__((cleanup(slurm_report_clear)))

#endif
