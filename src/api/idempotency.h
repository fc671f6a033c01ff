/* Idempotency-Key on POST: the same key and body give the same answer, another body 422.
 *
 * A reply that was kept (7 days, in the store) is given again; a request whose twin is still being worked at
 * waits for the twin's answer. The key of a submit is stored with its intent by the service; others are kept
 * here when the good answer is made. Scope: user, method and path. */
#ifndef SLUICE_API_IDEMPOTENCY_H
#define SLUICE_API_IDEMPOTENCY_H

#include "api/request.h"

struct flight;
struct flights {
    struct flight *first;
};

/* True: go on (request->replay_job may be set). False: the request was answered, or waits for its twin. */
bool idempotency_begin(struct flights *flights, struct request *request);
/* Once the request is answered. */
void idempotency_finish(struct request *request);
/* The server ends: nobody waits any more. Requests that services still hold are forgotten here. */
void idempotency_abandon(struct flights *flights);
/* Without a key all are NULL. Valid until the answer. */
struct idempotency {
    const char *key, *scope, *body_hash;
};
struct idempotency idempotency_of(const struct request *request);

#endif
