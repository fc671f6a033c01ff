#!/bin/sh
# payload.sh LEDGER SECONDS CODE: the work of a drill's job. It appends one line when it starts and one when it ends,
# so that the cluster's own disk tells how often which script ran; tests/cluster/checker.py reads them:
#   start TOKEN ATTEMPT TASK JOB SHA256-OF-THE-SCRIPT SECONDS-SINCE-1970
#   end   TOKEN ATTEMPT TASK JOB EXIT-CODE            SECONDS-SINCE-1970
ledger=$1 seconds=${2:-0} code=${3:-0}
token=${SLUICE_JOB_TOKEN:-none}
who="$token ${SLUICE_ATTEMPT:-0} ${SLURM_ARRAY_TASK_ID:--} ${SLURM_JOB_ID:--}"

# What slurmd spooled is what runs; elsewhere it is the file in the run directory.
script() {
    pid=$PPID
    while [ "${pid:-1}" -gt 1 ]; do
        found=$(tr '\0' '\n' <"/proc/$pid/cmdline" | grep '/slurm_script$' | head -n 1)
        if [ "$found" ]; then
            echo "$found"
            return
        fi
        pid=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d ' ' -f 2)
    done
    echo "${SLUICE_RUN_DIR:-.}/script.sh"
}

append() {
    printf '%s\n' "$*" >>"$ledger"
}

finish() {
    append end "$who" "$1" "$(date +%s)"
    exit "$1"
}
trap 'finish 143' TERM
trap 'finish 130' INT

hash=$(sha256sum <"$(script)" 2>/dev/null | cut -d ' ' -f 1)
append start "$who" "${hash:-unknown}" "$(date +%s)"
if [ "$seconds" != 0 ]; then
    sleep "$seconds" &
    wait $!
fi
finish "$code"
