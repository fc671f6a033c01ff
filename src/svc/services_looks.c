#include "svc/cluster/gpus.h"
#include "svc/jobs.h"
#include "svc/live/follow.h"
#include "svc/services.h"
#include "svc/upkeep.h"
#include "svc/watch/poll.h"

void services_open_looks(struct gateway *gw)
{
    gw->follow = follow_new(gw);
    gw->poll = poll_new(gw);
    gw->gpus = gpus_new(gw);
}

void services_start_looks(struct gateway *gw)
{
    poll_clusters_changed(gw->poll);
    jobs_on_rollback(gw->jobs, upkeep_resume, gw);
}

void services_close_looks(struct gateway *gw)
{
    poll_free(gw->poll);
    follow_free(gw->follow);
    gpus_free(gw->gpus);
}
