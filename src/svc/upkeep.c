#include "svc/upkeep.h"

#include "base/limits.h"
#include "base/log.h"
#include "store/event_store.h"
#include "store/misc_store.h"
#include "svc/fleet.h"
#include "svc/launch.h"
#include "svc/poll.h"
#include "svc/settings.h"
#include "svc/spool.h"

#define KEEP_REPLIES_US (INT64_C(7) * 86400 * US_PER_S)

void upkeep_reload(struct gateway *gw)
{
    struct err err = { 0 };
    auto_errs struct errs errs = { 0 };
    auto_str struct str text = STR_MAX(MAX_CONFIG_BYTES);
    if (settings_load(gw->settings, &errs) < 0) {
        errs_text(&errs, &text);
        log_error("the clusters file is refused, the old one stays in force: %s", str_text(&text));
        return;
    }
    if (fleet_apply(gw->fleet, &err) < 0)
        log_error("reload: %s", err.text);
    poll_clusters_changed(gw->poll);
    launch_resume_all(gw->launch);
    log_info("configuration read again: %zu clusters", fleet_count(gw->fleet));
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
}
