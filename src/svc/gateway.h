/* The services of one daemon, tied together by daemon.c and handed to the API. All borrowed. */
#ifndef SLUICE_SVC_GATEWAY_H
#define SLUICE_SVC_GATEWAY_H

#include "base/clock.h"

struct gateway {
    const struct clock *clock;
    struct settings *settings; /* svc/settings.h: the configuration in force */
    struct store *store;       /* for services only; the API never touches it */
    struct loop *loop;
    struct fleet *fleet;       /* svc/cluster/fleet.h: clusters */
    struct jobs *jobs;         /* svc/jobs.h: active jobs and every change of one */
    struct submit *submit;     /* svc/submit/submit.h */
    struct closing *closing;   /* svc/watch/closing.h */
    struct launch *launch;     /* svc/submit/launch.h */
    struct poll *poll;         /* svc/watch/poll.h */
    struct gpus *gpus;         /* svc/cluster/gpus.h */
    struct follow *follow;     /* svc/live/follow.h: new bytes of logs and metric files */
    struct logs *logs;         /* svc/live/logs.h */
    struct projects *projects; /* svc/project/projects.h */
    struct connect *connect;   /* svc/cluster/connect.h */
    struct waits *waits;       /* svc/watch/waits.h */
    struct fanout *fanout;     /* svc/fanout.h: what happens, to those who listen */
    struct notify *notify;     /* svc/notify/notify.h */
    const char *version;
    int64_t started_at_us;
};

#endif
