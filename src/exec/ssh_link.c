#include "exec/ssh_link.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/token.h"

#include <stdlib.h>
#include <utlist.h>

static int64_t now_us(const struct ssh_link *link)
{
    return clock_mono_us(link->set->clock);
}

void ssh_link_kick(struct ssh_link *link)
{
    loop_defer(link->set->loop, ssh_pump, link);
}

void ssh_link_end_run(struct ssh_link *link, struct ssh_run *run, enum run_end end, const struct err *err)
{
    if (run->chan) {
        run->chan->run = NULL;
        run->chan = NULL;
    } else {
        run_queue_remove(&link->queued, &run->run);
        link->queued_count--;
    }
    loop_timer_free(run->deadline);
    run_finish(&run->run, end, err);
    run_clear(&run->run);
    free(run);
}

/* Takes the run off its channel, which then closes; what the remote side still does, nobody reads. */
static void end_on_channel(struct ssh_link *link, struct ssh_run *run, enum run_end end,
                           const struct err *err)
{
    struct ssh_chan *chan = run->chan;
    bool may_run = chan->sent.may_run;
    ssh_link_end_run(link, run, may_run || end == RUN_CANCELLED ? end : RUN_NOT_SENT, err);
    ssh_chan_close(chan, loop_now_ms(link->set->loop));
    ssh_link_kick(link);
}

void ssh_link_on_deadline(void *ctx)
{
    struct ssh_run *run = ctx;
    struct ssh_link *link = run->owner;
    struct err err = { 0 };
    long long limit_s = (long long)run->run.timeout_ms / 1000;
    if (run->chan) {
        err_set(&err, ERR_TIMEOUT, "%s: %s took longer than %lld s", link->set->name, run->run.what, limit_s);
        end_on_channel(link, run, RUN_TIMEOUT, &err);
        return;
    }
    err_set(&err, ERR_TIMEOUT, "%s: %s waited longer than %lld s to be sent", link->set->name, run->run.what,
            limit_s);
    ssh_link_end_run(link, run, RUN_NOT_SENT, &err);
}

void ssh_link_drop_cancelled(struct ssh_link *link)
{
    struct err err = { 0 };
    struct run *run, *next_run;
    struct ssh_chan *chan, *next_chan;
    err_set(&err, ERR_CANCELLED, "cancelled");
    DL_FOREACH_SAFE(link->queued, run, next_run)
    if (run->cancelled)
        ssh_link_end_run(link, (struct ssh_run *)run, RUN_CANCELLED, &err);
    DL_FOREACH_SAFE(link->chans, chan, next_chan)
    if (chan->run && chan->run->run.cancelled)
        end_on_channel(link, chan->run, RUN_CANCELLED, &err);
}

/* --- connection --- */

/* A done-callback may queue anew at once: those are not part of this round. */
static void refuse_queued(struct ssh_link *link, const struct err *err)
{
    unsigned count = link->queued_count;
    for (unsigned i = 0; i < count && link->queued; i++)
        ssh_link_end_run(link, (struct ssh_run *)link->queued, RUN_NOT_SENT, err);
    if (link->queued)
        ssh_link_kick(link);
}

void ssh_link_connect(struct ssh_link *link)
{
    struct err err = { 0 };
    if (!link->queued)
        return;
    bool is_urgent = link->queued->urgent; /* urgent ones stand in front */
    if (!ssh_policy_may_try(&link->policy, now_us(link), is_urgent, &err)) {
        refuse_queued(link, &err);
        return;
    }
    ssh_policy_try(&link->policy, now_us(link));
    link->since_us = now_us(link);
    ssh_conn_start(link->conn);
}

void ssh_link_on_up(void *ctx)
{
    struct ssh_link *link = ctx;
    ssh_policy_up(&link->policy, now_us(link));
    link->since_us = now_us(link);
    ssh_slots_connected(&link->slots);
    log_info("ssh %s: logged in to %s@%s:%u", link->set->name, link->set->user, link->set->host,
             link->set->port);
    ssh_pump(link);
}

/* Of a run on a channel that is gone: nothing handed over: it waits again. */
static void lose_channel(struct ssh_link *link, struct ssh_chan *chan, const struct err *err)
{
    struct ssh_run *run = chan->run;
    bool has_begun = chan->sent.has_begun, may_run = chan->sent.may_run;
    ssh_chan_free(chan);
    if (!run)
        return;
    run->chan = NULL;
    run_restart(&run->run);
    DL_PREPEND(link->queued, &run->run);
    link->queued_count++;
    if (may_run || has_begun)
        ssh_link_end_run(link, run, may_run ? RUN_CUT : RUN_NOT_SENT, err);
}

static uint32_t any_number(void)
{
    uint32_t number;
    token_random(&number, sizeof(number));
    return number;
}

void ssh_link_on_down(void *ctx, const struct err *err, bool needs_person)
{
    struct ssh_link *link = ctx;
    bool was_up = link->policy.up_us != 0;
    link->since_us = now_us(link);
    link->policy.needs_person = needs_person;
    ssh_policy_down(&link->policy, now_us(link), err, ssh_conn_was_login(link->conn), any_number());
    ssh_slots_lost(&link->slots);
    loop_timer_stop(link->tidy);
    log_warn("ssh %s: %s: %s", link->set->name, was_up ? "connection lost" : "no connection", err->text);
    struct ssh_chan *chans = link->chans, *chan, *next;
    link->chans = NULL;
    DL_FOREACH_SAFE(chans, chan, next)
    lose_channel(link, chan, err);
    if (!was_up)
        refuse_queued(link, err);
    else if (link->queued && !link->is_closing)
        ssh_link_kick(link);
}
