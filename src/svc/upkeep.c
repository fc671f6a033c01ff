#include "svc/upkeep.h"

#include "base/log.h"
#include "store/event_store.h"
#include "store/misc_store.h"
#include "svc/live/kept_logs.h"
#include "svc/live/metrics_token.h"
#include "svc/settings.h"
#include "svc/submit/launch.h"
#include "svc/submit/spool.h"
#include "svc/watch/poll.h"

#define KEEP_REPLIES_US (INT64_C(7) * 86400 * US_PER_S)

void upkeep_resume(void *ctx)
{
    struct gateway *gw = ctx;
    poll_clusters_changed(gw->poll);
    launch_resume_all(gw->launch);
}

void upkeep_retry_store(struct gateway *gw)
{
    if (store_problem(gw->store))
        (void)value_store_put(gw->store, "retried", "", NULL); /* its failure is the commit's */
}

void upkeep_prune(struct gateway *gw)
{
    struct err err = { 0 };
    int64_t now = clock_wall_us(gw->clock);
    int64_t keep = settings_daemon(gw->settings)->retention_events_s;
    if (idempotency_prune(gw->store, now - KEEP_REPLIES_US, &err) < 0 ||
        event_store_prune(gw->store, now - keep * US_PER_S, NULL, &err) < 0)
        log_warn("pruning: %s", err.text);
    spool_prune(gw);
    kept_logs_prune(gw);
    metrics_token_prune(gw);
}
