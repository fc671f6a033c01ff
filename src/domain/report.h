/* What a look at a cluster said, in the gateway's words: the executors fill it, svc/watch/poll applies it.
 * Everything is borrowed from the answer and valid only during the callback that hands it over. */
#ifndef SLUICE_DOMAIN_REPORT_H
#define SLUICE_DOMAIN_REPORT_H

#include "base/span.h"
#include "domain/job_state.h"

enum seen_source { SEEN_QUEUE, SEEN_ACCOUNTING, SEEN_EXIT_FILE };

#define SEEN_ABSENT INT64_MIN /* an integer that the source did not tell */

/* One row: a job, or one task of an array (task >= 0), or one of its attempts in accounting. */
struct seen_job {
    enum seen_source source;
    struct span token;       /* ours by this; empty: the row belongs to a job of somebody else */
    struct span sched_id;    /* Slurm's id of the job (of an array: of the whole array); process: the token */
    struct span tasks;       /* array tasks that wait together ("2-5,9%2", slurm/jobid.h), or empty */
    int64_t task;            /* array task, or -1 */
    struct span raw_task_id; /* the task's own Slurm id, or empty */
    enum job_state state;    /* JOB_STATE_UNKNOWN: a word we do not know; raw_state has it */
    struct span raw_state;
    struct span reason, node_list, partition, account, qos;
    int64_t submitted_s, eligible_s, started_s, ended_s; /* the cluster's clock, SEEN_ABSENT unknown */
    int64_t time_limit_s;                                /* 0: none, or the source does not tell */
    int64_t restarts;          /* how often Slurm started it anew, 0 where nothing tells */
    int64_t exit_code, signal; /* SEEN_ABSENT unknown */
    int64_t max_rss_bytes, cpu_s;
};

/* GPUs of one type on one node. */
struct seen_gpus {
    struct span type; /* "" for untyped */
    int64_t total, in_use;
};

struct seen_node {
    struct span name, state, features;
    const struct span *partitions;
    size_t partition_count;
    bool accepts_work;
    const struct seen_gpus *gpus;
    size_t gpu_count;
    int64_t cpus, cpus_in_use, mem_mb, mem_in_use_mb;
};

struct node_size { /* of one node; 0 unknown */
    int64_t cpus, mem_bytes, gpus;
};

/* Pending demand of everybody: jobs that wait in one partition, and the GPUs of one type they ask for (0:
 * none). */
struct seen_demand {
    struct span partition, type;
    int64_t gpus, jobs;
};

/* A file of a run that has changed. */
struct seen_file {
    struct span path; /* "TOKEN/attempt-1.log" */
    uint64_t inode;
    int64_t size;      /* at that moment */
    int64_t offset;    /* where bytes begin; another than what was known: it was cut, replaced, or skipped */
    struct span bytes; /* exactly as they are; may end within a character */
};

struct tick_report {
    const struct seen_file *files;
    size_t file_count;
    bool files_cut;         /* there is more to read at once */
    size_t rejected;        /* rows that were not understood: while there are some, absence proves nothing */
    bool queue_ok;          /* the list of live jobs is whole: absence counts */
    bool accounting_ok;     /* accounting was asked and answered */
    bool is_accounting_cut; /* more jobs had gone than it was asked about: its silence says nothing of one */
    bool is_asked; /* of the report as it is for one job: accounting was asked about it, though it may live */
    const struct span *asked; /* the tokens of the jobs that accounting was asked about */
    size_t asked_count;
    bool accounting_asked;
    bool files_decide; /* a scheduler without accounting: its own files are the record of an end, and it
                          never starts a job again */
    const char *queue_error, *accounting_error; /* first words of what went wrong, or NULL */
    const struct seen_job *jobs;
    size_t job_count;
    bool nodes_ok; /* nodes were asked and answered */
    const struct seen_node *nodes;
    size_t node_count;
    const struct seen_demand *demand;
    size_t demand_count;
    int64_t clock_s; /* the cluster's time in the same answer, SEEN_ABSENT unknown */
};

#endif
