/* The supervisor as a POSIX sh program, for machines without our binary: the same files as exec/supervisor.h,
 * the same guarantees. Needs sh, coreutils, setsid (util-linux) and /proc.
 *
 * It differs in this: the payload writes the pid file itself, before it becomes the script (a shell has no
 * gate to hold it at); an end by a signal is told from an exit code of 128 and more by exit.payload, which
 * the script's own trap writes; and what leaves the payload's session is not found at the end. */
#ifndef SLUICE_EXEC_SUPERVISOR_SH_H
#define SLUICE_EXEC_SUPERVISOR_SH_H

/* sh text; run as `setsid sh FILE RUNDIR`, or `... RUNDIR gpus LIST`. */
extern const char supervisor_sh[];

#endif
