/* From the files' facts to the words of domain/report.h. Pure. */
#ifndef SLUICE_EXEC_PROCESS_REPORT_H
#define SLUICE_EXEC_PROCESS_REPORT_H

#include "domain/cluster.h"
#include "domain/report.h"
#include "exec/process_plan.h"

struct process_facts {
    struct span machine, jobs; /* sections as answered */
    struct process_row *rows;  /* one for each job asked about; PROCESS_ABSENT where no line came */
    size_t count;
};

struct process_machine {
    struct machine plan;
    struct process_gpu gpus[PLAN_MAX_GPUS];
    char indexes[PLAN_MAX_GPUS][4]; /* where the configuration only gives a number */
    struct span host;
    int64_t clock_s, cpus, mem_mb, mem_free_mb;
    bool gpus_unknown; /* nvidia-smi failed */
};

/* These are no lines of nvidia-smi but its failure. */
bool process_gpus_fail(struct span gpus);

/* gpus: nvidia-smi's lines. */
void process_machine_read(struct process_machine *out, const struct cluster_config *cluster, struct span gpus,
                          const struct process_facts *facts);

/* A job that was started just now. */
void process_facts_started(struct process_facts *facts, size_t index, struct span gpus);

struct process_report {
    struct tick_report tick;
    struct seen_job *jobs;
    struct seen_node node;
    struct seen_gpus *gpus;
};
void process_report_clear(struct process_report *report);
#define auto_process_report __attribute__((cleanup(process_report_clear)))

/* Points into machine and facts. The node stands in it whether or not it was asked for. */
void process_report_fill(struct process_report *out, const struct process_machine *machine,
                         const struct process_facts *facts, const struct plan_job *plan);

#endif
