/* The channels of a connection that is up. A call on one channel reads the socket for all of them: so passes
 * are made over all until one neither moved anything nor received a byte; only then may the loop sleep. */
#include "exec/ssh_link.h"

#include "base/log.h"

#include <utlist.h>

enum {
    MAX_PASSES = 64, /* then other sockets get their turn */
    MAX_LINGERING = 5
};

struct census {
    unsigned talking, spare, resting, opening, closing, lingering;
};

static unsigned taken(const struct census *c)
{
    return c->talking + c->spare + c->resting + c->closing;
}

static struct census count(const struct ssh_link *link)
{
    struct census c = { 0 };
    int64_t now_ms = loop_now_ms(link->set->loop);
    const struct ssh_chan *chan;
    DL_FOREACH (link->chans, chan) {
        c.talking += chan->state == CHAN_TALKING;
        c.spare += chan->state == CHAN_SPARE;
        c.resting += chan->state == CHAN_RESTING;
        c.opening += chan->state == CHAN_OPENING;
        if (chan->state == CHAN_CLOSING && now_ms - chan->since_ms > RUN_SHELL_LINGER_MS)
            c.lingering++;
        else
            c.closing += chan->state == CHAN_CLOSING;
    }
    return c;
}

unsigned ssh_pump_talking(const struct ssh_link *link)
{
    return count(link).talking;
}

unsigned ssh_pump_waiting(const struct ssh_link *link)
{
    return count(link).spare;
}

static void refused(struct ssh_link *link, struct ssh_chan *chan)
{
    DL_DELETE(link->chans, chan);
    ssh_chan_free(chan);
    struct census c = count(link);
    ssh_slots_refused(&link->slots, taken(&c));
    log_debug("ssh %s: a channel was refused with %u open", link->set->name, taken(&c));
}

static void ended(struct ssh_link *link, struct ssh_chan *chan, const struct err *err)
{
    struct ssh_run *run = chan->run;
    if (err->code == ERR_NONE)
        link->slots.starts_late = false;
    link->latency_us = clock_mono_us(link->set->clock) - run->run.start_us;
    if (err->code == ERR_NONE && run->run.is_shared && chan->sent.is_all)
        ssh_chan_rest(chan, loop_now_ms(link->set->loop));
    else
        ssh_chan_close(chan, loop_now_ms(link->set->loop));
    ssh_link_end_run(link, run, chan->sent.may_run ? RUN_DONE : RUN_NOT_SENT,
                     err->code == ERR_NONE ? NULL : err);
}

/* True where it moved; -1 through *is_broken. */
static bool step(struct ssh_link *link, struct ssh_chan *chan, bool *is_broken, struct err *err)
{
    struct err why = { 0 };
    chan->is_early =
        chan->is_early || !link->slots.starts_late; /* also one that was opened before it went well */
    enum ssh_chan_event event = ssh_chan_step(chan, loop_now_ms(link->set->loop), &why);
    if (event == CHAN_BROKEN) {
        *is_broken = true;
        *err = why;
    } else if (event == CHAN_REFUSED) {
        refused(link, chan);
        return false;
    } else if (event == CHAN_ENDED) {
        ended(link, chan, &why);
    }
    if (event == CHAN_MOVED && chan->state == CHAN_SPARE)
        ssh_slots_opened(&link->slots);
    if (event == CHAN_DIED && !chan->shell.given)
        link->slots.starts_late = true;
    if (chan->state == CHAN_GONE) {
        DL_DELETE(link->chans, chan);
        ssh_chan_free(chan);
    }
    return event == CHAN_MOVED || event == CHAN_DIED || event == CHAN_ENDED;
}

/* After the steps: a spare shell that is gone by now was seen to be. */
static bool give_runs(struct ssh_link *link)
{
    bool has_given = false;
    struct ssh_chan *chan;
    DL_FOREACH (link->chans, chan) {
        if (chan->state != CHAN_SPARE || !link->queued)
            continue;
        has_given = true;
        struct run *run = link->queued;
        if (run->wants_login && chan->shell.given) { /* a new one is opened in its place */
            ssh_chan_close(chan, loop_now_ms(link->set->loop));
            continue;
        }
        run_queue_remove(&link->queued, run);
        link->queued_count--;
        link->commands++;
        ssh_chan_give(chan, (struct ssh_run *)run, link->set->loop, ssh_pump, link);
    }
    return has_given;
}

/* One open at a time (libssh2 keeps its state in the session); one channel stands ready in advance. */
static bool open_more(struct ssh_link *link)
{
    struct census c = count(link);
    unsigned ready = c.spare + c.resting;
    bool is_wanted = !c.opening && (link->queued_count > ready || !ready);
    if (!is_wanted || !ssh_slots_may_open(&link->slots, taken(&c)))
        return false;
    struct ssh_chan *chan = ssh_chan_new(link->conn, link->set->use_login_shell, !link->slots.starts_late,
                                         loop_now_ms(link->set->loop));
    DL_APPEND(link->chans, chan);
    return true;
}

static bool pass(struct ssh_link *link, bool *is_broken, struct err *err)
{
    uint64_t received = ssh_conn_received(link->conn);
    bool has_moved = false;
    struct ssh_chan *chan, *next;
    DL_FOREACH_SAFE(link->chans, chan, next)
    {
        has_moved = step(link, chan, is_broken, err) || has_moved;
        if (*is_broken)
            return false;
    }
    bool has_given = give_runs(link);
    return open_more(link) || has_moved || has_given || ssh_conn_received(link->conn) != received;
}

/* Closes what nobody needs; true where it did. The timer comes back for what may become so. */
static bool tidy(struct ssh_link *link)
{
    int64_t now_ms = loop_now_ms(link->set->loop);
    unsigned spare = 0;
    bool has_closed = false, has_more = false;
    struct ssh_chan *chan;
    DL_FOREACH (link->chans, chan) {
        int64_t limit_ms = chan->state == CHAN_RESTING ? RUN_SHELL_REST_MS : RUN_SHELL_IDLE_MS;
        bool is_extra =
            chan->state == CHAN_RESTING || (chan->state == CHAN_SPARE && ++spare > RUN_SHELLS_KEPT);
        if (!is_extra)
            continue;
        if (now_ms - chan->since_ms < limit_ms) {
            has_more = true;
            continue;
        }
        ssh_chan_close(chan, now_ms);
        has_closed = true;
    }
    if (has_more && !loop_timer_is_running(link->tidy))
        loop_timer_start(link->tidy, RUN_SHELL_REST_MS);
    return has_closed;
}

/* Commands that do not end although we hung up hold the server's slots: a new connection frees ours of them.
 */
static bool is_clogged(const struct ssh_link *link)
{
    struct census c = count(link);
    return c.lingering >= MAX_LINGERING && !c.talking;
}

static void pump_channels(struct ssh_link *link)
{
    struct err err = { 0 };
    bool is_broken = false, has_moved = true;
    for (int i = 0; has_moved && !is_broken && i < MAX_PASSES; i++)
        has_moved = pass(link, &is_broken, &err);
    if (!is_broken && is_clogged(link)) {
        is_broken = true;
        err_set(&err, ERR_OFFLINE, "%d cancelled commands do not end: a new connection is made",
                MAX_LINGERING);
    }
    if (is_broken) {
        ssh_conn_fail(link->conn, &err);
        return;
    }
    has_moved = tidy(link) || has_moved;
    ssh_conn_sync(link->conn, link->chans != NULL);
    if (has_moved)
        ssh_link_kick(link);
}

void ssh_pump(void *ctx)
{
    struct ssh_link *link = ctx;
    if (link->is_pumping)
        return;
    link->is_pumping = true;
    ssh_link_drop_cancelled(link);
    if (ssh_conn_is_down(link->conn))
        ssh_link_connect(link);
    else if (ssh_conn_is_up(link->conn))
        pump_channels(link);
    link->is_pumping = false;
}
