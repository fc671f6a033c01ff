/* How long jobs really waited for a start, by partition and GPU type: what a person may expect where the
 * scheduler's own guess says nothing. */
#ifndef SLUICE_SVC_CLUSTER_WAIT_HISTORY_H
#define SLUICE_SVC_CLUSTER_WAIT_HISTORY_H

#include "store/job_store.h"
#include "svc/cluster/gpus_table.h"
#include "svc/gateway.h"
#include "text/json_out.h"

enum {
    WAIT_HISTORY_JOBS = 20,
    WAIT_HISTORY_LEAST = 3
}; /* so many count of a place; with fewer it is not told */

struct wait_place {
    char *partition, *gpu_type;         /* gpu_type NULL: jobs that named none */
    int64_t waits_s[WAIT_HISTORY_JOBS]; /* newest first */
    size_t count;
};

struct wait_history {
    struct wait_place *places;
    size_t count, cap;
};

void wait_history_clear(struct wait_history *history);
#define auto_wait_history __attribute__((cleanup(wait_history_clear)))
/* The next older job (ctx: the history); those beyond WAIT_HISTORY_JOBS of a place do not count. */
void wait_history_add(void *ctx, const struct started_job *job);
/* [{partition, gpu_type, jobs, low_s, high_s}]: from the 10th to the 90th percentile. */
void wait_history_json(const struct wait_history *history, struct json_out *out);
/* The same of a cluster's newest jobs, kept in *known and read again after five minutes: every page asks, and
 * it says the same for long. Borrowed until then. */
const char *wait_history_told(const struct gateway *gw, struct gpu_known *known);

#endif
