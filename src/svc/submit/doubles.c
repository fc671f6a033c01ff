#include "base/log.h"
#include "base/mem.h"
#include "io/loop.h"
#include "svc/submit/launch_task.h"

#include <stdlib.h>
#include <utlist.h>

struct double_job {
    struct launch *launch;
    char *cluster, *token, *sched_id;
    int64_t wait_ms; /* the last one, 0 none yet */
    struct loop_timer *timer;
    struct double_job *prev, *next;
};

static void drop(struct double_job *d)
{
    DL_DELETE(d->launch->doubles, d);
    loop_timer_free(d->timer);
    free(d->cluster);
    free(d->token);
    free(d->sched_id);
    free(d);
}

static void on_cancelled(void *ctx, const struct err *err)
{
    struct double_job *d = ctx;
    if (!err) { /* so it is, too, where that job was gone already */
        drop(d);
        return;
    }
    if (!d->wait_ms) /* the first time says it all */
        log_warn("job %s: its double %s is not cancelled yet (its claim keeps it from running): %s", d->token,
                 d->sched_id, err->text);
    int64_t wait = d->wait_ms ? d->wait_ms * 2 : DEFER_FIRST_MS;
    d->wait_ms = wait < DEFER_LAST_MS ? wait : DEFER_LAST_MS;
    loop_timer_start(d->timer, d->wait_ms);
}

static void send(void *ctx)
{
    struct double_job *d = ctx;
    struct err err = { 0 };
    struct cluster *cluster = fleet_find(d->launch->gw->fleet, d->cluster);
    struct cancel_spec spec = { .token = d->token, .sched_id = d->sched_id, .task = -1 };
    if (!cluster || !cluster->executor)
        err_set(&err, ERR_OFFLINE, "cluster %s is disabled or not configured", d->cluster);
    else if (executor_cancel(cluster->executor, &spec, on_cancelled, d, &err) == 0)
        return;
    on_cancelled(d, &err);
}

void doubles_cancel(struct launch *launch, const struct job *job, const char *sched_id)
{
    struct double_job *d = mem_zalloc(sizeof(*d));
    *d = (struct double_job){ .launch = launch,
                              .cluster = mem_dup_str(job->cluster),
                              .token = mem_dup_str(job->token),
                              .sched_id = mem_dup_str(sched_id),
                              .timer = loop_timer_new(launch->gw->loop, send, d) };
    DL_APPEND(launch->doubles, d);
    send(d);
}

void doubles_free(struct launch *launch)
{
    while (launch->doubles)
        drop(launch->doubles);
}
