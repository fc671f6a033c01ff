/* Content-Security-Policy: what the answers of the gateway may load and run. */
#ifndef SLUICE_API_POLICY_H
#define SLUICE_API_POLICY_H

#include "base/str.h"

enum { MAX_POLICY_BYTES = 512 };

/* Of every answer but the page: nothing but files of this gateway. */
extern const char policy_usual[];
/* Of the page: besides, the one script that stands in it (the first <script> without attributes), by its hash
 * as CSP level 2 has it. A page without one has the usual policy. */
void policy_of_page(struct span page, struct str *out);

#endif
