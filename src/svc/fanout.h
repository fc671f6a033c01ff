/* What happens, told to those who listen, as text/event-stream frames.
 *
 * Stored events are read from the log once, after their commit, and rendered once for all listeners; beside
 * them go notices that are stored nowhere (log bytes, GPU figures, heartbeats). The frames of the last while
 * stand in one ring that listeners read at their own pace; a listener itself is a few hundred bytes.
 *
 * Stored events carry their id, and a listener that comes back with the last one it saw gets what it missed
 * from the log. Where the log does not reach back so far, or the id is from the future (another state
 * directory), it gets `reset` and must look at everything anew. A listener so slow that the ring has moved
 * past it gets `dropped` and its end; when it comes back it has lost nothing. */
#ifndef SLUICE_SVC_FANOUT_H
#define SLUICE_SVC_FANOUT_H

#include "base/err.h"
#include "base/span.h"
#include "svc/gateway.h"

#include <sys/types.h>

enum fanout_topic {
    FANOUT_JOBS = 1, /* everything about jobs */
    FANOUT_CLUSTERS = 2,
    FANOUT_GPUS = 4,
    FANOUT_LOG = 8, /* new bytes of one job's log; only for those who name the job */
    FANOUT_ALL = 16 /* heartbeats */
};

enum { FANOUT_MAX_JOBS = 8, FANOUT_HEARTBEAT_MS = 15000 };

struct fanout_filter {
    unsigned topics;                                      /* of enum fanout_topic */
    int64_t jobs[FANOUT_MAX_JOBS], logs[FANOUT_MAX_JOBS]; /* job ids */
    size_t job_count, log_count;
};
/* "jobs,job:12,log:12,clusters,gpus"; NULL or "": jobs, clusters and gpus. */
int fanout_filter_parse(const char *topics, struct fanout_filter *out, struct err *err);
/* The topic of a stored event. */
unsigned fanout_topic_of(const char *word);

struct fanout *fanout_new(const struct gateway *gw);
void fanout_free(struct fanout *fanout); /* listeners that are still there get no more calls; NULL is fine */

/* A notice that is not stored. data: JSON, one line. fanout NULL: nobody listens. */
void fanout_publish(struct fanout *fanout, enum fanout_topic topic, int64_t job_id, const char *kind,
                    struct span data);
/* Whether somebody listens to the log of that job: it is then read more often. */
bool fanout_watches_log(const struct fanout *fanout, int64_t job_id);
size_t fanout_listeners(const struct fanout *fanout);

enum { FANOUT_FROM_NOW = -1 };
struct listener;
/* after: the last event seen, or FANOUT_FROM_NOW. wake runs when there is something to read again after a
 * read that gave 0; never from inside listener_read. */
struct listener *fanout_listen(struct fanout *fanout, const struct fanout_filter *filter, int64_t after,
                               void (*wake)(void *ctx), void *ctx);
void listener_free(struct listener *listener);
/* Bytes put into `to`; 0: nothing now; -1: over. */
ssize_t listener_read(struct listener *listener, char *to, size_t max);

#endif
