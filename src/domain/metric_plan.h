/* What a project says of its numbers (metrics.*, progress.*): which files of the run and which lines of its
 * log hold them, how many points are kept, which number matters most, and how far the run is. Pure.
 *
 *   auto          metrics*.jsonl and metrics*.csv in the run directory, and every preset over the log
 *   jsonl:GLOB    files below the run directory       csv:GLOB    the same
 *   log:PRESET    text/log_lines.h                    regex:PATTERN  the same
 *
 * %a in a GLOB is the number of an array's task, as in the names of Slurm's logs; of auto's files it stands
 * in metrics-%a.jsonl and metrics-%a.csv. */
#ifndef SLUICE_DOMAIN_METRIC_PLAN_H
#define SLUICE_DOMAIN_METRIC_PLAN_H

#include "domain/series.h"
#include "text/doc.h"
#include "text/regex.h"

enum metric_kind { METRIC_NONE, METRIC_JSONL, METRIC_CSV, METRIC_LOG };
enum metric_goal { GOAL_GUESS, GOAL_MIN, GOAL_MAX };

struct metric_glob {
    char *pattern; /* for a shell: * where %a stood */
    char *named;   /* with %a; NULL where there is none */
    enum metric_kind kind;
};

struct metric_plan {
    struct metric_glob *globs; /* beside those of auto */
    size_t glob_count, glob_cap;
    bool is_auto;
    unsigned presets;
    struct regex **patterns;
    size_t pattern_count, pattern_cap;
    int64_t max_points;
    char *primary; /* NULL: none */
    enum metric_goal goal;
    struct regex *progress; /* NULL: none */
    int64_t total;          /* 0: not told */
};

/* Of a job's resolved values, {"metrics.sources": {"value": ...}, ...}; NULL, and what is absent, is as the
 * built-in defaults. A source that is wrong (it was checked when the file was read) is left out. */
void metric_plan_read(struct metric_plan *plan, const struct doc *resolved);
void metric_plan_clear(struct metric_plan *plan);
#define auto_metric_plan __attribute__((cleanup(metric_plan_clear)))

/* What a file of the run directory is, by its path in it. */
enum metric_kind metric_plan_kind(const struct metric_plan *plan, const char *path);
/* The task of an array that the file's name tells (%a), or -1. */
int64_t metric_plan_task(const struct metric_plan *plan, const char *path);
/* Which end of a series is the best. */
bool metric_plan_wants_min(const struct metric_plan *plan, struct span name);

/* For schema rows: 0, or -1 with what is wrong with the text. */
int metric_source_check(const char *text, struct err *err);
int progress_regex_check(const char *text, struct err *err);

#endif
