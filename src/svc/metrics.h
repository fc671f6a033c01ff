/* Numbers of runs: taken from their metric files as the bytes come, or posted; kept as series; shown as
 * curves of so many points. A job's document tells the last and best value of each. */
#ifndef SLUICE_SVC_METRICS_H
#define SLUICE_SVC_METRICS_H

#include "base/err.h"
#include "base/str.h"
#include "svc/gateway.h"
#include "text/doc.h"

struct metric_file {
    int64_t job_id;
    struct span name; /* metrics.jsonl */
    bool is_csv;
    uint64_t inode;
    int64_t offset; /* of the next byte wanted */
};
/* Fills inode and offset as they were stored with the last points. */
void metrics_resume(const struct gateway *gw, struct metric_file *file);
/* Bytes from file->offset on. Whole lines are taken, offset goes on behind them, and both are stored in one
 * transaction: no point is lost or counted twice, whatever happens. */
void metrics_take(const struct gateway *gw, struct metric_file *file, struct span bytes);

/* body: {"points": [{"step": 1, "loss": 0.5}, ...]}. */
int metrics_post(const struct gateway *gw, int64_t job_id, const struct doc *body, struct err *err);

struct metrics_query {
    int64_t job_id;
    const char *keys; /* comma between; NULL: all */
    int64_t points;   /* of each at most */
    double from, to;  /* steps */
};
/* {"items": [{name total steps values}]}; where points had to be merged, min and max instead of values. */
int metrics_json(const struct gateway *gw, const struct metrics_query *query, struct str *out,
                 struct err *err);
/* Every point of every series, a line each: {name step time value}, or CSV under a header. */
int metrics_export(const struct gateway *gw, int64_t job_id, bool as_csv, struct str *out, struct err *err);

#endif
