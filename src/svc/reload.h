/* Reading the configuration again while the gateway runs. */
#ifndef SLUICE_SVC_RELOAD_H
#define SLUICE_SVC_RELOAD_H

#include "svc/gateway.h"

/* Reads sluice.yaml and clusters.yaml again and tells every service. -1: refused and told in the log, the old
 * ones stay in force. */
int reload(struct gateway *gw);

#endif
