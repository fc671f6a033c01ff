#include "support/figure.h"

#include <stdio.h>
#include <stdlib.h>

static void tell(const char *name, double value, const char *relation, double goal, const char *unit)
{
    printf("figure\t%s\t%.6g\t%s\t%.6g\t%s\n", name, value, relation, goal, unit);
    fflush(stdout);
}

void figure_at_most(const char *name, double value, double goal, const char *unit)
{
    tell(name, value, "<=", goal, unit);
}

void figure_at_least(const char *name, double value, double goal, const char *unit)
{
    tell(name, value, ">=", goal, unit);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double figure_share(double *values, size_t count, double share)
{
    qsort(values, count, sizeof(*values), compare);
    return values[(size_t)((double)(count - 1) * share)];
}

double figure_median(double *values, size_t count)
{
    return figure_share(values, count, 0.5);
}
