/* What monitoring asks: readiness per dependency, and Prometheus figures. */
#ifndef SLUICE_SVC_HEALTH_H
#define SLUICE_SVC_HEALTH_H

#include "base/str.h"
#include "svc/gateway.h"

/* {"ready": bool, "checks": [{name, ok, detail}]}: store, configuration (a refused reload is told), clusters.
 * False where a submit could not be accepted now. A cluster that is down does not make the gateway unready.
 */
bool health_ready(const struct gateway *gw, struct str *out);
void health_metrics(const struct gateway *gw, struct str *out);

#endif
