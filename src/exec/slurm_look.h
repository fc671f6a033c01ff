/* Reconciliation on a Slurm cluster: receipt, claim, launcher, queue and accounting in one program. */
#ifndef SLUICE_EXEC_SLURM_LOOK_H
#define SLUICE_EXEC_SLURM_LOOK_H

#include "exec/call.h"

int slurm_look(struct call *call, const struct look_spec *spec, struct err *err);

#endif
