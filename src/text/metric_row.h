/* One row of numbers while a line is read into it: what the readers of JSON, CSV and log lines share.
 *
 * `step`, `_step`, `global_step` say where it stands, `time`, `_timestamp`, `timestamp` when (seconds since
 * 1970); every other key is a point. A step that is no finite number is none. Pure. */
#ifndef SLUICE_TEXT_METRIC_ROW_H
#define SLUICE_TEXT_METRIC_ROW_H

#include "base/limits.h"
#include "base/span.h"

enum { METRIC_SPACE_BYTES = 8192 };

struct metric_point {
    struct span key; /* valid during the call */
    double value;
};
struct metric_row {  /* one line */
    double step;     /* NaN: not told */
    int64_t time_us; /* 0: not told */
    const struct metric_point *points;
    size_t count;
    size_t line; /* which of the text, from 0 */
};
typedef void metric_each(void *ctx, const struct metric_row *row);

struct metric_build {
    struct metric_point points[MAX_METRIC_KEYS];
    size_t count;
    double step;
    int64_t time_us;
    char space[METRIC_SPACE_BYTES]; /* for keys and cells that do not stand in the text as they are */
    size_t used;
};

void metric_build_clear(struct metric_build *build);
/* A key that is empty or longer than MAX_METRIC_NAME is left out. */
void metric_build_add(struct metric_build *build, struct span key, double value);
/* Copies into the space; an empty span where it is full. */
struct span metric_build_keep(struct metric_build *build, struct span text);
/* "outer/key"; key alone where there is no outer (its ptr is NULL). Empty, but no NULL, where the space is
 * full or outer is empty: what is within has no name either. */
struct span metric_build_join(struct metric_build *build, struct span outer, struct span key);
/* Hands the row over if it has a point. */
void metric_build_tell(const struct metric_build *build, size_t line, metric_each *each, void *ctx);

/* A number as programs print it: decimal, nan, inf, Infinity, true, with sign; the whole span. */
bool metric_number(struct span text, double *out);
/* The same, words (nan, inf, true) only. */
bool metric_word(struct span text, double *out);

#endif
