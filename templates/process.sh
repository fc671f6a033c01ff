#!/bin/bash
run_dir=$PWD
if [ "${run_dir##*/}" != {{token}} ] || ! [ -f "$run_dir/script.sh" ]; then
    echo "sluice: this is the script of job "{{token}}", but it was started in $run_dir, which is not its run directory" >&2
    exit 121
fi
task='' once=1 attempt=1
log=$run_dir/attempt-1.log
# The supervisor writes `exit`; this is for the day when somebody kills the supervisor.
exit_file=$run_dir/exit.payload
#include body.sh
