/* What is kept of a request: the job's row, the request without what must never be stored, the secrets in a
 * file of their own. */
#ifndef SLUICE_SVC_SUBMIT_SUBMIT_RECORD_H
#define SLUICE_SVC_SUBMIT_SUBMIT_RECORD_H

#include "svc/live/metrics_token.h"
#include "svc/submit/submission.h"

/* A new job of the request, not stored yet; the caller owns it. argv: JSON array of the payload's words. */
struct job *submission_job(const struct submission *s, const char *token, const char *argv,
                           const struct snapshot *snapshot);
/* The request as it may be kept; the caller frees it. */
char *submission_request_json(const struct submission *s);
/* Writes the values of env.secrets and the job's own token to the spool (0600); hash is to be stored with the
 * job. -1 names the one that has no value. */
int submission_put_files(const struct submission *s, const struct job *job, struct metrics_hash *hash,
                         struct err *err);
/* As if it had never been. */
void submission_drop_files(const struct submission *s, const char *token);

#endif
