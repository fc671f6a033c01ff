/* Numbers as rows under a CSV header. A later line of names, one of them known, or several and not
 * as many as there are columns, is a header again: runs that are resumed write theirs anew, and loggers that
 * learn of a column late may change it. Of columns of one name the last that is not empty counts. Pure.
 *
 * Cells may stand in quotes, with commas and doubled quotes inside, but not with line breaks. Empty cells are
 * no points. A row with more cells than the header is no row of it. */
#ifndef SLUICE_TEXT_METRIC_CSV_H
#define SLUICE_TEXT_METRIC_CSV_H

#include "base/str.h"
#include "text/metric_row.h"

/* Whole lines. *header is the header in force, empty at a file's start; it is replaced where one passes.
 * Gives how many lines were neither row nor header. */
size_t metric_csv(struct str *header, struct span text, metric_each *each, void *ctx);

#endif
