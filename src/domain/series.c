#include "domain/series.h"

#include <math.h>

double series_min(double a, double b)
{
    return isnan(a) || b < a ? b : a;
}

double series_max(double a, double b)
{
    return isnan(a) || b > a ? b : a;
}

void bucket_merge(struct bucket *into, const struct bucket *other)
{
    into->step_lo = series_min(into->step_lo, other->step_lo);
    into->step_hi = series_max(into->step_hi, other->step_hi);
    into->min = series_min(into->min, other->min);
    into->max = series_max(into->max, other->max);
}

size_t buckets_thin(struct bucket *buckets, size_t count, size_t max)
{
    if (count <= max || !max)
        return count;
    size_t group = (count + max - 1) / max, kept = 0;
    for (size_t from = 0; from < count; from += group) {
        struct bucket merged = buckets[from];
        for (size_t i = from + 1; i < from + group && i < count; i++)
            bucket_merge(&merged, &buckets[i]);
        buckets[kept++] = merged;
    }
    return kept;
}
