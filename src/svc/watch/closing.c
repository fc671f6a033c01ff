#include "svc/watch/closing.h"

#include "base/hash_table.h"
#include "base/log.h"
#include "io/loop.h"
#include "store/event_store.h"
#include "store/job_store.h"
#include "svc/cluster/fleet.h"
#include "svc/jobs.h"
#include "svc/settings.h"
#include "svc/submit/spool.h"

#include <stdio.h>
#include <stdlib.h>

enum { SOON_MS = 500, RETRY_MS = 60000 };

struct close_call {
    struct closing *closing;
    char token[TOKEN_CHARS + 1];
    bool in_flight;
    int64_t again_us; /* monotonic: if it fails, it is not sent again before */
    UT_hash_handle hh;
};

struct closing {
    const struct gateway *gw;
    struct loop_timer *timer;
    struct close_call *calls; /* sent and not known to have done it, by token */
    bool is_idle;             /* no mark is left: nothing to look for until the next one */
    bool is_soon;             /* the timer runs for a look soon, not for the next try */
};

static void forget(struct close_call *call)
{
    HASH_DEL(call->closing->calls, call);
    free(call);
}

static void on_closed(void *ctx, const struct err *err)
{
    struct close_call *call = ctx;
    call->in_flight = false;
    if (err) {
        log_debug("job %s: its secrets are still to be removed: %s", call->token, err->text);
        return;
    }
    spool_unmark(state_dir_of(call->closing->gw), call->token);
    forget(call);
}

static struct close_call *call_of(struct closing *closing, const char *token)
{
    struct close_call *call;
    HASH_FIND_STR(closing->calls, token, call);
    if (call)
        return call;
    call = mem_zalloc(sizeof(*call));
    call->closing = closing;
    snprintf(call->token, sizeof(call->token), "%s", token);
    HASH_ADD_STR(closing->calls, token, call);
    return call;
}

static void send_close(struct closing *closing, struct cluster *cluster, const char *token)
{
    struct close_call *call = call_of(closing, token);
    struct err err = { 0 };
    int64_t now = clock_mono_us(closing->gw->clock);
    if (call->in_flight || now < call->again_us)
        return;
    call->in_flight = true;
    call->again_us = now + (RETRY_MS - SOON_MS) * US_PER_MS; /* the look a minute on finds it due */
    if (executor_close(cluster->executor, token, on_closed, call, &err) < 0)
        forget(call); /* nothing left: there may be room at the next look */
}

static void close_one(struct closing *closing, const char *token)
{
    const struct gateway *gw = closing->gw;
    auto_job struct job *job = NULL;
    struct err err = { 0 };
    if (jobs_find_token(gw->jobs, span_of(token)))
        return;
    if (job_store_by_token(gw->store, token, &job, &err) < 0) {
        if (err.code == ERR_NOT_FOUND)
            spool_unmark(state_dir_of(closing->gw), token);
        return;
    }
    struct cluster *cluster = fleet_find(gw->fleet, job->cluster);
    if (cluster && cluster->executor && !cluster->unreachable)
        send_close(closing, cluster, token);
}

static void visit(void *ctx, const char *token)
{
    struct closing *closing = ctx;
    closing->is_idle = false;
    close_one(closing, token);
}

static void sweep(void *ctx)
{
    struct closing *closing = ctx;
    closing->is_idle = true;
    closing->is_soon = false;
    spool_each_mark(state_dir_of(closing->gw), visit, closing);
    if (!closing->is_idle)
        loop_timer_start(closing->timer, RETRY_MS);
}

static void look_soon(struct closing *closing)
{
    closing->is_soon = true;
    loop_timer_start(closing->timer, SOON_MS);
}

/* The first of a burst counts: were the look put off by each, it would never come while jobs are busy. */
static void on_events(void *ctx, int64_t last_id)
{
    struct closing *closing = ctx;
    (void)last_id;
    if (!closing->is_idle && !closing->is_soon)
        look_soon(closing);
}

struct closing *closing_new(const struct gateway *gw)
{
    struct closing *closing = mem_zalloc(sizeof(*closing));
    closing->gw = gw;
    closing->timer = loop_timer_new(gw->loop, sweep, closing);
    event_store_on_commit(gw->store, on_events, closing);
    look_soon(closing);
    return closing;
}

void closing_free(struct closing *closing)
{
    if (!closing)
        return;
    struct close_call *call, *next;
    event_store_off_commit(closing->gw->store, closing);
    HASH_ITER (hh, closing->calls, call, next)
        forget(call);
    loop_timer_free(closing->timer);
    free(closing);
}

void closing_expect(struct closing *closing, const char *token)
{
    spool_drop_token(state_dir_of(closing->gw),
                     token); /* ends by itself: nothing to take away from the cluster */
    if (spool_mark_sent(state_dir_of(closing->gw), token))
        closing->is_idle = false;
}
