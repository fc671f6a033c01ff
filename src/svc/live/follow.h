/* Following the files of runs: new bytes of logs and metric files come with the ticks, and more often where
 * somebody watches; they are kept (svc/live/log_cache.h), told to listeners, and handed to what reads them.
 *
 * A run is followed from the job's submission until its files have been looked at three times after its end:
 * what a compute node wrote last may reach the login node late. One request for bytes at a time and cluster,
 * so that nothing arrives twice or in the wrong order. */
#ifndef SLUICE_SVC_LIVE_FOLLOW_H
#define SLUICE_SVC_LIVE_FOLLOW_H

#include "svc/cluster/fleet.h"
#include "svc/live/log_cache.h"

struct follow;
struct follow *follow_new(const struct gateway *gw);
void follow_free(struct follow *follow);

/* What a tick of that cluster shall bring, or NULL: nothing, or another request is under way. Every one that
 * is not NULL is followed by follow_end; report NULL: nothing came back. True: there is more to read. */
const struct tick_follow *follow_begin(struct follow *follow, struct cluster *cluster);
bool follow_end(struct follow *follow, struct cluster *cluster, const struct tick_report *report);

/* Somebody reads along: the job's log is asked for every poll.log seconds, and fn runs for each new piece and
 * at the end; fn may not end the watch. */
struct log_watch;
struct log_watch *follow_watch(struct follow *follow, int64_t job_id, void (*fn)(void *ctx), void *ctx);
void follow_unwatch(struct log_watch *watch); /* NULL is fine */

/* The kept part of an attempt's log (task -1: none). False: nothing is kept. The cache is the caller's:
 * log_cache_clear. */
bool follow_cache(struct follow *follow, int64_t job_id, int64_t attempt, int64_t task,
                  struct log_cache *out);
/* Whether more is likely to come into the job's files: it is not over, or its end brought something new. */
bool follow_is_open(struct follow *follow, int64_t job_id);

#endif
