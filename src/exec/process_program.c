#include "exec/process_program.h"

#include "exec/supervisor_sh.h"
#include "text/frame.h"
#include "text/quote.h"

/* Builtins only in the common case: a fork costs a millisecond, and there is one call for each active job.
 *
 * Where supervisor and script were both killed, the program itself may run on and hold its GPUs. While
 * anything of its session lives the job is not over: nobody else can get that session's number. An empty file
 * is what a crash of the machine leaves of one that was not yet on the disk. */
static const char look_functions[] =
    "set -f; boot=; read -r boot </proc/sys/kernel/random/boot_id\n"
    "alive() {\n" /* pid start boot */
    "  [ \"$3\" = \"$boot\" ] || return 1\n"
    "  line=; { read -r line <\"/proc/$1/stat\"; } 2>/dev/null || return 1\n"
    "  want=$2; set -- ${line##*)}\n"
    "  case $1 in Z|X) return 1;; esac\n"
    "  [ \"${20}\" = \"$want\" ]\n"
    "}\n"
    "session() {\n" /* SIGNAL: to what lives of the payload's session; 0 only looks */
    "  [ \"$v_boot\" = \"$boot\" ] || return 1\n"
    "  want=$1 n=0 line=; { read -r line <\"/proc/$v_pid/stat\"; } 2>/dev/null\n"
    "  set -- ${line##*)}; [ \"${20:-$v_start}\" = \"$v_start\" ] || return 1\n"
    "  set +f; set -- /proc/[0-9]*; set -f\n"
    "  for p; do\n"
    "    line=; { read -r line <\"$p/stat\"; } 2>/dev/null || continue; set -- ${line##*)}\n"
    "    case $1,$4 in [ZX],*) ;; *,\"$v_pid\") "
    "n=$((n+1)); [ $want = 0 ] || kill -s $want \"${p#/proc/}\";; esac\n"
    "  done 2>/dev/null\n"
    "  [ $n -gt 0 ]\n"
    "}\n"
    "load() {\n"
    "  while read -r line; do for kv in $line; do\n"
    "    k=${kv%%=*} v=${kv#*=}\n"
    "    case $v in ''|*[!A-Za-z0-9,._:-]*) continue;; esac\n"
    "    case $k in code|signal|started|ended|how|pid|start|boot|supervisor|supervisor_start|gpus|began)\n"
    "      eval \"v_$k=\\$v\";; esac\n"
    "  done; done <\"$1\"\n"
    "}\n"
    "of_exit() { load \"$d/$1\"; w=ended; if [ -e \"$d/cancel.asked\" ] && [ $1 != exit ]; then "
    "v_how=cancelled; fi; }\n"
    "of_pid() {\n"
    "  load \"$d/pid\"; v_started=$v_began\n"
    "  if alive \"$v_supervisor\" \"$v_supervisor_start\" \"$v_boot\" || alive \"$v_pid\" \"$v_start\" "
    "\"$v_boot\"; "
    "then w=running\n"
    "  elif [ -s \"$d/exit\" ]; then of_exit exit\n"
    "  elif [ -s \"$d/exit.payload\" ]; then of_exit exit.payload\n"
    "  elif session 0; then w=running\n"
    "  elif [ -e \"$d/cancel.asked\" ]; then w=cancelled\n"
    "  else w=lost; reason=killed; [ \"$v_boot\" = \"$boot\" ] || reason=reboot; fi\n"
    "}\n"
    "of_claim() {\n"
    "  c=$(readlink \"$d/claim\")\n"
    "  case $c in cancelled*) w=cancelled; return;; esac\n"
    "  w=unborn; rest=${c#*:}\n"
    "  if alive \"${c%%:*}\" \"${rest%%:*}\" \"${rest#*:}\" || [ -f \"$d/pid\" ]; then w=running; fi\n"
    "}\n"
    "one() {\n"
    "  d=runs/$1 reason=- v_code=- v_signal=- v_started=- v_ended=- v_how=- v_gpus=- v_began=-\n"
    "  v_pid=- v_start=- v_boot=- v_supervisor=- v_supervisor_start=-\n"
    "  if ! [ -f \"$d/receipt\" ]; then w=absent\n"
    "  elif [ -s \"$d/exit\" ]; then of_exit exit\n"
    "  elif [ -f \"$d/pid\" ]; then of_pid\n"
    "  elif [ -L \"$d/claim\" ]; then of_claim\n"
    "  else w=queued; fi\n"
    "  echo \"$1 $w $v_code $v_signal $v_started $v_ended $v_how $v_gpus $reason\"\n"
    "}\n";

void process_look_program(struct str *sh, const char *const *tokens, size_t count)
{
    if (!count) { /* the program of a section may not be empty */
        str_add(sh, ":\n");
        return;
    }
    str_add(sh, look_functions);
    str_add(sh, "for t in");
    for (size_t i = 0; i < count; i++) {
        str_add_char(sh, ' ');
        quote_text(sh, tokens[i]);
    }
    str_add(sh, "; do one \"$t\"; done\n");
}

void process_machine_program(struct str *sh)
{
    str_add(sh, "echo \"$(date +%s) $(uname -n) $(nproc)\"; cat /proc/meminfo\n");
}

/* A line a GPU; "unknown WORDS" where nvidia-smi is there and fails: its driver was renewed or a GPU hangs,
 * and that says nothing of how many there are. */
void process_gpus_program(struct str *sh)
{
    str_add(sh, "if command -v nvidia-smi >/dev/null 2>&1; then _n=$(timeout 20 nvidia-smi "
                "--query-gpu=index,uuid,name,memory.total --format=csv,noheader 2>&1) || "
                "case $_n in *'No devices were found'*) ;; *) _n=\"unknown ${_n%%'\n'*}\";; esac; "
                "printf '%s\\n' \"$_n\"; fi\n");
}

/* Waits a moment for the pid file, as our own binary does: the next look then finds a running job. */
static const char start_by_sh[] =
    "put_sh() { printf %s \"$sup\" >\"$1.tmp.$$\" && mv -f \"$1.tmp.$$\" \"$1\"; }\n"
    "begin() {\n"
    "  d=runs/$1; [ ! -f \"$d/pid\" ] || return 0\n" /* begun meanwhile, by one whose claim was removed */
    "  put_sh \"$d/supervise.sh\" || return 1; shift\n"
    "  setsid sh \"$d/supervise.sh\" \"$d\" \"$@\" </dev/null >/dev/null 2>&1 &\n"
    "  s=$! n=0\n"
    "  until [ -f \"$d/pid\" ] || [ $n -ge 60 ] || ! kill -0 $s; do sleep 0.05; n=$((n+1)); done "
    "2>/dev/null\n"
    "  [ -f \"$d/pid\" ] || { echo no supervisor could be started; return 1; }\n"
    "}\n"
    "command -v setsid >/dev/null || { echo setsid is missing; exit 0; }\n";

void process_start_functions(struct str *sh, bool by_sh, bool any_unborn)
{
    if (any_unborn)
        str_add(sh, look_functions);
    if (!by_sh)
        return;
    str_add(sh, "sup=");
    quote_text(sh, supervisor_sh);
    str_add(sh, "\n");
    str_add(sh, start_by_sh);
}

static void add_gpus(struct str *sh, const char *option, const char *gpus)
{
    if (!gpus)
        return;
    str_addf(sh, " %s ", option);
    quote_text(sh, gpus);
}

void process_start_program(struct str *sh, const struct process_start *start)
{
    str_add(sh, "t=");
    quote_text(sh, start->token);
    str_add(sh, "\n");
    if (start->unborn) /* seen as dead: a start that was held up may have taken it since */
        str_add(sh, "(one \"$t\" >/dev/null; [ $w != unborn ] || rm -f \"runs/$t/claim\")\n");
    if (!start->self_path) {
        str_add(sh, "said=$(begin \"$t\"");
        add_gpus(sh, "gpus", start->gpus);
        str_add(sh, "); echo \"$t $? $said\"\n");
        return;
    }
    str_add(sh, "said=$(");
    quote_text(sh, start->self_path);
    str_add(sh, " supervise \"runs/$t\"");
    add_gpus(sh, "--gpus", start->gpus);
    str_add(sh, " </dev/null 2>&1); echo \"$t $? $said\"\n");
}

static const char cancel_text[] =
    "if ! [ -d \"$d\" ] || [ -f \"$d/exit\" ]; then echo gone; exit 0; fi\n"
    "if [ -z \"$sig\" ] && ln -s cancelled::: \"$d/claim\" 2>/dev/null; then echo closed; exit 0; fi\n"
    "n=0; while ! [ -f \"$d/pid\" ] && [ $n -lt 20 ]; do\n"
    "  case $(readlink \"$d/claim\") in cancelled*) echo gone; exit 0;; esac\n"
    "  n=$((n+1)); sleep 0.1; done\n"
    "if ! [ -f \"$d/pid\" ]; then\n" /* its supervisor died before the payload could run */
    "  rm -f \"$d/claim\"; ln -s cancelled::: \"$d/claim\" 2>/dev/null && echo closed; exit 0; fi\n"
    "load \"$d/pid\"\n"
    "if [ -n \"$sig\" ]; then\n"
    "  alive \"$v_pid\" \"$v_start\" \"$v_boot\" && kill -s \"$sig\" -- \"-$v_pid\"; echo asked; exit 0; fi\n"
    "sig=TERM; if [ -e \"$d/cancel.asked\" ]; then sig=KILL; fi; : >\"$d/cancel.asked\"\n"
    "if alive \"$v_supervisor\" \"$v_supervisor_start\" \"$v_boot\"; then kill -s TERM \"$v_supervisor\"; "
    "echo asked\n"
    "elif [ $sig = TERM ] && alive \"$v_pid\" \"$v_start\" \"$v_boot\"; then "
    "kill -s TERM -- \"-$v_pid\"; echo asked\n"
    "elif session $sig; then echo asked\n" /* the script's group is not its program's */
    "else echo gone; fi\n";

void process_cancel_program(struct str *sh, const struct cancel_spec *spec)
{
    str_add(sh, look_functions);
    str_add(sh, "d=runs/");
    quote_text(sh, spec->token);
    str_add(sh, " sig=");
    quote_text(sh, spec->signal);
    str_add(sh, "\n");
    str_add(sh, cancel_text);
}

/* Every file by rename, the receipt last: the same submission twice, or cut short and repeated, is one job.
 */
static const char submit_text[] =
    "d=$PWD/runs/$t\n"
    "if [ -f \"$d/receipt\" ]; then echo \"accepted $d\"; exit 0; fi\n"
    "if [ -n \"$code\" ] && ! [ -f \"$code/.sluice-complete\" ]; then echo no-code; exit 0; fi\n"
    "fail() { c=$(_cause \"$d\"); echo \"failed $1${c:+: $c}\"; exit 0; }\n"
    "mkdir -p -m 700 \"$d\" || fail 'run directory'\n"
    "put() { cat >\"$d/$1.tmp.$$\" && chmod \"$2\" \"$d/$1.tmp.$$\" && mv -f \"$d/$1.tmp.$$\" \"$d/$1\"; }\n"
    "if [ -n \"$code\" ] && ! [ -d \"$d/code\" ]; then\n"
    "  rm -rf \"$d/code.tmp.$$\"; cp -a \"$code\" \"$d/code.tmp.$$\" && rm -f "
    "\"$d/code.tmp.$$/.sluice-complete\" &&\n"
    "    mv -T \"$d/code.tmp.$$\" \"$d/code\" || [ -d \"$d/code\" ] || fail 'code copy'\n"
    "fi\n";

static void put_file(struct str *sh, const char *name, const char *mode, struct span text)
{
    str_add(sh, "printf %s ");
    quote_shell(sh, text, NULL);
    str_addf(sh, " | put %s %s || fail %s\n", name, mode, name);
}

void process_submit_program(struct str *sh, const struct submit_spec *spec, bool check_gpus)
{
    str_add(sh, "t=");
    quote_text(sh, spec->token);
    str_add(sh, " code=");
    quote_text(sh, spec->code);
    str_add(sh, "\n");
    if (check_gpus && spec->gpus > 0) {
        str_add(sh, "gpus=$(");
        process_gpus_program(sh);
        str_addf(sh,
                 ")\ncase $gpus in unknown*) echo \"$gpus\"; exit 0;; esac\n"
                 "n=$(printf %%s \"$gpus\" | grep -c '^[0-9]')\n"
                 "if [ \"$n\" -lt %lld ]; then echo \"few-gpus $n\"; exit 0; fi\n",
                 (long long)spec->gpus);
    }
    frame_add_cause(sh);
    str_add(sh, submit_text);
    put_file(sh, "script.sh", "700", spec->script);
    if (spec->secrets.len)
        put_file(sh, "secrets", "600", spec->secrets);
    auto_str struct str lines = STR_MAX(512);
    str_addf(&lines, "gpus=%lld\ncpus=%lld\npriority=%lld\ntime_s=%lld\n", (long long)spec->gpus,
             (long long)spec->cpus, (long long)spec->priority, (long long)spec->time_s);
    put_file(sh, "spec", "600", str_span(&lines));
    put_file(sh, "receipt", "600", span_of(spec->token));
    str_add(sh, "echo \"accepted $d\"\n");
}
