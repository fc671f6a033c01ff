/* Jobs that are over and whose files were not read to their end: they ended before a restart, or had ended
 * when they were first seen. */
#ifndef SLUICE_SVC_LIVE_UNREAD_H
#define SLUICE_SVC_LIVE_UNREAD_H

#include "domain/job.h"
#include "svc/gateway.h"

struct unread;
/* wake: there may be some; it runs after commits, and once while nobody has looked yet. */
struct unread *unread_new(const struct gateway *gw, void (*wake)(void *ctx), void *ctx);
void unread_free(struct unread *unread); /* NULL is fine */

/* Whether unread_look may find any. */
bool unread_may_be(const struct unread *unread);
/* fn for the next few of them whose cluster is configured, also those it was told of before. */
void unread_look(struct unread *unread, void (*fn)(void *ctx, const struct job *job), void *ctx);
/* One that was taken up has been let go of: it is found again. */
void unread_again(struct unread *unread);
/* All was read. */
void unread_done(struct unread *unread, int64_t job_id);

#endif
