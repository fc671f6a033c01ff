/* Makes and ends all services of a gateway, in the order in which they need each other. */
#ifndef SLUICE_SVC_SERVICES_H
#define SLUICE_SVC_SERVICES_H

#include "base/err.h"
#include "svc/gateway.h"

/* gw has clock, version and loaded settings; the rest is filled. After a failure, too, services_close
 * follows. */
int services_open(struct gateway *gw, struct err *err);
/* Once the loop commits its turns: takes up what an earlier life left in between. */
void services_start(struct gateway *gw);
/* Ends what is under way, commits, frees all but the settings; also a half-made gateway. */
void services_close(struct gateway *gw);

/* svc/services_looks.c: what looks at the clusters: ticks, followed files, GPUs. */
void services_open_looks(struct gateway *gw);
void services_start_looks(struct gateway *gw);
void services_close_looks(struct gateway *gw);
/* svc/services_edge.c: the ones that people ask directly; they stand on the others. */
void services_open_edge(struct gateway *gw);
void services_close_edge(struct gateway *gw);

#endif
