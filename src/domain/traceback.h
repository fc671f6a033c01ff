/* Tracebacks of Python in a log: as it prints them, with a rank or a task in front of each line ("[rank1]: ",
 * "1: "), coloured, framed by rich, of exception groups. Pure. */
#ifndef SLUICE_DOMAIN_TRACEBACK_H
#define SLUICE_DOMAIN_TRACEBACK_H

#include "base/span.h"

/* at: of the word "Traceback". Gives where the first line behind its frames begins, the error itself; at
 * where there is none. */
size_t traceback_end(struct span log, size_t at);
/* Whether the line around `at` begins with an exception's name: "ImportError: ...", not "WARNING: ...". */
bool traceback_says_error(struct span log, size_t at);

#endif
