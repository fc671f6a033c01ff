/* GPU counts out of GRES and TRES strings, and whether a node's state takes work.
 * Other generic resources (mps, shard, fpga, craynetwork) are skipped. */
#ifndef SLUICE_SLURM_GRES_H
#define SLUICE_SLURM_GRES_H

#include "base/err.h"
#include "base/span.h"

enum { MAX_GPU_TYPES = 16 }; /* on one node, or in one request */

struct slurm_gpu {
    struct span type; /* empty: untyped */
    uint32_t count;
};

struct slurm_gpus {
    struct slurm_gpu items[MAX_GPU_TYPES]; /* in the order of the text, each type once */
    size_t count;
};

/* Gres=, GresUsed=, squeue's tres-per-node: "gpu:a100:4(S:0-1),mps:400", "gpu:(null):4(IDX:0-3)",
 * "gres:gpu:2", "gres/gpu:a100:2". A missing number is 1. -1 with ERR_TOO_LARGE past MAX_GPU_TYPES and
 * ERR_INVALID on a count that is none. */
int slurm_gres_parse(struct span text, struct slurm_gpus *gpus, struct err *err);

/* CfgTRES=, AllocTRES: "cpu=8,gres/gpu=3,gres/gpu:a100=2". Types first; what the total says beyond them is
 * untyped. */
int slurm_tres_parse(struct span text, struct slurm_gpus *gpus, struct err *err);

uint64_t slurm_gpus_total(const struct slurm_gpus *gpus);
/* The item of this type, or NULL. */
const struct slurm_gpu *slurm_gpus_find(const struct slurm_gpus *gpus, struct span type);

/* True where a node in this state takes new jobs, now or by waking up: "MIXED", "IDLE+CLOUD+POWERED_DOWN",
 * "IDLE~"; not "MIXED+DRAIN", "IDLE*", "RESERVED". Flags merely new do not matter, a new base state does. */
bool slurm_node_accepts(struct span state);

#endif
