#include "svc/cluster/connect.h"
#include "svc/fanout.h"
#include "svc/live/logs.h"
#include "svc/project/projects.h"
#include "svc/services.h"
#include "svc/submit/submit.h"
#include "svc/watch/closing.h"
#include "svc/watch/waits.h"

void services_open_edge(struct gateway *gw)
{
    gw->closing = closing_new(gw);
    gw->waits = waits_new(gw);
    gw->connect = connect_new(gw);
    gw->fanout = fanout_new(gw);
    gw->logs = logs_new(gw);
    gw->projects = projects_new(gw);
    gw->submit = submit_new(gw);
}

void services_close_edge(struct gateway *gw)
{
    submit_free(gw->submit);
    closing_free(gw->closing);
    logs_free(gw->logs);
    projects_free(gw->projects);
    connect_free(gw->connect);
    waits_free(gw->waits);
    fanout_free(gw->fanout);
}
