/* Answering from a service's callback: hold the request, start the service with done_json as its callback,
 * and tell done_started how the start went. */
#ifndef SLUICE_API_DONE_H
#define SLUICE_API_DONE_H

#include "api/request.h"
#include "svc/answer.h"

/* answer_done: ctx is the held request. Answers with the status of its route and lets go. */
void done_json(void *ctx, const struct answer *answer);
/* started: what the service's function gave. Where it did not start, answers err and lets go. */
void done_started(struct request *request, int started, const struct err *err);
/* The same with what is wrong field by field. */
void done_started_errs(struct request *request, int started, const struct errs *errs, const struct err *err);

#endif
