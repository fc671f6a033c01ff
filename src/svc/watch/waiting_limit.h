/* The numbers of a limit that holds a job back: what it asks for, what is allowed, what is held already. */
#ifndef SLUICE_SVC_WATCH_WAITING_LIMIT_H
#define SLUICE_SVC_WATCH_WAITING_LIMIT_H

#include "base/str.h"
#include "domain/job.h"
#include "svc/gateway.h"

/* " It asks for 4 GPUs; QOS high allows 16; this gateway's jobs that run hold 16." What is allowed is left
 * out where the scheduler's limits were not told or do not say; nothing for a reason that is no such limit.
 */
void waiting_add_limit(const struct gateway *gw, const struct job *job, struct span reason, struct str *to);
/* "It asks for 8 GPUs": on all its nodes; of an array each task. */
void waiting_add_asked(const struct job *job, struct str *to);
int64_t waiting_gpus(const struct job *job);

#endif
