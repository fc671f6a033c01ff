/* The check-up of a cluster: one program whose sections tell how things stand there. svc/cluster/doctor.h
 * judges.
 *
 * Sections: who (user, shell, system: a line each), clock (epoch seconds), workspace ("ok", then df -Pk's
 * line; words of the failure), quota, tools (missing commands, a line each); with Slurm also version,
 * commands (missing ones), ping, accounting, partitions (name|up or not|time limit), accounts
 * (account|partition|qos); without it gpus and linger. Each section's status is its last command's. */
#ifndef SLUICE_EXEC_CHECKUP_H
#define SLUICE_EXEC_CHECKUP_H

#include "exec/call.h"

int checkup_start(struct call *call, bool with_slurm, struct err *err);
int checkup_echo(struct call *call, unsigned ms, struct err *err);

#endif
