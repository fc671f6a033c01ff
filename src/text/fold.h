/* Carriage returns as a terminal shows them: of each line only what was written last remains, so that an
 * hour of a progress bar is one line. Escapes stay as they are. Pure. */
#ifndef SLUICE_TEXT_FOLD_H
#define SLUICE_TEXT_FOLD_H

#include "base/str.h"

/* The visible part of one line (without its LF): behind the last CR that something follows. */
struct span fold_line(struct span line);
/* Whole lines; LFs are kept. */
void fold_text(struct span text, struct str *out);

#endif
