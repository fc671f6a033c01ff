/* `sluice config check`: which of the three files a text is, and what is wrong with it. */
#ifndef SLUICE_DOMAIN_CONFIG_H
#define SLUICE_DOMAIN_CONFIG_H

#include "text/errs.h"

/* "project", "clusters" or "sluice" by the file's name, else by its top-level keys; NULL where neither tells.
 */
const char *config_kind(const char *file, struct span text);
/* kind NULL: by config_kind. 0, or -1 with all errors. Judges the text alone, not the machine. */
int config_check(const char *kind, const char *file, struct span text, struct errs *errs);

#endif
