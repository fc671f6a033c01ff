/* Series of numbers of jobs: points in chunks, and their roll-ups (domain/series.h) written along with them,
 * so that any zoom of a million points is a few chunks. Of each level but the coarsest the last max_points
 * are kept (up to a chunk more): least, greatest and last value never go. */
#ifndef SLUICE_STORE_METRIC_STORE_H
#define SLUICE_STORE_METRIC_STORE_H

#include "domain/series.h"
#include "store/store.h"

/* The better source of a series wins: what a program wrote or posted itself takes the place of what was read
 * off its log under the same name, and what the log says later is left. */
enum series_source { SERIES_OF_LOG, SERIES_OF_FILE };

struct series_write {
    int64_t job_id;
    struct span name;
    enum series_source source;
    int64_t max_points; /* of a new series: as they came; older ones live on in the roll-ups. 0: all */
    struct bucket *points;
    size_t count;
};
/* Adds points (level 0 buckets) behind those that are there. A step that is NaN becomes the point's number in
 * its series. Part of the turn's transaction. */
int metric_store_append(struct store *store, const struct series_write *write, struct err *err);

struct series_row {
    struct span name; /* valid during the call */
    int64_t count;
    double last_step, last, min, max; /* NaN: not known */
};
typedef int series_each(void *ctx, const struct series_row *row, struct err *err);
/* By name. Sees this turn's changes. */
int metric_store_list(struct store *store, int64_t job_id, series_each *each, void *ctx, struct err *err);

struct series_query {
    int64_t job_id;
    struct span name;
    double from, to; /* steps; -INFINITY, INFINITY: all */
    size_t max;      /* points wanted at most; 0: every one */
};
struct series_answer {
    struct bucket *buckets; /* owned */
    size_t count, cap;
    bool is_raw;   /* points as they came */
    int64_t total; /* points of the series */
};
/* Committed ones. A name that is none gives an empty answer. */
int metric_store_read(struct store *store, const struct series_query *query, struct series_answer *out,
                      struct err *err);
void series_answer_clear(struct series_answer *answer);
#define auto_series __attribute__((cleanup(series_answer_clear)))

#endif
