/* Waiting without polling: somebody is called when a job has come so far, or when its time is up. */
#ifndef SLUICE_SVC_WAITS_H
#define SLUICE_SVC_WAITS_H

#include "svc/gateway.h"

enum wait_for { WAIT_SUBMITTED, WAIT_TERMINAL, WAIT_CHANGE /* any event after `after` */ };

struct waits *waits_new(const struct gateway *gw);
void waits_free(struct waits *waits);
struct wait;
/* Calls fn once, later: when it is so, or after timeout_ms. wait_drop before that: fn is not called. */
typedef void wait_fn(void *ctx);
struct wait *wait_start(struct waits *waits, int64_t job_id, enum wait_for what, int64_t after,
                        int64_t timeout_ms, wait_fn *fn, void *ctx);
void wait_drop(struct wait *wait);

#endif
