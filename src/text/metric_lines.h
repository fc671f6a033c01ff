/* Numbers that a program writes while it trains, one JSON object a line (metrics.jsonl). Python writes NaN
 * and Infinity, which are not JSON: they survive here. Pure.
 *
 * Of an object, every number (true and false are 1 and 0; "NaN" and kin as strings, too) is a point under its
 * key; objects within it give "outer/inner". text/metric_row.h tells which keys say step and time. Lines that
 * are none are counted and left. */
#ifndef SLUICE_TEXT_METRIC_LINES_H
#define SLUICE_TEXT_METRIC_LINES_H

#include "text/metric_row.h"

/* Whole lines; gives how many were no objects. */
size_t metric_jsonl(struct span text, metric_each *each, void *ctx);

#endif
