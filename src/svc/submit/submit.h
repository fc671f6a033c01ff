/* From a request to a committed intent: validate (project, cluster, profile, request; each value with its
 * origin), snapshot, render, store. The launch machine (svc/submit/launch.h) takes it from there. */
#ifndef SLUICE_SVC_SUBMIT_SUBMIT_H
#define SLUICE_SVC_SUBMIT_SUBMIT_H

#include "svc/answer.h"
#include "svc/gateway.h"
#include "text/doc.h"

enum submit_mode {
    SUBMIT_REAL,   /* answer.job_id and the job's document, once the intent is committed */
    SUBMIT_RENDER, /* {script, argv, resolved, origins, warnings} and nothing else happens */
    SUBMIT_DRY_RUN /* as RENDER, and the scheduler's own test: {..., test: {accepted, start_at, upstream}} */
};

struct submit_call {
    enum submit_mode mode;
    const struct doc *body;                                      /* borrowed during the call */
    const char *user;                                            /* who asks */
    const char *idempotency_key, *idempotency_scope, *body_hash; /* NULL: none. Stored with the intent */
};

struct submit *submit_new(const struct gateway *gw);
void submit_free(struct submit *submit);
/* 0 and done once, later; or -1 with err (done is not called). */
int submit_start(struct submit *submit, const struct submit_call *call, answer_done *done, void *ctx,
                 struct err *err);

#endif
