/* What a job may post its numbers with: of each token only its hash is kept. */
#ifndef SLUICE_STORE_JOB_TOKEN_H
#define SLUICE_STORE_JOB_TOKEN_H

#include "store/store.h"

int job_token_put(struct store *store, int64_t job_id, const char *hash, struct err *err);
/* The job of a hash; ERR_NOT_FOUND. Sees this turn's changes. */
int job_token_get(struct store *store, const char *hash, int64_t *job_id, struct err *err);
int job_token_drop(struct store *store, int64_t job_id, struct err *err);
/* Jobs above `after` that have one, ascending, at most max; gives how many, or -1. */
int job_token_list(struct store *store, int64_t after, int64_t *job_ids, int max, struct err *err);

#endif
