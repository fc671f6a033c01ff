/* Time behind a pointer, so that tests move it. Microseconds. */
#ifndef SLUICE_BASE_CLOCK_H
#define SLUICE_BASE_CLOCK_H

#include <stdint.h>

#define US_PER_S  INT64_C(1000000)
#define US_PER_MS INT64_C(1000)

struct clock {
    int64_t (*wall_us)(const struct clock *clock); /* since 1970-01-01 UTC; may jump */
    int64_t (*mono_us)(const struct clock *clock); /* never goes back; for intervals */
};

extern const struct clock clock_real;

/* In the test builds clock_real's wall clock is off by the microseconds (an int64_t) that stand in this file,
 * read anew each time; main() hands over CLOCK_SHIFT (NULL: none). In every other build this is nothing. */
#ifdef SLUICE_FAULTS
void clock_shift(const char *path);
#else
static inline void clock_shift(const char *path)
{
    (void)path;
}
#endif

static inline int64_t clock_wall_us(const struct clock *clock)
{
    return clock->wall_us(clock);
}

static inline int64_t clock_mono_us(const struct clock *clock)
{
    return clock->mono_us(clock);
}

/* A clock that stands still until it is moved. `clock` comes first, so that &fake.clock is one. */
struct clock_fake {
    struct clock clock;
    int64_t wall, mono;
};

void clock_fake_init(struct clock_fake *fake, int64_t wall_us);
void clock_fake_advance(struct clock_fake *fake, int64_t us);

#endif
