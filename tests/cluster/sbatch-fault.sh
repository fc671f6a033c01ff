#!/bin/sh
# Stands before the real sbatch (clusters.yaml: slurm.bin_dir) and loses its reply in the ways that were seen in the wild.
# The file `fault` beside it holds one line, MODE [COUNT]; after COUNT faults (default: one) sbatch is itself again.
#   hang    the job is accepted, the reply never comes        kill     accepted, then sbatch dies of SIGKILL
#   garbage accepted, the reply is noise                      fail     accepted, yet exit 1 and a time-out's text
#   late    exit 1 with a time-out's text now, accepted 3 s later
#   gate    accepted, the reply waits until a file `go` is there (`accepted` says that it does)
#   veil    as gate, and then the reply is noise
#   limit   not accepted: the controller limits how often it may be asked (Slurm 23.02 and later)
#   refuse  not accepted: the controller cannot be reached    before   dies before the job is handed over
here=$(dirname "$0")
real=/usr/bin/sbatch
said="sbatch: error: Batch job submission failed: Socket timed out on send/recv operation"

mode='' count=0
if mkdir "$here/fault.lock" 2>/dev/null; then
    read -r mode count <"$here/fault" 2>/dev/null
    count=${count:-1}
    if [ "$mode" ] && [ "$count" -gt 1 ]; then
        echo "$mode $((count - 1))" >"$here/fault"
    else
        rm -f "$here/fault"
    fi
    rmdir "$here/fault.lock"
fi
[ -z "$mode" ] || echo "$mode" >>"$here/fault.done"

case $mode in
hang) "$real" "$@" >/dev/null && exec sleep 600 ;;
kill) "$real" "$@" >/dev/null && kill -KILL $$ ;;
garbage) "$real" "$@" >/dev/null && printf 'Welcome; 4711;\033[0m 12 \n' ;;
fail) "$real" "$@" >/dev/null && echo "$said" >&2 && exit 1 ;;
late)
    (sleep 3 && exec "$real" "$@") </dev/null >/dev/null 2>&1 &
    echo "$said" >&2
    exit 1
    ;;
gate | veil)
    said=$("$real" "$@") && touch "$here/accepted"
    [ "$mode" = gate ] || said=noise
    until [ -e "$here/go" ]; do sleep 0.1; done
    echo "$said"
    ;;
limit)
    sleep 1
    echo "sbatch: error: Batch job submission failed: Rate limit exceeded, please retry momentarily" >&2
    exit 1
    ;;
refuse)
    echo "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)" >&2
    exit 1
    ;;
before) kill -KILL $$ ;;
*) exec "$real" "$@" ;;
esac
