/* A tick of the process scheduler: look at every active job's files, decide who starts, start them, report.
 */
#ifndef SLUICE_EXEC_PROCESS_TICK_H
#define SLUICE_EXEC_PROCESS_TICK_H

#include "exec/call.h"

/* What nvidia-smi said last; asked again with want_nodes. Only a cache: no job's state. */
struct process_notes {
    struct str gpus;
    bool is_known;
};

int process_tick(struct call *call, const struct tick_spec *spec, struct err *err);

#endif
