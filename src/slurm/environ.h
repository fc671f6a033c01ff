/* What the account's own environment says to Slurm's tools. */
#ifndef SLUICE_SLURM_ENVIRON_H
#define SLUICE_SLURM_ENVIRON_H

#include "base/str.h"

/* Appends a command that unsets the variables by which squeue, scancel, sinfo, sacct and scontrol show or do
 * less than their options say (their manuals, Slurm 20.11 to 24.05; sbatch's are slurm/sbatch.c's). With
 * SQUEUE_PARTITION in somebody's .bashrc a running job is gone from the queue, and scancel, which then finds
 * nothing, ends with 0. */
void slurm_environ_clean(struct str *sh);

#endif
