/* How far a run is, by what it prints: progress bars as tqdm, Keras, Lightning, pip and others draw them
 * (" 45%|####    | 450/1000 [01:02<01:16, 7.2it/s]", "450/1000 [====>...] - ETA: 1:16"). Pure. */
#ifndef SLUICE_TEXT_PROGRESS_H
#define SLUICE_TEXT_PROGRESS_H

#include "base/span.h"

struct progress {
    double fraction; /* 0 to 1 */
    double eta_s;    /* < 0: not told */
};

/* The last bar in the text. False: there is none. */
bool progress_find(struct span text, struct progress *out);

#endif
