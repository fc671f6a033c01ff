/* Which machine and account the name of a cluster stands for. A job is looked for there by its token: on
 * another machine it would be proved absent and sent again, and one that runs would be told as lost. So what
 * the name stands for is stored, and a configuration that makes it another waits for the jobs. */
#ifndef SLUICE_SVC_CLUSTER_MACHINE_H
#define SLUICE_SVC_CLUSTER_MACHINE_H

#include "domain/cluster.h"
#include "svc/gateway.h"

/* -1 with ERR_CONFLICT where this entry is another machine or account than the jobs of the cluster were sent
 * to: type, user, workspace and slurm.cluster while any are there; host and port, which may be another login
 * node of the same site, only while a submission is open. */
int machine_check(const struct gateway *gw, const struct cluster_config *config, struct err *err);
/* Stores what the name stands for from now on; true where it stood for something else before. */
bool machine_keep(const struct gateway *gw, const struct cluster_config *config);

#endif
