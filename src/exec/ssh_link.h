/* What transport_ssh.c (its face), ssh_link.c (runs and connection) and ssh_pump.c (channels) share. */
#ifndef SLUICE_EXEC_SSH_LINK_H
#define SLUICE_EXEC_SSH_LINK_H

#include "exec/ssh_chan.h"
#include "exec/ssh_policy.h"
#include "exec/ssh_slots.h"

struct ssh_link {
    struct transport base;    /* first */
    struct ssh_settings *set; /* the connection's */
    struct ssh_conn *conn;
    struct ssh_policy policy;
    struct run *queued;
    unsigned queued_count;
    struct ssh_chan *chans;
    struct ssh_slots slots;
    struct loop_timer *tidy; /* looks for shells that are not needed or do not come to rest */
    bool is_pumping, is_closing;
    int64_t since_us, latency_us;
    uint64_t commands;
};

/* ssh_link.c */
void ssh_link_end_run(struct ssh_link *link, struct ssh_run *run, enum run_end end, const struct err *err);
void ssh_link_kick(struct ssh_link *link);    /* the pump, in the next turn */
void ssh_link_connect(struct ssh_link *link); /* or end what waits with the reason why not */
void ssh_link_drop_cancelled(struct ssh_link *link);
void ssh_link_on_deadline(void *run);
void ssh_link_on_up(void *link);
void ssh_link_on_down(void *link, const struct err *err, bool needs_person);

/* ssh_pump.c: moves whatever can move. */
void ssh_pump(void *link);
unsigned ssh_pump_talking(const struct ssh_link *link);
unsigned ssh_pump_waiting(const struct ssh_link *link);

#endif
