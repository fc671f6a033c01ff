/* What a job posts its own numbers with. Made with the job, given to it by the 0600 file of its secrets and
 * by nothing else (no script, argv, log, answer), kept as a hash, good for POST /jobs/{id}/metrics of that
 * one job.
 *
 * It ends with the job, METRICS_TOKEN_GRACE_S after the later of its end and the moment the gateway saw it:
 * the last flush of a process that is being ended, a client that tries for a while to reach the gateway, and
 * a compute node whose clock is minutes off still get their numbers in. */
#ifndef SLUICE_SVC_LIVE_METRICS_TOKEN_H
#define SLUICE_SVC_LIVE_METRICS_TOKEN_H

#include "base/err.h"
#include "domain/job.h"
#include "svc/gateway.h"

enum { METRICS_TOKEN_GRACE_S = 600 };

struct metrics_hash {
    char hex[2 * 32 + 1];
};

/* Makes a token and puts it, with the address to use it at where a job on that cluster can reach one, beside
 * the job's secrets. It is good once its hash is stored (store/job_token.h). The job itself may not be stored
 * yet: a file that cannot be written must stop it before that. */
int metrics_token_make(const struct gateway *gw, const struct job *job, struct metrics_hash *hash,
                       struct err *err);
/* Whose it is. ERR_UNAUTHORIZED: nobody's, or of a job that is over. */
int metrics_token_check(const struct gateway *gw, struct span token, int64_t *job_id, struct err *err);
/* Forgets those of jobs that are over, and the files of jobs that are none. */
void metrics_token_prune(const struct gateway *gw);

#endif
