#include "exec/transport_ssh.h"

#include "base/mem.h"
#include "exec/ssh_link.h"
#include "io/crypto_memory.h"

#include <stdlib.h>

static int ssh_run_start(struct transport *t, const struct run_request *request, run_done *done, void *ctx,
                         struct run **out, struct err *err)
{
    struct ssh_link *link = (struct ssh_link *)t;
    struct ssh_run *run = mem_zalloc(sizeof(*run));
    const struct run_place place = { .use_login_shell = link->set->use_login_shell, .shares_shells = true };
    if (run_init(&run->run, request, &place, link->set->clock, err) < 0) {
        free(run);
        return -1;
    }
    if (link->queued_count >= MAX_RUNS_QUEUED) {
        run_clear(&run->run);
        free(run);
        return err_set(err, ERR_BUSY, "%u commands wait for %s already", link->queued_count, link->set->name);
    }
    run->owner = link;
    run->run.done = done;
    run->run.ctx = ctx;
    if (run->run.timeout_ms <= 0)
        run->run.timeout_ms = link->set->command_timeout_ms;
    run->deadline = loop_timer_new(link->set->loop, ssh_link_on_deadline, run);
    loop_timer_start(run->deadline, run->run.timeout_ms);
    run_queue_add(&link->queued, &run->run);
    link->queued_count++;
    ssh_link_kick(link);
    if (out)
        *out = &run->run;
    return 0;
}

static void ssh_cancel(struct transport *t, struct run *base)
{
    (void)t;
    struct ssh_run *run = (struct ssh_run *)base;
    base->cancelled = true;
    ssh_link_kick(run->owner);
}

static enum link_state state_of(const struct ssh_link *link)
{
    if (ssh_conn_is_up(link->conn))
        return LINK_UP;
    if (!ssh_conn_is_down(link->conn))
        return LINK_CONNECTING;
    if (link->policy.refused.code != ERR_NONE)
        return link->policy.needs_person ? LINK_NEEDS_LOGIN : LINK_REFUSED;
    return clock_mono_us(link->set->clock) < link->policy.next_try_us ? LINK_BACKOFF : LINK_IDLE;
}

static void ssh_status(const struct transport *t, struct transport_status *out)
{
    const struct ssh_link *link = (const struct ssh_link *)t;
    const struct err *last = &link->policy.last;
    out->state = state_of(link);
    out->backend = "libssh2";
    out->error = last->code != ERR_NONE ? last->text : NULL;
    out->error_code = last->code;
    out->since_us = link->since_us;
    out->next_try_us = out->state == LINK_BACKOFF ? link->policy.next_try_us : 0;
    out->latency_us = link->latency_us;
    out->logins = link->policy.login_count;
    out->logins_hour = ssh_policy_logins_hour(&link->policy, clock_mono_us(link->set->clock));
    out->channel_limit = link->slots.limit;
    out->login_failures = link->policy.login_failures;
    out->commands = link->commands;
    out->channels = ssh_pump_talking(link);
    out->waiting = ssh_pump_waiting(link);
    out->queued = link->queued_count;
}

static void ssh_reconnect(struct transport *t)
{
    struct ssh_link *link = (struct ssh_link *)t;
    ssh_policy_forget(&link->policy);
    ssh_link_kick(link);
}

static void ssh_free(struct transport *t)
{
    struct ssh_link *link = (struct ssh_link *)t;
    struct err err = { 0 };
    struct loop *loop = link->set->loop;
    err_set(&err, ERR_CANCELLED, "the gateway is closing");
    link->is_closing = true;
    struct ssh_chan *chan, *next;
    for (chan = link->chans; chan; chan = chan->next)
        if (chan->run)
            ssh_link_end_run(link, chan->run, RUN_CANCELLED, &err);
    while (link->queued)
        ssh_link_end_run(link, (struct ssh_run *)link->queued, RUN_CANCELLED, &err);
    ssh_conn_free(link->conn);
    for (chan = link->chans; chan; chan = next) {
        next = chan->next;
        ssh_chan_free(chan);
    }
    ssh_slots_clear(&link->slots);
    loop_timer_free(link->tidy);
    loop_defer_drop(loop, link);
    free(link);
    libssh2_exit();
}

static const struct transport_ops ssh_ops = { .name = "ssh",
                                              .run = ssh_run_start,
                                              .cancel = ssh_cancel,
                                              .status = ssh_status,
                                              .reconnect = ssh_reconnect,
                                              .free = ssh_free };

int transport_ssh_new(const struct ssh_options *options, struct transport **out, struct err *err)
{
    struct ssh_settings *set = mem_zalloc(sizeof(*set));
    if (ssh_settings_init(set, options, err) < 0) {
        free(set);
        return -1;
    }
    crypto_memory_guard();
    libssh2_init(0); /* counted; no other thread is in libssh2 now */
    struct ssh_link *link = mem_zalloc(sizeof(*link));
    link->base.ops = &ssh_ops;
    link->set = set;
    ssh_policy_init(&link->policy, set->max_logins_per_hour);
    ssh_slots_init(&link->slots, set->loop, set->max_channels, ssh_pump, link);
    link->tidy = loop_timer_new(set->loop, ssh_pump, link);
    link->since_us = clock_mono_us(set->clock);
    const struct ssh_conn_owner owner = { link, ssh_link_on_up, ssh_pump, ssh_link_on_down };
    link->conn = ssh_conn_new_take(set, &owner);
    *out = &link->base;
    return 0;
}
