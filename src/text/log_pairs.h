/* Pairs of a name and a number in a line of text: "Train Loss: 0.25, acc=0.9 | lr: 1e-3". Pure. */
#ifndef SLUICE_TEXT_LOG_PAIRS_H
#define SLUICE_TEXT_LOG_PAIRS_H

#include "text/metric_row.h"

/* separators: ":", "=" or both. Names begin with a letter and stand at the line's start or behind a blank or
 * one of ( [ { , ; |, so that --lr=1 and ?id=5 are none. A colon without a blank behind it needs a point or
 * an exponent in its number: host:8080 is none. */
void log_pairs(struct metric_build *row, struct span line, const char *separators);

#endif
