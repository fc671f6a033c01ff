/* What must be known of a cluster before a job is made for it: has it GPUs, and what do its partitions allow.
 * Asked once and kept for ten minutes; a cluster that does not answer quickly holds up no submit. */
#ifndef SLUICE_SVC_CLUSTER_FACTS_H
#define SLUICE_SVC_CLUSTER_FACTS_H

#include "svc/cluster/fleet.h"
#include "text/doc.h"

struct facts;
struct facts *facts_new(const struct gateway *gw);
void facts_free(struct facts *facts);
/* done runs once, later: when all is known, or after 3 s at most; 10 s where nothing is known yet and a login
 * may come first, because a built-in size or time above the partition's limit makes a job that waits for
 * ever. */
void facts_prepare(struct facts *facts, struct cluster *cluster, void (*done)(void *ctx), void *ctx);
/* Its name, or NULL where it is not known. Borrowed until the next turn. */
const char *facts_default_partition(const struct cluster *cluster);
/* Seconds; <= 0 unknown or unlimited. partition NULL: the default one. */
int64_t facts_max_time_s(const struct cluster *cluster, const char *partition);

#endif
