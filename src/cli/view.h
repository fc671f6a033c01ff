/* Looking at the API's documents, and saying times and ages as people do. Pure. */
#ifndef SLUICE_CLI_VIEW_H
#define SLUICE_CLI_VIEW_H

#include "base/str.h"
#include "text/doc.h"

/* By dotted path ("slurm.job_id"). Borrowed; NULL where it is absent or null. */
const struct doc *view_at(const struct doc *doc, const char *path);
const char *view_text(const struct doc *doc, const char *path); /* of a scalar */
int64_t view_int(const struct doc *doc, const char *path, int64_t none);
bool view_bool(const struct doc *doc, const char *path);       /* absent: false */
int64_t view_time_us(const struct doc *doc, const char *path); /* 0: absent */
/* The items of a list answer; an empty list where there are none. Never NULL. */
const struct doc *view_items(const struct doc *doc);

/* "12s", "5m", "3h", "2d". */
void view_add_age(struct str *to, int64_t seconds);
/* "5m ago"; "never" for 0. */
void view_add_ago(struct str *to, int64_t then_us, int64_t now_us);
/* How long a job has run: elapsed_s, or since started_at while it has not ended. -1: not at all. */
int64_t view_elapsed_s(const struct doc *job, int64_t now_us);
bool view_is_ended(const struct doc *job);
/* "a, b" of a list of scalars; nothing for an empty one. */
void view_add_list(struct str *to, const struct doc *list);
/* What is asked for: "2x a100", "4 GPUs on each of 2 nodes"; "-" for none. */
void view_add_gpus(struct str *to, const struct doc *job);

/* "45%", and "45% (450 of 1000), about 00:01:16 left"; nothing where the job does not tell. */
void view_add_percent(struct str *to, const struct doc *job);
void view_add_progress(struct str *to, const struct doc *job);
/* A number of the API as people write it: four digits, and NaN or Infinity as it is. */
void view_add_number(struct str *to, const struct doc *number);

#endif
