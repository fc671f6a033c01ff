/* Commands of the last minute, from a counter that only grows. Pure: the time is handed in, monotonic. */
#ifndef SLUICE_SVC_CLUSTER_BUDGET_H
#define SLUICE_SVC_CLUSTER_BUDGET_H

#include <stdint.h>

enum { BUDGET_SECONDS = 60 };

struct budget {
    uint64_t seen;  /* the counter at the last note */
    int64_t second; /* of the newest bucket */
    unsigned bucket[BUDGET_SECONDS];
};

/* A counter that fell (a new executor) begins anew. */
void budget_note(struct budget *b, int64_t now_us, uint64_t counter);
unsigned budget_used(const struct budget *b, int64_t now_us);
/* Until at most max - 1 of them are in the window: 0 now. */
int64_t budget_wait_us(const struct budget *b, int64_t now_us, unsigned max);

#endif
