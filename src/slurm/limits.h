/* What a cluster allows: partitions, associations, QOS, and the settings of its controller. Read at connect
 * and kept: the form offers what the association allows, and what could never run is said at once. */
#ifndef SLUICE_SLURM_LIMITS_H
#define SLUICE_SLURM_LIMITS_H

#include "base/err.h"
#include "base/str.h"
#include "base/token.h"
#include "slurm/gres.h"

enum { MAX_LIMIT_ROWS = 10000 };

/* Spans point into the parsed text; comma lists; "ALL" is the empty span (no restriction). Times in seconds,
 * counts as said; SLURM_UNLIMITED (-1) where there is no limit, 0 where nothing is said. */
struct slurm_partition {
    struct span name, nodes, allow_accounts, deny_accounts, allow_qos, deny_qos, allow_groups, qos;
    bool is_up, is_default, is_hidden;
    int64_t max_time_s, default_time_s, max_nodes, min_nodes, total_nodes, total_cpus;
    struct slurm_gpus gpus; /* of its TRES */
};

struct slurm_assoc {
    struct span cluster, account, user, partition, qos, default_qos; /* partition empty: any */
    struct span max_tres_per_job, group_tres;                        /* of all its jobs together */
    int64_t max_wall_s;
};

struct slurm_qos {
    struct span name, flags, max_tres_per_user, max_tres_per_job, group_tres, preempt;
    int64_t priority, max_wall_s, max_jobs_per_user, max_submit_per_user;
};

struct slurm_config {
    struct span version, cluster;
    int64_t message_timeout_s, min_job_age_s, kill_wait_s, max_array_size; /* 0: not said */
    bool has_accounting; /* AccountingStorageType is slurmdbd or mysql */
    bool stores_comments;
    bool is_enforcing_limits; /* EnforcePartLimits: over the limit is refused, not left pending */
};

struct slurm_limits {
    struct slurm_partition *partitions;
    size_t partition_count, partition_cap;
    struct slurm_assoc *assocs;
    size_t assoc_count, assoc_cap;
    struct slurm_qos *qos;
    size_t qos_count, qos_cap;
    struct slurm_config config;
    size_t rejected;
    char reject[160];
};

/* Each appends to *limits and may be called alone. Lines that are not understood are counted in `rejected`.
 * -1 with ERR_TOO_LARGE past MAX_LIMIT_ROWS. */
int slurm_parse_partitions(struct span text, struct slurm_limits *limits, struct err *err);
int slurm_parse_assocs(struct span text, struct slurm_limits *limits, struct err *err);
int slurm_parse_qos(struct span text, struct slurm_limits *limits, struct err *err);
void slurm_parse_config(struct span text, struct slurm_limits *limits);
void slurm_limits_clear(struct slurm_limits *limits);
#define auto_slurm_limits __attribute__((cleanup(slurm_limits_clear)))

const struct slurm_partition *slurm_partition_find(const struct slurm_limits *limits, struct span name);

/* The program that asks all of it: sections config, partitions, assocs, qos, budgets (slurm/budgets.h; the
 * last three only with accounting; user NULL: whoever runs it). */
struct limits_request {
    const struct nonce *frame;
    const char *bin_dir, *cluster, *user;
};
int limits_program(struct str *sh, const struct limits_request *request, struct err *err);
/* -1 with ERR_CORRUPT where the frame is cut, ERR_OFFLINE where scontrol failed. Missing accounting is none.
 */
int limits_parse(struct span out, const struct nonce *frame, struct slurm_limits *limits, struct err *err);

/* True where list (a comma list, empty: everything) names word. */
bool slurm_list_allows(struct span list, struct span word);

#endif
