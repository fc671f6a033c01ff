/* Following jobs: one command a tick and cluster, active jobs only, nothing where no job is active and nobody
 * looks (reliability.md section 3, P1-P14). */
#ifndef SLUICE_SVC_WATCH_POLL_H
#define SLUICE_SVC_WATCH_POLL_H

#include "svc/cluster/fleet.h"

struct poll *poll_new(const struct gateway *gw);
void poll_free(struct poll *poll);
/* Who takes the node state that ticks bring (svc/cluster/gpus). The report is valid during the call. */
struct tick_report;
typedef void poll_nodes_fn(void *ctx, struct cluster *cluster, const struct tick_report *report);
void poll_on_nodes(struct poll *poll, poll_nodes_fn *fn, void *ctx);
/* Calls done after a tick that brought node state at least as new as max_age_ms; many askers share one. */
void poll_want_nodes(struct poll *poll, struct cluster *cluster,
                     void (*done)(void *ctx, const struct err *err), void *ctx);
/* After fleet_apply: new clusters get their rhythm, all with active jobs a tick; who waits for the nodes of
 * one that went is told ERR_CANCELLED. */
void poll_clusters_changed(struct poll *poll);

/* The wait until a cluster's next tick: its interval (P1), doubled for each failure in a row up to five
 * minutes, an eighth of jitter. Who has just submitted looks at the page: 5, 10, 20, 40 s after a submission
 * there is a tick in any case. */
struct poll_pace {
    int64_t usual_ms, age_ms; /* the interval; since the youngest job was submitted */
    unsigned failures;
    unsigned char dice; /* 128: no jitter */
};
int64_t poll_pace_ms(const struct poll_pace *pace);

#endif
