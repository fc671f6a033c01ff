/* Following jobs: one command a tick and cluster, active jobs only, nothing where no job is active and nobody
 * looks (reliability.md section 3, P1-P14). */
#ifndef SLUICE_SVC_POLL_H
#define SLUICE_SVC_POLL_H

#include "svc/fleet.h"

struct poll *poll_new(const struct gateway *gw);
void poll_free(struct poll *poll);
/* Something changed that a tick would tell: tick soon (never two at once on a cluster). */
void poll_nudge(struct poll *poll, struct cluster *cluster);
/* Calls done after a tick that brought node state at least as new as max_age_ms; many askers share one. */
void poll_want_nodes(struct poll *poll, struct cluster *cluster,
                     void (*done)(void *ctx, const struct err *err), void *ctx);
void poll_clusters_changed(struct poll *poll);

#endif
