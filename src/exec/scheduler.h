/* What makes a scheduler: programs for the cluster, and what their answers mean. One file and one row in
 * executor.c's table each. Every function builds and sends the first program of the call (0), or fails (-1:
 * the caller's done will not run). How a call ends: call->done.X(call->ctx, ...), once. */
#ifndef SLUICE_EXEC_SCHEDULER_H
#define SLUICE_EXEC_SCHEDULER_H

#include "exec/call.h"

struct scheduler_ops {
    const char *name;
    void *(*notes_new)(void); /* NULL: it keeps none */
    void (*notes_free)(void *notes);
    void (*prelude)(struct str *sh); /* comes first in each of its programs; NULL: nothing does */
    int (*submit)(struct call *call, const struct submit_spec *spec, struct err *err);
    int (*look)(struct call *call, const struct look_spec *spec, struct err *err);
    int (*tick)(struct call *call, const struct tick_spec *spec, struct err *err);
    int (*cancel)(struct call *call, const struct cancel_spec *spec, struct err *err);
    /* NULL: it cannot */
    int (*requeue)(struct call *call, const struct requeue_spec *spec, struct err *err);
    int (*test)(struct call *call, struct span script, struct err *err);
    int (*limits)(struct call *call, struct err *err);
};

extern const struct scheduler_ops scheduler_slurm;
extern const struct scheduler_ops scheduler_process;

#endif
