/* Files the gateway keeps between intent and launch, below the state directory: tars of code snapshots
 * (spool/<tree>.tar) and secrets (secrets/<token>, 0600: never in the store, script, log or API). */
#ifndef SLUICE_SVC_SUBMIT_SPOOL_H
#define SLUICE_SVC_SUBMIT_SPOOL_H

#include "base/err.h"
#include "base/str.h"
#include "svc/gateway.h"

/* Paths; out needs a ceiling of a path's length. */
void spool_tar_path(const char *state_dir, const char *tree, struct str *out);
int spool_prepare(const char *state_dir, struct err *err); /* makes both folders, 0700 */
/* Is the tree's tar here, whole? Then it stays another hour at least. For any thread. */
bool spool_keep_tar(const char *state_dir, const char *tree, uint64_t bytes);
/* The file `from`, open as fd, becomes the tree's tar: bytes and name are on disk when this returns, as a job
 * that is stored counts on them. For any thread. */
int spool_name_tar(const char *state_dir, const char *tree, const char *from, int fd, struct err *err);
/* An open descriptor and the length; ERR_NOT_FOUND where the tar is gone. */
int spool_open_tar(const char *state_dir, const char *tree, int *fd, uint64_t *bytes, struct err *err);
int spool_put_secrets(const char *state_dir, const char *token, struct span lines, struct err *err);
/* The job's own token (svc/live/metrics_token.h), beside them. Not fsynced: a job that lost it does without.
 */
int spool_put_token(const char *state_dir, const char *token, struct span lines, struct err *err);
void spool_drop_token(const char *state_dir, const char *token);
/* Appends the lines of both; nothing where the job has none. */
int spool_get_secrets(const char *state_dir, const char *token, struct str *lines, struct err *err);
void spool_drop_secrets(const char *state_dir, const char *token); /* both */
/* The secrets have reached the cluster: the file becomes an empty mark. False where the job has none. */
bool spool_mark_sent(const char *state_dir, const char *token);
typedef void spool_each(void *ctx, const char *token);
void spool_each_mark(const char *state_dir, spool_each *fn, void *ctx);
void spool_each_token(const char *state_dir, spool_each *fn, void *ctx);
void spool_unmark(const char *state_dir, const char *token);
/* Removes tars that no waiting job needs, older than an hour (another submit may be writing one). */
void spool_prune(const struct gateway *gw);

#endif
