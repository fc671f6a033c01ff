/* Nodes and their GPUs from `scontrol show node -d -o`: one line a node, "Key=value" words; values of some
 * keys hold blanks (OS, Reason). A key counts where it stands first: Reason, Comment and Extra come last, so
 * that no text of theirs can overwrite what Slurm says. */
#ifndef SLUICE_SLURM_NODES_H
#define SLUICE_SLURM_NODES_H

#include "base/err.h"
#include "base/str.h"
#include "slurm/gres.h"

struct slurm_node_gpu {
    struct span type; /* empty: the cluster names no type */
    uint32_t total, used;
};

/* Spans point into the parsed text. */
struct slurm_node {
    struct span name, state, partitions, features, reason; /* partitions, features: comma lists */
    bool accepts;                                          /* takes new work (gres.h) */
    uint64_t cpus, cpus_used;
    uint64_t mem_bytes, mem_used_bytes;
    struct slurm_node_gpu gpus[MAX_GPU_TYPES];
    size_t gpu_count;
};

struct slurm_nodes {
    struct slurm_node *nodes;
    size_t count, cap;
    size_t rejected; /* lines that name no node, and nodes whose GPU strings are not understood */
    char reject[160];
};

enum { MAX_NODES = 65536 };

/* Appends "scontrol show node -d -o". */
int nodes_command(struct str *sh, const char *bin_dir, const char *cluster, struct err *err);

/* -1 with ERR_TOO_LARGE beyond MAX_NODES. Totals are CfgTRES, use is AllocTRES; types that only Gres and
 * GresUsed name are taken from there; use that no source gives a type is spread over the node's types in
 * their order, so that the node's sum is right. */
int slurm_parse_nodes(struct span text, struct slurm_nodes *nodes, struct err *err);
void slurm_nodes_clear(struct slurm_nodes *nodes);
#define auto_slurm_nodes __attribute__((cleanup(slurm_nodes_clear)))

/* What could start there now: 0 on a node that takes no work. */
uint32_t slurm_node_gpu_free(const struct slurm_node *node, const struct slurm_node_gpu *gpu);
/* True for a node that takes work and has all of its GPUs (at least one) free. */
bool slurm_node_is_whole(const struct slurm_node *node);

#endif
