/* Secrets by reference: <state_dir>/secrets/NAME, one value a file. Never in the store, a log or an answer.
 */
#ifndef SLUICE_SVC_SUBMIT_SECRET_H
#define SLUICE_SVC_SUBMIT_SECRET_H

#include "base/err.h"
#include "base/str.h"

enum { MAX_SECRET_BYTES = 4096 };

/* Blanks and line breaks at both ends are not part of it. A file that others can read, that is not ours, or
 * that is a link is refused (ERR_DENIED); so is an empty one or one with control characters (ERR_INVALID). */
int secret_read(const char *state_dir, const char *name, struct str *out, struct err *err);

#endif
