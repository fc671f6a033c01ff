/* How a bench tells a figure, so that scripts/run-benches can put it into one table beside its goal. Goals
 * are printed, never asserted: what a busy machine measures is no defect of the code. */
#ifndef SLUICE_TESTS_SUPPORT_FIGURE_H
#define SLUICE_TESTS_SUPPORT_FIGURE_H

#include <stddef.h>

void figure_at_most(const char *name, double value, double goal, const char *unit);
void figure_at_least(const char *name, double value, double goal, const char *unit);

double figure_median(double *values, size_t count);              /* sorts them */
double figure_share(double *values, size_t count, double share); /* sorts them; 0.99: the p99 */

#endif
