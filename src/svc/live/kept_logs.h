/* The folder of kept logs (svc/live/log_cache.h): where a run's are, how much of them one job may have, and
 * which have been there long enough. */
#ifndef SLUICE_SVC_LIVE_KEPT_LOGS_H
#define SLUICE_SVC_LIVE_KEPT_LOGS_H

#include "base/str.h"
#include "svc/gateway.h"

void kept_logs_prepare(const struct gateway *gw); /* makes it */
/* <state>/logs/<job>.<name> */
void kept_logs_path(const struct gateway *gw, int64_t job_id, struct span name, struct str *out);
/* limits.job_log, shared by that many logs: at least what one block needs. */
int64_t kept_logs_share(const struct gateway *gw, size_t logs);
/* Removes, in the pool, what was not written for retention.logs; the logs of active jobs stay. */
void kept_logs_prune(const struct gateway *gw);

#endif
