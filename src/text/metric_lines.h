/* Numbers that a program writes while it trains: one JSON object a line (metrics.jsonl), or rows under a CSV
 * header. Python writes NaN and Infinity, which are not JSON: they survive here. Pure.
 *
 * Of an object, every number (true and false are 1 and 0; "NaN" and kin as strings, too) is a point under its
 * key; objects within it give "outer/inner". `step`, `_step`, `global_step` say where it stands, `time`,
 * `_timestamp`, `timestamp` when (seconds). Lines that are none are counted and left. */
#ifndef SLUICE_TEXT_METRIC_LINES_H
#define SLUICE_TEXT_METRIC_LINES_H

#include "base/span.h"

enum { MAX_METRIC_KEYS = 512, MAX_METRIC_NAME = 200, METRIC_DEPTH = 4 };

struct metric_point {
    struct span key; /* valid during the call */
    double value;
};
struct metric_row {  /* one line */
    double step;     /* NaN: not told */
    int64_t time_us; /* 0: not told */
    const struct metric_point *points;
    size_t count;
};
typedef void metric_each(void *ctx, const struct metric_row *row);

/* Whole lines; gives how many were no objects. */
size_t metric_jsonl(struct span text, metric_each *each, void *ctx);
/* header: the first line of the file. */
size_t metric_csv(struct span header, struct span text, metric_each *each, void *ctx);

/* A number as programs print it: decimal, nan, inf, Infinity, with sign; the whole span. */
bool metric_number(struct span text, double *out);

#endif
