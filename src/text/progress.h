/* How far a run is, by what it prints: progress bars as tqdm, Keras, Lightning, pip and others draw them
 * (" 45%|####    | 450/1000 [01:02<01:16, 7.2it/s]", "450/1000 [====>...] - ETA: 1:16"), words ("step
 * 450/1000", "Epoch [3/10], Step [45/100]"), or a pattern of one's own. Pure. */
#ifndef SLUICE_TEXT_PROGRESS_H
#define SLUICE_TEXT_PROGRESS_H

#include "text/regex.h"

struct progress {
    double fraction;     /* 0 to 1 */
    double eta_s;        /* < 0: not told */
    int64_t step, total; /* -1: not told, or of an epoch only */
};

struct progress_hint {     /* what the line itself does not say */
    int64_t epoch, epochs; /* "Epoch 3/10" stood on a line before; epochs <= 0: none did */
    int64_t total;         /* the last step; 0: not known */
    struct regex *pattern; /* then nothing else is looked at; NULL: none */
};

/* The last of them in the text. False: there is none. */
bool progress_find(struct span text, const struct progress_hint *hint, struct progress *out);

#endif
