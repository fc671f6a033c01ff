/* Searching a log where it lies: grep on the cluster, so that 100 MB need not travel. */
#ifndef SLUICE_EXEC_RUN_SEARCH_H
#define SLUICE_EXEC_RUN_SEARCH_H

#include "exec/call.h"

int run_search(struct call *call, const struct search_spec *spec, struct err *err);

#endif
