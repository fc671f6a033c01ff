/* GPUs of one cluster by partition and type, summed from its nodes. Pure. */
#ifndef SLUICE_SVC_CLUSTER_GPUS_TABLE_H
#define SLUICE_SVC_CLUSTER_GPUS_TABLE_H

#include "domain/cluster.h"
#include "domain/report.h"
#include "text/json_out.h"

struct gpu_row {
    char *partition, *type; /* type "" where the cluster gives none */
    int64_t total, in_use, down, pending, mine;
    int64_t nodes_total,
        whole_nodes_free;  /* nodes with such GPUs; those with all of them free and accepting work */
    int64_t gpus_per_node; /* the most that one node has */
};

struct gpu_node {
    char *name, *state, *partitions, *gpus; /* "a,b"; "a100=8 (2 in use)" as JSON array text */
    char *only_type;                        /* of its GPUs, NULL where it has none or several types */
    bool accepts_work;
    int64_t cpus, cpus_in_use, mem_mb, mem_in_use_mb, gpu_count;
};

struct gpu_queue { /* what waits in a partition, of all users, and could start if there were room */
    char *partition;
    int64_t jobs, gpus;
};

struct gpu_place { /* what a partition has, and what waits for it */
    int64_t total, free, waiting_jobs, waiting_gpus;
};

struct gpu_table {
    struct gpu_row *rows;
    size_t count, cap;
    struct gpu_node *nodes;
    size_t node_count, node_cap;
    struct gpu_queue *queues;
    size_t queue_count, queue_cap;
};

struct cluster;
struct gpu_known { /* what cluster->gpus points to, once something was seen (svc/cluster/gpus.c) */
    struct cluster *cluster;
    struct gpu_table table;
    int64_t observed_us; /* wall clock, 0 never */
    char *waits;         /* svc/cluster/wait_history.h as JSON, kept a while; NULL: not read yet */
    int64_t waits_us;    /* when it was read, monotonic */
};

void gpu_table_clear(struct gpu_table *table);
/* free = configured minus allocated on nodes that accept work; types by the cluster's match rules, partitions
 * and types that the configuration does not allow are left out. */
void gpu_table_build(struct gpu_table *table, const struct cluster_config *config,
                     const struct tick_report *report);
/* The node with the most memory of a partition (NULL: of all), or NULL where none is known. */
const struct gpu_node *gpu_table_largest(const struct gpu_table *table, const char *partition);
/* Sums of one partition; type NULL: of all types. What waits is of all types. */
struct gpu_place gpu_table_place(const struct gpu_table *table, const char *partition, const char *type);
void gpu_table_reset_mine(struct gpu_table *table);

struct gpu_held { /* by a running job of ours; a text is NULL where it is not known */
    const char *partition, *type, *node_list;
    int64_t gpus_per_node, nodes;
};
/* Counted where one row alone can be meant: by partition and type, or by the types of the nodes it runs on.
 */
void gpu_table_add_mine(struct gpu_table *table, const struct gpu_held *held);

struct gpu_view { /* whose table it is, and how old */
    const char *cluster;
    int64_t observed_us;
    bool stale;
};
/* Appends the rows as array items. */
void gpu_table_json(const struct gpu_table *table, const struct gpu_view *view, struct json_out *out);
/* [{partition, jobs, gpus}] */
void gpu_table_queues_json(const struct gpu_table *table, struct json_out *out);
void gpu_table_nodes_json(const struct gpu_table *table, const struct gpu_view *view, struct json_out *out);

#endif
