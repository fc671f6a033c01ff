/* A project's file held against what every submit checks, without a gateway or a cluster: `sluice config
 * check`. What only a cluster or a request can tell (partitions, GPU types, notifiers, templates) is not
 * looked at. */
#ifndef SLUICE_SVC_RENDER_PROJECT_CHECK_H
#define SLUICE_SVC_RENDER_PROJECT_CHECK_H

#include "text/errs.h"

/* 0, or -1 with everything found, each at its file, line and key. */
int project_check(const char *file, struct span text, struct errs *errs);

#endif
