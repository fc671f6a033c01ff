/* How many sessions at a time a server gives, and whether one may wait in advance: what the SSH backends
 * share. sshd says its MaxSessions only by refusing; what a refusal taught is doubted after a minute.
 *
 * A shell that waits in advance takes no slot from a run: whichever run comes next gets it. One that died
 * while it waited (a site that ends idle processes, an account that runs nothing) is not started again in a
 * loop: until a run goes well, shells start with their runs. */
#ifndef SLUICE_EXEC_SSH_SLOTS_H
#define SLUICE_EXEC_SSH_SLOTS_H

#include "io/loop.h"

struct ssh_slots {
    struct loop *loop;
    struct loop_timer *retry; /* a refused session is asked for again */
    unsigned max, limit;
    int64_t limit_until_ms, retry_wait_ms;
    bool starts_late; /* a shell died while it waited, and no run went well since */
};

/* retry runs when a session may be asked for again. */
void ssh_slots_init(struct ssh_slots *slots, struct loop *loop, unsigned max, loop_fn *retry, void *ctx);
void ssh_slots_clear(struct ssh_slots *slots);
void ssh_slots_connected(struct ssh_slots *slots); /* anew: what refusals taught is of the past */
void ssh_slots_lost(struct ssh_slots *slots);

bool ssh_slots_may_open(struct ssh_slots *slots,
                        unsigned taken); /* one more session; taken: those there are */
void ssh_slots_refused(struct ssh_slots *slots, unsigned taken); /* taken: without the refused one */
void ssh_slots_opened(struct ssh_slots *slots);
void ssh_slots_later(struct ssh_slots *slots); /* none could be asked for just now */

#endif
