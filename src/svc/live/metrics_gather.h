/* Points on their way into the store, by name: what svc/live/metrics_in.c and svc/live/metrics_post.c share.
 */
#ifndef SLUICE_SVC_LIVE_METRICS_GATHER_H
#define SLUICE_SVC_LIVE_METRICS_GATHER_H

#include "store/metric_store.h"
#include "svc/live/metrics.h"
#include "text/metric_row.h"

struct curve;

struct gather {
    const struct gateway *gw;
    const struct metric_plan *plan;
    int64_t job_id, now_us;
    int64_t task; /* -1: none */
    enum series_source source;
    size_t first_line;    /* rows of earlier lines are known already */
    double last_step;     /* NaN: none was told */
    struct curve *curves; /* MAX_SERIES at most: a job has no more */
    size_t lost;          /* points of others */
};

/* A metric_each; ctx is the gather. */
void gather_row(void *ctx, const struct metric_row *row);
/* Into the store, and the job's document. */
int gather_store(struct gather *gather, struct err *err);
void gather_clear(struct gather *gather);
#define auto_gather __attribute__((cleanup(gather_clear)))

/* How many points of a stream are there (svc/live/metrics.h). */
int stream_get(const struct gateway *gw, int64_t job_id, struct span stream, int64_t *next, struct err *err);
int stream_put(const struct gateway *gw, int64_t job_id, struct span stream, int64_t next, struct err *err);
/* The stream of "metrics.STREAM.jsonl", or empty. */
struct span stream_of(struct span file_name);
bool stream_is_valid(struct span stream);

#endif
