#!/bin/bash
run_dir=$PWD
if [ "${run_dir##*/}" != {{token}} ] || ! [ -f "$run_dir/script.sh" ]; then
    echo "sluice: this is the batch script of job "{{token}}", but it was started in $run_dir, which is not its run directory" >&2
    exit 121
fi

# One run per task, whatever was submitted twice: the link is made atomically and names its owner (a requeue is
# the same owner). Exit 120 closes the duplicate only.
owner=${SLURM_ARRAY_JOB_ID:-${SLURM_HET_JOB_ID:-$SLURM_JOB_ID}}
task=${SLURM_ARRAY_TASK_ID:-}
claim=$run_dir/claim.${task:-0}
ln -s "$owner" "$claim" 2>/dev/null || [ "$(readlink "$claim")" = "$owner" ] || {
    echo "sluice: job $(readlink "$claim") runs this already; $owner ends here" >&2
    exit 120
}
once='' attempt=$((${SLURM_RESTART_COUNT:-0} + 1))
log=$run_dir/attempt-$attempt${task:+.$task}.log
exit_file=$run_dir/exit${task:+.$task}
#include body.sh
