/* Files of runs and code trees below the workspace: the same for every scheduler. */
#ifndef SLUICE_EXEC_RUN_FILES_H
#define SLUICE_EXEC_RUN_FILES_H

#include "exec/call.h"

int run_files_read(struct call *call, const struct read_spec *spec, struct err *err);
int run_files_stage(struct call *call, const struct stage_spec *spec, struct err *err);
int run_files_close(struct call *call, const char *token, struct err *err);

#endif
