#include "svc/watch/closing.h"

#include "base/log.h"
#include "base/mem.h"
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

struct closing {
    const struct gateway *gw;
    struct loop_timer *timer;
    bool is_idle; /* no mark is left: nothing to look for until the next one */
};

static const char *state_dir(const struct closing *closing)
{
    return settings_daemon(closing->gw->settings)->state_dir;
}

struct close_call {
    struct closing *closing;
    char token[TOKEN_CHARS + 1];
};

static void on_closed(void *ctx, const struct err *err)
{
    struct close_call *call = ctx;
    if (!err)
        spool_unmark(state_dir(call->closing), call->token);
    else
        log_debug("job %s: its secrets are still to be removed: %s", call->token, err->text);
    free(call);
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
            spool_unmark(state_dir(closing), token);
        return;
    }
    struct cluster *cluster = fleet_find(gw->fleet, job->cluster);
    if (!cluster || !cluster->executor || cluster->unreachable)
        return;
    struct close_call *call = mem_zalloc(sizeof(*call));
    call->closing = closing;
    snprintf(call->token, sizeof(call->token), "%s", token);
    if (executor_close(cluster->executor, token, on_closed, call, &err) < 0)
        on_closed(call, &err);
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
    spool_each_mark(state_dir(closing), visit, closing);
    if (!closing->is_idle)
        loop_timer_start(closing->timer, RETRY_MS);
}

static void on_events(void *ctx, int64_t last_id)
{
    struct closing *closing = ctx;
    (void)last_id;
    if (!closing->is_idle)
        loop_timer_start(closing->timer, SOON_MS);
}

struct closing *closing_new(const struct gateway *gw)
{
    struct closing *closing = mem_zalloc(sizeof(*closing));
    closing->gw = gw;
    closing->timer = loop_timer_new(gw->loop, sweep, closing);
    event_store_on_commit(gw->store, on_events, closing);
    loop_timer_start(closing->timer, SOON_MS);
    return closing;
}

void closing_free(struct closing *closing)
{
    if (!closing)
        return;
    event_store_off_commit(closing->gw->store, closing);
    loop_timer_free(closing->timer);
    free(closing);
}

void closing_expect(struct closing *closing, const char *token)
{
    spool_drop_token(state_dir(closing), token); /* ends by itself: nothing to take away from the cluster */
    if (spool_mark_sent(state_dir(closing), token))
        closing->is_idle = false;
}
