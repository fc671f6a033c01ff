/* One followed run and its files: what svc/live/follow.c keeps, and how bytes are taken into it. */
#ifndef SLUICE_SVC_LIVE_FOLLOW_RUN_H
#define SLUICE_SVC_LIVE_FOLLOW_RUN_H

#include "base/hash_table.h"
#include "domain/job.h"
#include "domain/report.h"
#include "svc/gateway.h"
#include "svc/live/log_cache.h"
#include "svc/live/run_numbers.h"
#include "text/links.h"

struct run_file {
    char *path;            /* "TOKEN/attempt-1.log" */
    enum metric_kind kind; /* METRIC_NONE: its bytes are let pass */
    int64_t attempt, task; /* attempt: of a log; task of an array, -1: none */
    uint64_t inode;
    int64_t offset;
    struct log_cache cache; /* of a log */
    int64_t told;           /* up to where listeners know it */
    bool is_short;          /* of a log: what came last could not all be kept, and is asked for again */
    struct link_scan *scan; /* of a log */
    int64_t numbers_at;     /* of a log: up to where its numbers are taken */
    UT_hash_handle hh;      /* by path */
};

/* The paths of all files that one tick asks for stand in its program, with 35 bytes more each; a run's fit
 * into one. */
enum { MAX_ASK_PATH_BYTES = 1500 * 1000 };

struct run {
    int64_t job_id;
    char *token;
    bool is_array;
    struct run_file **files, *by_path;
    size_t count, cap, logs, path_bytes;
    bool is_full; /* it has more files than are followed; the others are read when somebody asks */
    struct run_numbers *numbers;
    struct link_patterns links; /* of its project */
    bool is_waiting;            /* in the queue: there is nothing to read yet */
    unsigned looks;             /* after its end */
    int64_t look_at_us;         /* monotonic: the next of them; 0 while it lives */
    bool is_last;               /* the look under way is the last one, unless more is left than fits */
    int64_t hold_until_us;      /* monotonic: our disk is full; not before this are its files asked for */
    int64_t asked_us;           /* monotonic: when its files were last asked for */
    bool is_over, has_new;      /* has_new: the report at hand brought something */
    bool is_stale;              /* what it took was not stored: it is made anew from what was */
};

struct run *run_new(const struct gateway *gw, const struct job *job);
void run_free(struct run *run);
/* Takes what a report tells about one of its files. */
void run_take(const struct gateway *gw, struct run *run, const struct seen_file *seen);
/* The job is over, and what its files hold so far was read: why did it end so? */
void run_judge(const struct gateway *gw, const struct run *run);
/* All was read: its logs are complete. */
void run_close(const struct gateway *gw, struct run *run);

/* attempt-2.7.log; task -1: none */
void run_log_name(int64_t attempt, int64_t task, struct str *out);

#endif
