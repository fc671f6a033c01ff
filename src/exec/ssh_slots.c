#include "exec/ssh_slots.h"

#include <stddef.h>

enum {
    REFUSED_FIRST_MS = 20, /* sshd frees a slot only when it has reaped the old command */
    REFUSED_MAX_MS = 1000,
    LIMIT_MS = 60 * 1000
};

void ssh_slots_init(struct ssh_slots *slots, struct loop *loop, unsigned max, loop_fn *retry, void *ctx)
{
    *slots = (struct ssh_slots){ .loop = loop, .max = max, .limit = max };
    slots->retry = loop_timer_new(loop, retry, ctx);
}

void ssh_slots_clear(struct ssh_slots *slots)
{
    loop_timer_free(slots->retry);
    slots->retry = NULL;
}

void ssh_slots_connected(struct ssh_slots *slots)
{
    slots->limit = slots->max;
    slots->retry_wait_ms = 0;
    slots->starts_late = false;
}

void ssh_slots_lost(struct ssh_slots *slots)
{
    loop_timer_stop(slots->retry);
}

bool ssh_slots_may_open(struct ssh_slots *slots, unsigned taken)
{
    if (loop_timer_is_running(slots->retry))
        return false;
    if (loop_now_ms(slots->loop) > slots->limit_until_ms)
        slots->limit = slots->max;
    return taken < slots->limit;
}

void ssh_slots_refused(struct ssh_slots *slots, unsigned taken)
{
    slots->limit = taken ? taken : 1;
    slots->limit_until_ms = loop_now_ms(slots->loop) + LIMIT_MS;
    slots->retry_wait_ms = slots->retry_wait_ms ? 2 * slots->retry_wait_ms : REFUSED_FIRST_MS;
    if (slots->retry_wait_ms > REFUSED_MAX_MS)
        slots->retry_wait_ms = REFUSED_MAX_MS;
    loop_timer_start(slots->retry, slots->retry_wait_ms);
}

void ssh_slots_opened(struct ssh_slots *slots)
{
    slots->retry_wait_ms = 0;
}

void ssh_slots_later(struct ssh_slots *slots)
{
    slots->retry_wait_ms = REFUSED_FIRST_MS;
    loop_timer_start(slots->retry, slots->retry_wait_ms);
}
