#include "svc/services.h"

#include "io/loop.h"
#include "io/spawn.h"
#include "store/store.h"
#include "svc/cluster/fleet.h"
#include "svc/jobs.h"
#include "svc/notify/notify.h"
#include "svc/settings.h"
#include "svc/submit/launch.h"
#include "svc/submit/spool.h"

int services_open(struct gateway *gw, struct err *err)
{
    const struct daemon_config *config = settings_daemon(gw->settings);
    if (store_open(config->state_dir, gw->clock, &gw->store, err) < 0 ||
        spool_prepare(config->state_dir, err) < 0)
        return -1;
    gw->loop = loop_new();
    gw->fleet = fleet_new(gw);
    gw->jobs = jobs_new(gw);
    services_open_looks(gw);
    gw->launch = launch_new(gw);
    services_open_edge(gw);
    gw->notify = notify_new(gw);
    if (notify_start(gw->notify, err) < 0)
        return err_wrap(err, "notifications");
    if (jobs_load(gw->jobs, err) < 0)
        return err_wrap(err, "reading the active jobs");
    return fleet_apply(gw->fleet, err);
}

void services_start(struct gateway *gw)
{
    services_start_looks(gw);
    launch_resume_all(gw->launch);
}

void services_close(struct gateway *gw)
{
    if (gw->loop) {
        launch_stop(gw->launch);
        fleet_end(gw->fleet); /* what is under way ends; its callbacks still need the services */
        do
            spawn_end_all(gw->loop); /* git and tar of a snapshot */
        while (store_has_pending(gw->store) && store_flush(gw->store, NULL) == 0);
        notify_free(gw->notify);
        services_close_edge(gw);
        launch_free(gw->launch);
        services_close_looks(gw);
        fleet_free(gw->fleet);
    }
    store_close(gw->store);
    if (gw->loop) {
        jobs_free(gw->jobs);
        loop_free(gw->loop);
    }
}
