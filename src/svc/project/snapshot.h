/* Code as it is: the files of a project folder (tracked + untracked-not-ignored + include - exclude and
 * .mlopsignore, uncommitted changes included) as one deterministic tar in the spool. Its name is the
 * BLAKE2b-256 of its bytes, so that the same tree is the same tar, whoever made it, and a half-made one has
 * no name. */
#ifndef SLUICE_SVC_PROJECT_SNAPSHOT_H
#define SLUICE_SVC_PROJECT_SNAPSHOT_H

#include "domain/resolve.h"
#include "svc/gateway.h"
#include "text/errs.h"

struct snapshot {     /* valid during the callback */
    const char *tree; /* 64 hex digits, or NULL: in_place */
    uint64_t bytes, files;
    const char *commit; /* JSON {sha branch dirty tree} */
    const char *diff;   /* uncommitted changes, or NULL */
};
typedef void snapshot_done(void *ctx, const struct snapshot *snapshot, const struct err *err);

struct snapshot_call {
    const char *folder;              /* the project's */
    const struct resolved *resolved; /* code.*; borrowed until done */
};
int snapshot_take(const struct gateway *gw, const struct snapshot_call *call, snapshot_done *done, void *ctx,
                  struct err *err);

#endif
