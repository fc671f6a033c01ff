/* Which GPUs are free: by type and partition, from the node state of a tick, kept 60 s (poll.gpu), one query
 * in flight however many ask, every row with its age. */
#ifndef SLUICE_SVC_CLUSTER_GPUS_H
#define SLUICE_SVC_CLUSTER_GPUS_H

#include "domain/report.h"
#include "svc/cluster/fleet.h"

struct gpus *gpus_new(const struct gateway *gw);
void gpus_free(struct gpus *gpus);
/* cluster NULL: all. {"items": [gpu rows], "clusters": [{name observed_at stale error}]}. max_age_s < 0: by
 * the cluster's poll.gpu. Clusters whose rows are older are asked first, each up to its own deadline; one
 * that is known to be unreachable is told with its old rows at once. */
int gpus_list(struct gpus *gpus, const char *cluster, int64_t max_age_s, answer_done *done, void *ctx,
              struct err *err);
/* {"items": [nodes]} of one cluster, from the same look. */
int gpus_nodes(struct gpus *gpus, const char *cluster, answer_done *done, void *ctx, struct err *err);
/* The largest node of a partition (NULL: of all) as last seen; zeros where none was. */
struct node_size gpus_largest_node(struct gpus *gpus, struct cluster *cluster, const char *partition);
/* Known to have no GPU at all: a job asks for none there by default. */
bool gpus_has_none(struct gpus *gpus, struct cluster *cluster);

#endif
