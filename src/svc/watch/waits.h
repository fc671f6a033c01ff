/* Waiting without polling: somebody is called when a job has come so far, or when its time is up. */
#ifndef SLUICE_SVC_WATCH_WAITS_H
#define SLUICE_SVC_WATCH_WAITS_H

#include "svc/gateway.h"

enum wait_for { WAIT_SUBMITTED, WAIT_TERMINAL, WAIT_CHANGE /* any event after `after` */ };

struct waits *waits_new(const struct gateway *gw);
void waits_free(struct waits *waits);
struct wait;
struct wait_call {
    int64_t job_id; /* 0 with WAIT_CHANGE: any job */
    enum wait_for what;
    int64_t after, timeout_ms;
};
/* Calls fn once, later: when it is so, or after timeout_ms. wait_drop before that: fn is not called. */
typedef void wait_fn(void *ctx);
struct wait *wait_start(struct waits *waits, const struct wait_call *call, wait_fn *fn, void *ctx);
void wait_drop(struct wait *wait);

#endif
