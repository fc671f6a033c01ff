/* The numbers of one followed run, by what its project says of them: metric files and logs go to
 * svc/live/metrics.h, and how far the run is into the job's document (an array's not: its tasks tell
 * theirs each, and how many of them have ended stands there anyway). */
#ifndef SLUICE_SVC_LIVE_RUN_NUMBERS_H
#define SLUICE_SVC_LIVE_RUN_NUMBERS_H

#include "svc/live/log_cache.h"
#include "svc/live/metrics.h"

struct run_numbers;

struct run_numbers *run_numbers_new(const struct gateway *gw, int64_t job_id, bool is_array);
void run_numbers_free(struct run_numbers *numbers);
/* Borrowed: which files are followed beside those that always are. */
const struct metric_plan *run_numbers_plan(const struct run_numbers *numbers);

/* New bytes of a metric file, from file->offset on. */
void run_numbers_file(struct run_numbers *numbers, struct metric_file *file, struct span bytes);
/* What the kept part of a log holds from file->offset on. is_end: nothing follows. */
void run_numbers_log(struct run_numbers *numbers, struct metric_file *file, const struct log_cache *cache,
                     bool is_end);

#endif
