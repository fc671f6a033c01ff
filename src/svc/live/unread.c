#include "svc/live/unread.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/event_store.h"
#include "store/job_store.h"
#include "store/unread_store.h"
#include "svc/cluster/fleet.h"

#include <inttypes.h>

enum { AT_ONCE = 100 };

struct unread {
    const struct gateway *gw;
    void (*wake)(void *ctx);
    void *ctx;
    bool may_be;   /* jobs have ended since the store was last asked */
    int64_t after; /* how far it was asked */
};

static void on_commit(void *ctx, int64_t last_id)
{
    struct unread *unread = ctx;
    (void)last_id;
    unread->may_be = true;
    unread->wake(unread->ctx);
}

struct unread *unread_new(const struct gateway *gw, void (*wake)(void *ctx), void *ctx)
{
    struct unread *unread = mem_zalloc(sizeof(*unread));
    *unread = (struct unread){ .gw = gw, .wake = wake, .ctx = ctx, .may_be = true };
    event_store_on_commit(gw->store, on_commit, unread);
    return unread;
}

void unread_free(struct unread *unread)
{
    if (unread)
        event_store_off_commit(unread->gw->store, unread);
    mem_free_ptr(&unread);
}

bool unread_may_be(const struct unread *unread)
{
    return unread->may_be;
}

void unread_look(struct unread *unread, void (*fn)(void *ctx, const struct job *job), void *ctx)
{
    int64_t ids[AT_ONCE];
    size_t count = 0;
    struct err err;
    if (unread_store_list(unread->gw->store, unread->after, ids, AT_ONCE, &count, &err) < 0)
        log_warn("jobs whose files are still to be read are not known: %s", err.text);
    for (size_t i = 0; i < count; i++) {
        auto_job struct job *job = NULL;
        if (job_store_get(unread->gw->store, ids[i], &job, NULL) == 0 &&
            fleet_find(unread->gw->fleet, job->cluster))
            fn(ctx, job);
    }
    unread->may_be = count == AT_ONCE;
    unread->after = unread->may_be ? ids[count - 1] : 0;
}

void unread_again(struct unread *unread)
{
    unread->may_be = true;
    unread->after = 0;
}

void unread_done(struct unread *unread, int64_t job_id)
{
    struct err err;
    if (unread_store_remove(unread->gw->store, job_id, &err) < 0)
        log_warn("job %" PRId64 ": its files will be read again: %s", job_id, err.text);
}
