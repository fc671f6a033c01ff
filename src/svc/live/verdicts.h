/* Why a job that is over ended so: its state and its logs in words (domain/verdict.h), stored with the job.
 * Of an array each failed task is judged by its own log. */
#ifndef SLUICE_SVC_LIVE_VERDICTS_H
#define SLUICE_SVC_LIVE_VERDICTS_H

#include "svc/gateway.h"
#include "svc/live/log_cache.h"

struct verdict_log {
    int64_t attempt, task; /* task -1: none */
    const struct log_cache *cache;
};
/* logs: all there are, in any order; sorted by this call. */
void verdicts_note(const struct gateway *gw, int64_t job_id, struct verdict_log *logs, size_t count);

#endif
