/* Where a line says a run stands: "step 450/1000", "Epoch [3/10], Step [450/1000]", "Epoch 3: 45%|##|
 * 450/1000", "iter: 12". Pure. */
#ifndef SLUICE_TEXT_STEP_WORDS_H
#define SLUICE_TEXT_STEP_WORDS_H

#include "base/span.h"

struct step_words { /* -1: not told */
    int64_t step, total;
    int64_t epoch, epochs;
};

/* False where the line says nothing of it. */
bool step_words(struct span line, struct step_words *out);
/* "450/1000" at the start of text, perhaps after blanks and a bracket. *rest is what follows. */
bool step_ratio(struct span text, int64_t *step, int64_t *total, struct span *rest);
/* The step over all epochs where both are known with their totals, else the step as told, else the epoch. */
double step_of_words(const struct step_words *words);

#endif
