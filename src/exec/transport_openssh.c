#include "exec/transport_openssh.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/token.h"
#include "exec/mux_session.h"
#include "exec/openssh_master.h"
#include "exec/ssh_policy.h"
#include "exec/ssh_slots.h"

#include <stdlib.h>
#include <utlist.h>

enum { MANUAL_RETRY_MS = 1000 };

struct openssh {
    struct transport base; /* first */
    struct ssh_settings set;
    struct openssh_master *master;
    struct ssh_policy policy;
    struct run *queued, *active;
    unsigned queued_count, active_count, session_count; /* sessions: with those that close */
    struct mux_session **sessions;                      /* session_count of session_cap */
    size_t session_cap;
    struct ssh_slots slots;
    int64_t next_look_ms;
    bool is_closing;
    int64_t since_us, latency_us;
    uint64_t commands;
};

struct openssh_run {
    struct run run; /* first */
    struct openssh *owner;
    struct mux_session *session; /* NULL while queued */
    struct loop_timer *deadline;
};

static void pump(void *ctx);

static int64_t now_us(const struct openssh *o)
{
    return clock_mono_us(o->set.clock);
}

static void kick(struct openssh *o)
{
    loop_defer(o->set.loop, pump, o);
}

static void end_run(struct openssh_run *run, enum run_end end, const struct err *err)
{
    struct openssh *o = run->owner;
    run_queue_remove(run->session ? &o->active : &o->queued, &run->run);
    if (run->session)
        o->active_count--;
    else
        o->queued_count--;
    loop_timer_free(run->deadline);
    run_finish(&run->run, end, err);
    run_clear(&run->run);
    free(run);
}

/* --- sessions --- */

static unsigned count(const struct openssh *o, bool is(const struct mux_session *))
{
    unsigned found = 0;
    for (unsigned i = 0; i < o->session_count; i++)
        found += is(o->sessions[i]);
    return found;
}

static void forget_session(struct openssh *o, struct mux_session *session)
{
    for (unsigned i = 0; i < o->session_count; i++) {
        if (o->sessions[i] != session)
            continue;
        o->sessions[i] = o->sessions[--o->session_count];
        mux_session_free(session);
        return;
    }
}

/* Off its session and to the front of the queue: certainly nothing ran. */
static void requeue(struct openssh_run *run)
{
    struct openssh *o = run->owner;
    run_queue_remove(&o->active, &run->run);
    o->active_count--;
    run->session = NULL;
    run_restart(&run->run);
    DL_PREPEND(o->queued, &run->run);
    o->queued_count++;
}

static void on_refused(struct openssh *o, struct openssh_run *run, const struct err *err)
{
    unsigned others = o->session_count - 1;
    ssh_slots_refused(&o->slots, others);
    log_debug("openssh %s: a session was refused with %u open: %s", o->set.name, others, err->text);
    if (!run)
        return;
    if (err->code == ERR_DENIED)
        end_run(run, RUN_NOT_SENT, err);
    else
        requeue(run);
}

static void on_session(void *ctx, struct mux_session *session, struct run *base, enum mux_event event,
                       const struct err *err)
{
    struct openssh *o = ctx;
    struct openssh_run *run = (struct openssh_run *)base;
    bool may_run = mux_session_may_run(session);
    if (event == MUX_CLOSED) {
        forget_session(o, session);
    } else if (event == MUX_REFUSED) {
        on_refused(o, run, err);
    } else if (event == MUX_DIED) {
        o->slots.starts_late = o->slots.starts_late || mux_session_is_fresh(session);
    } else if (event == MUX_IDLE) {
        if (count(o, mux_session_is_waiting) > RUN_SHELLS_KEPT)
            mux_session_close(session); /* of a rush that is over */
    } else if (event == MUX_RUN_LOST) {
        end_run(run, may_run ? RUN_CUT : RUN_NOT_SENT, err);
    } else if (event == MUX_RUN_ENDED) {
        o->latency_us = now_us(o) - run->run.start_us;
        ssh_slots_opened(&o->slots);
        if (!err)
            o->slots.starts_late = false;
        end_run(run, may_run ? RUN_DONE : RUN_NOT_SENT, err);
    }
    kick(o);
}

static struct mux_session *open_session(struct openssh *o)
{
    struct err err = { 0 };
    struct mux_session *session = NULL;
    const struct mux_session_owner owner = { o, o->set.loop, on_session };
    const struct mux_session_way way = { .path = openssh_master_socket(o->master),
                                         .use_login_shell = o->set.use_login_shell,
                                         .takes_many = openssh_master_is_own(o->master) };
    if (mux_session_new(&way, &owner, &session, &err) < 0) {
        ssh_slots_later(&o->slots); /* its queue is full, or it is about to go: that is told soon */
        return NULL;
    }
    vec_push(o->sessions, o->session_count, o->session_cap)[0] = session;
    return session;
}

static struct mux_session *waiting_session(const struct openssh *o, bool must_be_fresh)
{
    for (unsigned i = 0; i < o->session_count; i++)
        if (mux_session_is_waiting(o->sessions[i]) &&
            (!must_be_fresh || mux_session_is_fresh(o->sessions[i])))
            return o->sessions[i];
    return NULL;
}

/* One that waits, or a new one; NULL: none now. */
static struct mux_session *session_for(struct openssh *o, const struct run *run)
{
    struct mux_session *used, *session = waiting_session(o, run->wants_login);
    bool may_open = ssh_slots_may_open(&o->slots, o->session_count);
    if (session || o->queued_count <= count(o, mux_session_is_resting))
        return session;
    if (may_open)
        return open_session(o);
    if (run->wants_login && (used = waiting_session(o, false)) != NULL)
        mux_session_close(used); /* makes room */
    return NULL;
}

static void start_runs(struct openssh *o)
{
    struct mux_session *session;
    while (o->queued && (session = session_for(o, o->queued)) != NULL) {
        struct openssh_run *run = (struct openssh_run *)o->queued;
        if (mux_session_give(session, &run->run) < 0)
            continue; /* it waits no longer: the next */
        run_queue_remove(&o->queued, &run->run);
        o->queued_count--;
        run->session = session;
        DL_APPEND(o->active, &run->run);
        o->active_count++;
        o->commands++;
    }
}

/* A master of ours only: a session that waits would keep a person's one beyond their ControlPersist. */
static void wait_in_advance(struct openssh *o)
{
    unsigned ready = count(o, mux_session_is_waiting) + count(o, mux_session_is_resting);
    bool may_wait = openssh_master_is_own(o->master) && !o->slots.starts_late;
    if (may_wait && !ready && ssh_slots_may_open(&o->slots, o->session_count))
        open_session(o);
}

/* --- connection --- */

static void refuse_queued(struct openssh *o, const struct err *err)
{
    unsigned count = o->queued_count;
    for (unsigned i = 0; i < count && o->queued; i++)
        end_run((struct openssh_run *)o->queued, RUN_NOT_SENT, err);
    if (o->queued)
        kick(o);
}

/* Looking for a master that a person opened is no login: neither budget nor back-off hold it back. */
static bool may_look(struct openssh *o, struct err *err)
{
    int64_t now_ms = loop_now_ms(o->set.loop);
    if (!o->set.is_manual)
        return ssh_policy_may_try(&o->policy, now_us(o), o->queued->urgent, err);
    if (now_ms < o->next_look_ms) {
        *err = o->policy.last;
        return false;
    }
    o->next_look_ms = now_ms + MANUAL_RETRY_MS;
    return true;
}

static void connect_master(struct openssh *o)
{
    struct err err = { 0 };
    if (!o->queued)
        return;
    if (!may_look(o, &err)) {
        refuse_queued(o, &err);
        return;
    }
    ssh_policy_try(&o->policy, now_us(o));
    o->since_us = now_us(o);
    openssh_master_start(o->master, false);
}

static void drop_cancelled(struct openssh *o)
{
    struct err err = { 0 };
    struct run *run, *next;
    err_set(&err, ERR_CANCELLED, "cancelled");
    DL_FOREACH_SAFE(o->queued, run, next)
    if (run->cancelled)
        end_run((struct openssh_run *)run, RUN_CANCELLED, &err);
    DL_FOREACH_SAFE(o->active, run, next)
    {
        struct openssh_run *active = (struct openssh_run *)run;
        if (!run->cancelled)
            continue;
        mux_session_drop(active->session);
        end_run(active, RUN_CANCELLED, &err);
    }
}

static void pump(void *ctx)
{
    struct openssh *o = ctx;
    drop_cancelled(o);
    if (openssh_master_is_down(o->master))
        connect_master(o);
    if (!openssh_master_is_up(o->master))
        return;
    start_runs(o);
    wait_in_advance(o);
}

static void on_up(void *ctx, bool was_login)
{
    struct openssh *o = ctx;
    ssh_policy_up(&o->policy, now_us(o));
    o->since_us = now_us(o);
    if (!was_login) { /* a master that stood there already */
        int64_t made_us = openssh_master_made_us(o->master);
        o->policy.login_count--;
        o->since_us -= made_us ? clock_wall_us(o->set.clock) - made_us : 0;
    }
    o->policy.needs_person = false;
    ssh_slots_connected(&o->slots);
    log_info("openssh %s: %s %s", o->set.name, was_login ? "logged in to" : "found an open master of",
             o->set.host);
    pump(o);
}

static uint32_t any_number(void)
{
    uint32_t number;
    token_random(&number, sizeof(number));
    return number;
}

/* What was on its way is told by its sessions: their sockets close with the master. */
static void on_down(void *ctx, const struct err *err, bool was_login, bool needs_person)
{
    struct openssh *o = ctx;
    bool was_up = o->policy.up_us != 0;
    struct err why = *err;
    o->since_us = now_us(o);
    o->policy.needs_person = needs_person;
    if (o->set.is_manual && !was_login) {
        o->policy.last = why;
        o->policy.up_us = 0;
    } else {
        ssh_policy_down(&o->policy, now_us(o), &why, was_login, any_number());
    }
    ssh_slots_lost(&o->slots);
    log_warn("openssh %s: %s: %s", o->set.name, was_up ? "connection lost" : "no connection", why.text);
    if (!was_up)
        refuse_queued(o, &why);
    else if (o->queued && !o->is_closing)
        kick(o);
}

/* --- the interface --- */

static void on_deadline(void *ctx)
{
    struct openssh_run *run = ctx;
    struct err err = { 0 };
    long long limit_s = (long long)run->run.timeout_ms / 1000;
    if (!run->session) {
        err_set(&err, ERR_TIMEOUT, "%s: %s waited longer than %lld s to be sent", run->owner->set.name,
                run->run.what, limit_s);
        end_run(run, RUN_NOT_SENT, &err);
        return;
    }
    err_set(&err, ERR_TIMEOUT, "%s: %s took longer than %lld s", run->owner->set.name, run->run.what,
            limit_s);
    bool may_run = mux_session_may_run(run->session);
    mux_session_drop(run->session);
    end_run(run, may_run ? RUN_TIMEOUT : RUN_NOT_SENT, &err);
}

static int openssh_run_start(struct transport *t, const struct run_request *request, run_done *done,
                             void *ctx, struct run **out, struct err *err)
{
    struct openssh *o = (struct openssh *)t;
    struct openssh_run *run = mem_zalloc(sizeof(*run));
    const struct run_place place = { .use_login_shell = o->set.use_login_shell, .shares_shells = true };
    if (run_init(&run->run, request, &place, o->set.clock, err) < 0) {
        free(run);
        return -1;
    }
    if (o->queued_count >= MAX_RUNS_QUEUED) {
        run_clear(&run->run);
        free(run);
        return err_set(err, ERR_BUSY, "%u commands wait for %s already", o->queued_count, o->set.name);
    }
    run->owner = o;
    run->run.done = done;
    run->run.ctx = ctx;
    if (run->run.timeout_ms <= 0)
        run->run.timeout_ms = o->set.command_timeout_ms;
    run->deadline = loop_timer_new(o->set.loop, on_deadline, run);
    loop_timer_start(run->deadline, run->run.timeout_ms);
    run_queue_add(&o->queued, &run->run);
    o->queued_count++;
    kick(o);
    if (out)
        *out = &run->run;
    return 0;
}

static void openssh_cancel(struct transport *t, struct run *run)
{
    run->cancelled = true;
    kick((struct openssh *)t);
}

static enum link_state state_of(const struct openssh *o)
{
    if (openssh_master_is_up(o->master))
        return LINK_UP;
    if (openssh_master_prompt(o->master) || (o->policy.needs_person && openssh_master_is_down(o->master)))
        return LINK_NEEDS_LOGIN;
    if (!openssh_master_is_down(o->master))
        return LINK_CONNECTING;
    if (o->policy.refused.code != ERR_NONE)
        return LINK_REFUSED;
    return now_us(o) < o->policy.next_try_us ? LINK_BACKOFF : LINK_IDLE;
}

static void openssh_status(const struct transport *t, struct transport_status *out)
{
    const struct openssh *o = (const struct openssh *)t;
    const struct err *last = &o->policy.last;
    out->state = state_of(o);
    out->backend = "openssh";
    out->prompt = openssh_master_prompt(o->master);
    out->error = last->code != ERR_NONE ? last->text : NULL;
    out->error_code = last->code;
    out->since_us = o->since_us;
    out->next_try_us = out->state == LINK_BACKOFF ? o->policy.next_try_us : 0;
    out->latency_us = o->latency_us;
    out->logins = o->policy.login_count;
    out->logins_hour = ssh_policy_logins_hour(&o->policy, now_us(o));
    out->channel_limit = o->slots.limit;
    out->login_failures = o->policy.login_failures;
    out->commands = o->commands;
    out->channels = o->active_count;
    out->waiting = count(o, mux_session_is_waiting);
    out->queued = o->queued_count;
}

static void openssh_reconnect(struct transport *t)
{
    struct openssh *o = (struct openssh *)t;
    ssh_policy_forget(&o->policy);
    o->next_look_ms = 0;
    kick(o);
}

static int openssh_login(struct transport *t, const char *answer, struct err *err)
{
    struct openssh *o = (struct openssh *)t;
    if (answer)
        return openssh_master_answer(o->master, answer, err);
    if (!openssh_master_is_down(o->master))
        return 0;
    openssh_reconnect(t);
    ssh_policy_try(&o->policy, now_us(o));
    o->since_us = now_us(o);
    openssh_master_start(o->master, true);
    return 0;
}

static void openssh_free(struct transport *t)
{
    struct openssh *o = (struct openssh *)t;
    struct err err = { 0 };
    err_set(&err, ERR_CANCELLED, "the gateway is closing");
    o->is_closing = true;
    while (o->active) {
        struct openssh_run *run = (struct openssh_run *)o->active;
        mux_session_drop(run->session);
        end_run(run, RUN_CANCELLED, &err);
    }
    while (o->queued)
        end_run((struct openssh_run *)o->queued, RUN_CANCELLED, &err);
    while (o->session_count)
        forget_session(o, o->sessions[0]);
    free(o->sessions);
    openssh_master_free(o->master);
    ssh_slots_clear(&o->slots);
    loop_defer_drop(o->set.loop, o);
    ssh_settings_clear(&o->set);
    free(o);
}

static const struct transport_ops openssh_ops = { .name = "openssh",
                                                  .run = openssh_run_start,
                                                  .cancel = openssh_cancel,
                                                  .status = openssh_status,
                                                  .reconnect = openssh_reconnect,
                                                  .login = openssh_login,
                                                  .free = openssh_free };

int transport_openssh_new(const struct ssh_options *options, struct transport **out, struct err *err)
{
    struct openssh *o = mem_zalloc(sizeof(*o));
    const struct openssh_master_owner owner = { o, on_up, on_down };
    o->base.ops = &openssh_ops;
    if (ssh_settings_init(&o->set, options, err) < 0 ||
        openssh_master_new(&o->set, &owner, &o->master, err) < 0) {
        ssh_settings_clear(&o->set);
        free(o);
        return -1;
    }
    ssh_policy_init(&o->policy, o->set.max_logins_per_hour);
    ssh_slots_init(&o->slots, o->set.loop, o->set.max_channels, pump, o);
    o->since_us = now_us(o);
    *out = &o->base;
    return 0;
}

void transport_openssh_needs_person(struct transport *t, const struct err *why)
{
    struct openssh *o = (struct openssh *)t;
    o->policy.last = o->policy.refused = *why;
    o->policy.needs_person = true;
}

bool transport_openssh_has_master(const struct transport *t)
{
    return openssh_master_may_be_there(((const struct openssh *)t)->master);
}
