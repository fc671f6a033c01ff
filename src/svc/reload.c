#include "svc/reload.h"

#include "base/limits.h"
#include "base/log.h"
#include "svc/cluster/fleet.h"
#include "svc/notify/notify.h"
#include "svc/settings.h"
#include "svc/submit/launch.h"
#include "svc/watch/poll.h"

int reload(struct gateway *gw)
{
    struct err err = { 0 };
    auto_errs struct errs errs = { 0 };
    auto_str struct str text = STR_MAX(MAX_CONFIG_BYTES);
    if (settings_load(gw->settings, &errs) < 0) {
        errs_line(&errs, &text);
        log_error("the configuration is refused, the old one stays in force: %s", str_text(&text));
        return -1;
    }
    if (settings_kept(gw->settings))
        log_warn("changed, in force from the next start on: %s", settings_kept(gw->settings));
    notify_reload(gw->notify);
    if (fleet_apply(gw->fleet, &err) < 0)
        log_error("reload: %s", err.text);
    poll_clusters_changed(gw->poll);
    launch_resume_all(gw->launch);
    return 0;
}
