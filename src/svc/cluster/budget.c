#include "svc/cluster/budget.h"

#include "base/clock.h"

static void forget_old(struct budget *b, int64_t second)
{
    int64_t gap = second - b->second;
    for (int64_t i = 1; i <= gap && i <= BUDGET_SECONDS; i++)
        b->bucket[(b->second + i) % BUDGET_SECONDS] = 0;
    if (gap > 0)
        b->second = second;
}

void budget_note(struct budget *b, int64_t now_us, uint64_t counter)
{
    forget_old(b, now_us / US_PER_S);
    b->bucket[b->second % BUDGET_SECONDS] += (unsigned)(counter < b->seen ? counter : counter - b->seen);
    b->seen = counter;
}

/* Of the buckets from age seconds on, 0 the oldest kept. */
static unsigned used_from(const struct budget *b, int64_t now_s, int64_t ahead_s)
{
    unsigned sum = 0;
    for (int64_t s = b->second - BUDGET_SECONDS + 1; s <= b->second; s++)
        if (s >= 0 && s > now_s + ahead_s - BUDGET_SECONDS)
            sum += b->bucket[s % BUDGET_SECONDS];
    return sum;
}

unsigned budget_used(const struct budget *b, int64_t now_us)
{
    return used_from(b, now_us / US_PER_S, 0);
}

int64_t budget_wait_us(const struct budget *b, int64_t now_us, unsigned max)
{
    int64_t now_s = now_us / US_PER_S, ahead_s = 0;
    while (ahead_s < BUDGET_SECONDS && used_from(b, now_s, ahead_s) >= max)
        ahead_s++;
    return ahead_s ? (now_s + ahead_s) * US_PER_S - now_us : 0;
}
