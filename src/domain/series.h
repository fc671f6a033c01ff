/* A series of numbers and its roll-ups, as arrays: what the store keeps in chunks, and how a zoom is cut down
 * to so many points. Order is that of arrival: steps may repeat or go back after a requeue. Pure. */
#ifndef SLUICE_DOMAIN_SERIES_H
#define SLUICE_DOMAIN_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SERIES_FACTOR = 16,
    SERIES_CHUNK = 256,
    SERIES_LEVELS = 4 /* 0: points, then 16, 256, 4096 of them */
};

/* A point (level 0: lo == hi, min == max), or the roll-up of SERIES_FACTOR of the level below. NaN is no
 * extreme unless there is nothing else. */
struct bucket {
    double step_lo, step_hi;
    double min, max;
    int64_t time_us; /* of its first point */
};

/* Whether it is to be seen between the steps from and to. */
static inline bool bucket_meets(const struct bucket *bucket, double from, double to)
{
    return bucket->step_hi >= from && bucket->step_lo <= to;
}

double series_min(double a, double b);
double series_max(double a, double b);
void bucket_merge(struct bucket *into, const struct bucket *other);
/* Merges neighbours until at most max are left; gives how many. */
size_t buckets_thin(struct bucket *buckets, size_t count, size_t max);

#endif
