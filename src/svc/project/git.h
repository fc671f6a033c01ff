/* What git says of a folder, asked by the `git` command (credentials, worktrees and safe.directory as the
 * user has them). A folder without git is fine. */
#ifndef SLUICE_SVC_PROJECT_GIT_H
#define SLUICE_SVC_PROJECT_GIT_H

#include "base/err.h"
#include "base/span.h"

struct loop;

struct git_state { /* valid during the callback; empty spans are unknown */
    bool is_repo;
    struct span sha, branch;
    struct span url; /* only with GIT_STATE */
    bool is_dirty;
    struct span diff;  /* uncommitted changes of tracked files, cut at MAX_DIFF_BYTES; not with GIT_STATE */
    struct span files; /* NUL-separated: tracked and untracked-not-ignored; only with files */
};
enum { MAX_DIFF_BYTES = 1024 * 1024 };

typedef void git_done(void *ctx, const struct git_state *state, const struct err *err);
enum git_depth {
    GIT_STATE,
    GIT_CHANGES /* the diff, too */,
    GIT_FILES /* and the list */,
    GIT_FILES_OF_SUBMODULES
};
/* done once, later. */
int git_look(struct loop *loop, const char *folder, enum git_depth depth, git_done *done, void *ctx,
             struct err *err);

#endif
