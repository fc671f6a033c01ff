/* Numbers of runs: taken from their metric files and logs as the bytes come, or posted; kept as series; shown
 * as curves of so many points. A job's document tells the last and best value of each. */
#ifndef SLUICE_SVC_LIVE_METRICS_H
#define SLUICE_SVC_LIVE_METRICS_H

#include "base/str.h"
#include "domain/metric_plan.h"
#include "svc/answer.h"
#include "svc/gateway.h"

/* What a job's project says of its numbers; the built-in defaults where that cannot be read. */
void metrics_plan(const struct gateway *gw, int64_t job_id, struct metric_plan *out);

struct metric_file {
    int64_t job_id;
    struct span name; /* "metrics.jsonl", "attempt-1.log" */
    enum metric_kind kind;
    int64_t task; /* of an array, whose curves are told apart by "task7/"; -1: none */
    uint64_t inode;
    int64_t offset; /* of the next byte wanted */
    bool is_end;    /* of a log: nothing follows, its last line needs no line break */
};

struct metric_seen {
    double last_step;      /* NaN: none was told */
    int64_t epoch, epochs; /* of a log: the last "Epoch 3/10"; -1: none */
};
/* Fills inode and offset as they were stored with the last points. */
void metrics_resume(const struct gateway *gw, struct metric_file *file);
/* Bytes from file->offset on. Whole lines are taken, offset goes on behind them, and both are stored in one
 * transaction: no point is lost or counted twice, whatever happens. */
void metrics_take(const struct gateway *gw, const struct metric_plan *plan, struct metric_file *file,
                  struct span bytes, struct metric_seen *seen);

/* body: {"points": [{"step": 1, "loss": 0.5}, ...], "stream": "a1b2", "first": 17}. A stream is a client's
 * own numbering of its points: those below what has come already, by an earlier request or by the file
 * metrics.STREAM.jsonl, are known and left out; a gap is ERR_CONFLICT. done runs after the commit, but not
 * where this gives -1. */
struct metrics_call {
    int64_t job_id;
    const struct doc *body; /* borrowed during the call */
    struct errs *errs;      /* takes what is wrong with the body */
};
int metrics_post(const struct gateway *gw, const struct metrics_call *call, answer_done *done, void *ctx,
                 struct err *err);

struct metrics_query {
    int64_t job_id;
    const char *keys; /* comma between; NULL: all */
    int64_t points;   /* of each at most */
    double from, to;  /* steps */
    bool times;       /* "times" as well: seconds since 1970 */
};
/* {"items": [{name total steps values}]}; where points had to be merged, min and max instead of values. */
int metrics_json(const struct gateway *gw, const struct metrics_query *query, struct str *out,
                 struct err *err);
/* Every point of every series, a line each: {name step time value}, or CSV under a header. What is older than
 * the points that are kept gives two: the least and the greatest of a bucket. */
int metrics_export(const struct gateway *gw, int64_t job_id, bool as_csv, struct str *out, struct err *err);

#endif
