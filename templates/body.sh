# ---- what every job does, whoever started it; above: run_dir, owner, task, attempt, exit_file, log ----
fail() {
    printf 'sluice: %s\n' "$*" >&2
    exit "${fail_code:-1}"
}

started=$(date +%s)
exec </dev/null >>"$log" 2>&1
rm -f -- "$exit_file"
payload=0 starting='' woken='' ended_by='' torn='' armed=''

# The last word of this attempt, whole or not at all. Under Slurm secrets stay: a job that is preempted or requeues
# itself comes back and needs them; the gateway removes them once it is over for good (not a metrics token alone: that
# ends by itself).
finish() {
    code=$?
    trap '' TERM INT HUP USR1 USR2
    if [ "$armed" ] && [ -z "$torn" ]; then
        torn=1
        teardown
    fi
    [ -z "$once" ] || rm -f -- "$run_dir/secrets"
    printf 'code=%s started=%s ended=%s attempt=%s how=exited\n' "$code" "$started" "$(date +%s)" "$attempt" \
        >"$run_dir/.end.$$" && mv -f -- "$run_dir/.end.$$" "$exit_file"
    trap - EXIT
    exit "$code"
}
trap finish EXIT

# The payload runs behind `wait` in a process group of its own: a trap runs at once and passes the signal on. CONT has
# no trap: it comes together with TERM (scancel, our supervisor), and of two signals at once bash's `wait` may lose one.
forward() {
    woken=1
    case $1 in TERM | INT) ended_by=$1 ;; esac
    [ -z "$starting" ] || [ "${!:-0}" = "$starting" ] || payload=$! # it runs, but is not noted yet
    if [ "$payload" -gt 0 ]; then
        kill -s "$1" -- "-$payload" 2>/dev/null || kill -s "$1" "$payload" 2>/dev/null
        kill -s CONT -- "-$payload" 2>/dev/null
    elif [ "$ended_by" ]; then
        exit 143
    fi
}
for signal in TERM INT USR1 USR2; do
    trap "forward $signal" "$signal"
done

run_payload() {
    set -m
    starting=${!:-0}
    "$@" &
    payload=$!
    starting=''
    set +m
    while :; do
        woken=''
        wait "$payload"
        code=$?
        [ "$woken" ] || break
    done
    payload=0
    return "$code"
}

teardown() {
    :
{{#teardown}}
    eval {{teardown_line}}
{{/teardown}}
}

export SLUICE_JOB_TOKEN={{token}} SLUICE_RUN_DIR="$run_dir" SLUICE_ATTEMPT="$attempt" PYTHONUNBUFFERED=1
export SLUICE_JOB_NAME={{name}} SLUICE_PROJECT={{project}} SLUICE_CLUSTER={{cluster}} SLUICE_SEED={{seed}}
{{#vars}}
export {{key}}={{value}}
{{/vars}}
{{#has_secrets}}
[ -r "$run_dir/secrets" ] || fail "the job's secrets file is missing from $run_dir"
{{/has_secrets}}
[ ! -r "$run_dir/secrets" ] || . "$run_dir/secrets"

{{#in_place}}
cd {{in_place}} 2>/dev/null || fail "the code folder '"{{in_place}}"' does not exist on $(hostname), or may not be entered (code.mode is in_place)"
{{/in_place}}
{{#has_code}}
cd "$run_dir/code" || fail "the copy of the code is missing from $run_dir"
{{/has_code}}

{{#has_modules}}
if ! type module >/dev/null 2>&1; then
    for init in "${MODULESHOME:-/nonexistent}/init/bash" "${LMOD_PKG:-/nonexistent}/init/bash" \
        /etc/profile.d/lmod.sh /etc/profile.d/z00_lmod.sh /etc/profile.d/modules.sh \
        /usr/share/lmod/lmod/init/bash /usr/share/modules/init/bash /usr/share/Modules/init/bash; do
        [ -r "$init" ] && . "$init" && break
    done
fi
type module >/dev/null 2>&1 || fail "modules are asked for, but $(hostname) has no module command"
{{/has_modules}}
{{#purge_modules}}
module purge
{{/purge_modules}}
{{#modules}}
module load {{module}} || fail 'module load failed: '{{module}}" (on $(hostname))"
{{/modules}}

{{#conda_env}}
conda_base=''
find_conda() {
    for base in {{conda_prefix}} "${CONDA_EXE:+${CONDA_EXE%/bin/conda}}" "${MAMBA_ROOT_PREFIX:-}" "$HOME/miniconda3" "$HOME/anaconda3" \
        "$HOME/miniforge3" "$HOME/mambaforge" /opt/conda /opt/miniconda3 /opt/anaconda3 /opt/miniforge3 \
        "$(command -v conda >/dev/null 2>&1 && conda info --base 2>/dev/null)"; do
        if [ -n "$base" ] && [ -r "$base/etc/profile.d/conda.sh" ]; then
            conda_base=$base
            return 0
        fi
    done
    return 1
}
find_conda || fail "conda environment '"{{conda_env}}"' is asked for, but no conda was found on $(hostname): set env.conda_prefix to its base folder, or load its module (env.modules)"
. "$conda_base/etc/profile.d/conda.sh"
conda activate {{conda_env}} || {
    known=$(conda env list 2>/dev/null | awk '$1 !~ /^#/ && NF { printf "%s%s", sep, $1; sep = ", " }')
    fail "conda environment '"{{conda_env}}"' not found on $(hostname); known: ${known:-none}"
}
{{/conda_env}}
{{#venv}}
[ -r {{venv}}/bin/activate ] || fail "virtual environment '"{{venv}}"' not found on $(hostname) (no bin/activate in it)"
. {{venv}}/bin/activate
{{/venv}}

{{#package_name}}
{{python}} -m pip uninstall -y {{package_name}} || fail "pip uninstall of '"{{package_name}}"' failed"
{{/package_name}}
{{#install_editable}}
{{python}} -m pip install -e . || fail "pip install -e . failed"
{{/install_editable}}
{{#train_script}}
[ -f {{train_script}} ] || fail "train_script '"{{train_script}}"' does not exist in $PWD"
{{/train_script}}

armed=1
{{#setup}}
eval {{setup_line}} || fail 'a setup line failed: '{{setup_line}}
{{/setup}}

{{#is_parallel}}
nodes=$(scontrol show hostnames "$SLURM_JOB_NODELIST") || fail "scontrol show hostnames failed on $(hostname)"
MASTER_ADDR=${nodes%%[!A-Za-z0-9._-]*}
MASTER_PORT={{master_port}}
[ "$MASTER_PORT" ] || MASTER_PORT=$((20000 + ${SLURM_JOB_ID:-0} % 20000))
export MASTER_ADDR MASTER_PORT SRUN_CPUS_PER_TASK="${SLURM_CPUS_PER_TASK:-1}"
{{/is_parallel}}

# Arguments come as they were given, byte for byte; only these names in braces become values of this run.
fill() {
    local LC_ALL=C word
    argv=()
    for word in "$@"; do
        word=${word//'{run_dir}'/"$SLUICE_RUN_DIR"}
        word=${word//'{run_id}'/"$SLUICE_JOB_TOKEN"}
        word=${word//'{seed}'/"$SLUICE_SEED"}
        argv+=("$word")
    done
}
fill {{argv}}

{{#is_parallel}}
run_payload srun {{srun_options}} bash -c 'export RANK=$SLURM_PROCID LOCAL_RANK=$SLURM_LOCALID WORLD_SIZE=$SLURM_NTASKS; exec "$@"' sluice "${argv[@]}"
{{/is_parallel}}
{{^is_parallel}}
run_payload "${argv[@]}"
{{/is_parallel}}
exit $?
