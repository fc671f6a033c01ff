/* Snapshots for whoever asks at once. A look at a folder that began before a request may miss what its user
 * has just saved, so it is not shared with that one; but all who wait for the next look share that. A sweep
 * of 64 jobs costs two looks at its folder instead of 64. */
#ifndef SLUICE_SVC_PROJECT_SNAPSHOTS_H
#define SLUICE_SVC_PROJECT_SNAPSHOTS_H

#include "svc/project/snapshot.h"

struct snapshots;
struct snapshots *snapshots_new(const struct gateway *gw);
void snapshots_free(struct snapshots *snapshots); /* none of its callbacks runs any more */
/* As snapshot_take; done also tells that a later look could not begin. */
int snapshots_take(struct snapshots *snapshots, const struct snapshot_call *call, snapshot_done *done,
                   void *ctx, struct err *err);

#endif
