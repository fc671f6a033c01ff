/* What a search of a log answers. Pure. */
#ifndef SLUICE_SVC_LIVE_LOG_FOUND_H
#define SLUICE_SVC_LIVE_LOG_FOUND_H

#include "base/span.h"
#include "base/str.h"

/* found: the number of all lines that hold the words, then those of one page, each "number:text"
 * (exec/specs.h); empty: none. Appends {"total", "items": [{line, text}], "next": line or null}. */
void log_found_json(struct span found, int64_t limit, struct str *body);

#endif
