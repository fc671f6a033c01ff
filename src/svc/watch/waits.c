#include "svc/watch/waits.h"

#include "base/mem.h"
#include "io/loop.h"
#include "store/event_store.h"
#include "svc/query.h"

#include <stdlib.h>
#include <utlist.h>

struct wait {
    struct waits *waits;
    int64_t job_id, after;
    enum wait_for what;
    struct loop_timer *timer;
    wait_fn *fn;
    void *ctx;
    struct wait *prev, *next;
};

struct waits {
    const struct gateway *gw;
    struct wait *list;
};

void wait_drop(struct wait *wait)
{
    if (!wait)
        return;
    DL_DELETE(wait->waits->list, wait);
    loop_timer_free(wait->timer);
    free(wait);
}

static void finish(void *ctx)
{
    struct wait *wait = ctx;
    wait_fn *fn = wait->fn;
    void *owner = wait->ctx;
    wait_drop(wait);
    fn(owner);
}

static bool is_over(const struct wait *wait, int64_t last_event)
{
    const struct gateway *gw = wait->waits->gw;
    struct err err = { 0 };
    switch (wait->what) {
    case WAIT_SUBMITTED:
        return query_job_is_submitted(gw, wait->job_id, &err) != 0;
    case WAIT_TERMINAL:
        return query_job_is_final(gw, wait->job_id, &err) != 0;
    case WAIT_CHANGE:
        return wait->job_id ? query_job_event(gw, wait->job_id, &err) > wait->after
                            : last_event > wait->after;
    }
    return true;
}

static void on_events(void *ctx, int64_t last_event)
{
    struct waits *waits = ctx;
    struct wait *wait, *next;
    DL_FOREACH_SAFE(waits->list, wait, next)
    {
        if (is_over(wait, last_event))
            loop_timer_start(wait->timer, 0); /* not from inside the commit */
    }
}

struct waits *waits_new(const struct gateway *gw)
{
    struct waits *waits = mem_zalloc(sizeof(*waits));
    waits->gw = gw;
    event_store_on_commit(gw->store, on_events, waits);
    return waits;
}

void waits_free(struct waits *waits)
{
    if (!waits)
        return;
    event_store_off_commit(waits->gw->store, waits);
    while (waits->list)
        wait_drop(waits->list);
    free(waits);
}

struct wait *wait_start(struct waits *waits, const struct wait_call *call, wait_fn *fn, void *ctx)
{
    struct wait *wait = mem_zalloc(sizeof(*wait));
    *wait = (struct wait){
        .waits = waits, .job_id = call->job_id, .after = call->after, .what = call->what, .fn = fn, .ctx = ctx
    };
    DL_APPEND(waits->list, wait);
    wait->timer = loop_timer_new(waits->gw->loop, finish, wait);
    loop_timer_start(wait->timer, is_over(wait, query_last_event(waits->gw)) ? 0 : call->timeout_ms);
    return wait;
}
