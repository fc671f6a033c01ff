/* What is kept of a request: the job's row, the request without what must never be stored, the secrets in a
 * file of their own. */
#ifndef SLUICE_SVC_SUBMIT_SUBMIT_RECORD_H
#define SLUICE_SVC_SUBMIT_SUBMIT_RECORD_H

#include "domain/job.h"
#include "svc/submit/submission.h"

/* A new job of the request, not stored yet; the caller owns it. argv: JSON array of the payload's words. */
struct job *submission_job(const struct submission *s, const char *token, const char *argv,
                           const struct snapshot *snapshot);
/* The request as it may be kept; the caller frees it. */
char *submission_request_json(const struct submission *s);
/* Writes the values of env.secrets to the spool (0600). -1 names the one that has no value. */
int submission_put_secrets(const struct submission *s, const char *token, struct err *err);

/* Makes the token that the stored job posts its numbers with. */
int submission_put_token(const struct submission *s, const struct job *job, struct err *err);

#endif
