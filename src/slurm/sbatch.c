#include "slurm/sbatch.h"

#include "base/mem.h"
#include "slurm/row.h"
#include "text/frame.h"
#include "text/quote.h"

#include <string.h>

/* What the login environment says to sbatch would win over the script's own lines. SLURM_CONF says which
 * cluster. Builtins alone: one fork, no command. */
static const char clean_environment[] =
    "_x=$(export -p)\n_o=$IFS\nIFS='\n'\nset -f\n"
    "for _v in $_x; do\n"
    "case $_v in *' SBATCH_'*|*' SLURM_'*) _v=${_v%%=*} _v=${_v##* };; *) continue;; esac\n"
    "case $_v in *[!A-Za-z0-9_]*|SLURM_CONF|SLURM_CONF_SERVER) ;; SBATCH_*|SLURM_*) unset \"$_v\";; esac\n"
    "done\nset +f\nIFS=$_o\n";

/* _say KIND FILE: the result as the section shows it. _lock: O_EXCL, of a file, because a shell can make that
 * without a process. _not_sent WORDS [LOCK]: with the cause, found by trying again; who holds the lock gives
 * it back. */
static const char launch_functions[] =
    "_say() { printf 'kind %s\\n' \"$1\"; cat \"$2\"; }\n"
    "_told() {\n"
    "for _k in receipt \"rej.$_n\" \"ambig.$_n\"; do [ -s \"$_d/$_k\" ] && { _say \"${_k%%.*}\" \"$_d/$_k\"; "
    "return 0; }; done\nreturn 1\n}\n"
    "_lock() { set -C; { true > \"$_d/launch.$_n\"; } 2>/dev/null; _w=$?; set +C; return $_w; }\n"
    "_not_sent() { _c=$(_cause \"$_d\"); [ -n \"$_c\" ] || { _c=$(_files 2>&1); _c=${_c%%'\n'*}; }\n"
    "[ -z \"$2\" ] || rm -f \"$2\"\n"
    "printf 'kind not_sent\\nrc -1\\n%s%s\\n' \"$1\" \"${_c:+: $_c}\"; return 1; }\n";

static int check_dir(const char *dir, const char *what, struct err *err)
{
    if (!dir || dir[0] != '/' || strchr(dir, '\n'))
        return err_set(err, ERR_INVALID, "%s must be an absolute path", what);
    return 0;
}

static int check_tools(const struct slurm_tools *tools, struct err *err)
{
    if (tools->cluster && !row_is_plain_name(span_of(tools->cluster)))
        return err_set(err, ERR_INVALID, "'%s' is no cluster name for sbatch", tools->cluster);
    return 0;
}

/* "sbatch" with the options that both uses share. */
static int add_sbatch(struct str *sh, const struct slurm_tools *tools, const char *const *args, size_t count,
                      struct err *err)
{
    if (row_add_tool(sh, tools->bin_dir, "sbatch", err) < 0)
        return -1;
    str_add(sh, " --parsable --ignore-pbs ");
    if (tools->cluster)
        str_addf(sh, "-M %s ", tools->cluster);
    quote_argv(sh, args, count);
    return 0;
}

/* Files of the run directory. A failure here means: sbatch was not started. */
static int add_files(struct str *sh, const struct launch_request *request, struct err *err)
{
    str_add(sh, "_files() {\n");
    if (request->script.len) {
        str_add(sh, "printf %s ");
        if (quote_shell(sh, request->script, err) < 0)
            return -1;
        str_add(sh, " > \"$_d/script.sh\" || return 1\n");
    }
    str_add(sh, "[ -s \"$_d/script.sh\" ] || return 1\n");
    if (request->code_dir) {
        str_add(sh, "mkdir -p \"$_d/code\" && cp -RPp ");
        quote_text(sh, request->code_dir);
        str_add(sh, "/. \"$_d/code/\" || return 1\n");
    }
    if (request->secrets.len) {
        str_add(sh, "if [ -e \"$_d/secrets\" ] || [ -L \"$_d/secrets\" ]; then rm -f \"$_d/secrets\"; "
                    "fi\nprintf %s ");
        if (quote_shell(sh, request->secrets, err) < 0)
            return -1;
        str_add(sh, " > \"$_d/secrets\" || return 1\n");
    }
    str_add(sh, "cd \"$_d\"\n}\n");
    return 0;
}

/* sbatch itself. What it says stays in variables, so that a full disk does not lose it: its errors, a mark
 * that no text can hold, its status and its output. Builtins wherever they do: each process costs about 1 ms.
 * So a receipt is not renamed into its place: it is one write, and whoever reads half of one sees that. */
static int add_run(struct str *sh, const struct launch_request *request, struct err *err)
{
    unsigned timeout = request->timeout_s ? request->timeout_s : SBATCH_TIMEOUT_S;
    str_addf(sh, "_run() {\n_all=$({ _out=$(timeout -k 5 %u ", timeout);
    if (add_sbatch(sh, &request->tools, request->args, request->arg_count, err) < 0)
        return -1;
    const char *mark = request->frame->text;
    str_addf(sh,
             " \"$_d/script.sh\" 2>&3 3>&- </dev/null); printf '%s %%s\\n%%s' \"$?\" \"$_out\"; } 3>&1)\n"
             "_err=${_all%%'%s '*} _out=${_all##*'%s '}\n_rc=${_out%%%%'\n'*} _out=${_out#*'\n'}\n"
             "case $_rc in ''|*[!0-9]*) _rc=137;; esac\n"
             "[ ${#_err} -le %d ] || _err=$(printf %%s \"$_err\" | head -c %d)\n",
             mark, mark, mark, (int)MAX_SBATCH_TEXT, (int)MAX_SBATCH_TEXT);
    str_add(sh,
            "_k=rej.$_n\n"
            "case $_rc in 0) _k=receipt;; 255) ;; 124|12[89]|1[3-9][0-9]|2[0-9][0-9]) _k=ambig.$_n;; esac\n"
            "case $_err in *'imed out'*|*'Zero Bytes'*) [ $_rc -eq 0 ] || _k=ambig.$_n;; esac\n"
            "if [ $_k = receipt ]; then _receipt > \"$_d/$_k\" || true > \"$_d/$_k\"\n"
            "else _receipt > \"$_d/.tmp.$_n\" && mv -f \"$_d/.tmp.$_n\" \"$_d/$_k\"; fi\n"
            "printf 'kind %s\\n' \"${_k%%.*}\"; _receipt\n}\n"
            "_receipt() { printf 'rc %s\\n%s\\n\\001errors\\n%s\\n' \"$_rc\" \"$_out\" \"$_err\"; }\n");
    return 0;
}

static int add_launcher(struct str *sh, const struct launch_request *request, struct err *err)
{
    str_addf(sh, "umask 077\ntrap '' HUP PIPE\n_n=%u _d=", request->attempt);
    quote_text(sh, request->run_dir);
    str_add(sh, "\nmkdir -p \"$_d\" &\n"); /* beside what follows, up to the wait */
    str_add(sh, clean_environment);
    frame_add_cause(sh);
    str_add(sh, launch_functions);
    if (add_files(sh, request, err) < 0 || add_run(sh, request, err) < 0)
        return -1;
    frame_section_open(sh, "launch");
    str_addf(sh,
             "wait\n"
             "if _told; then :\n"
             "elif _lock; then\n"
             "if _files; then _run; else _not_sent 'cannot write the run directory' \"$_d/launch.$_n\"; fi\n"
             "elif [ -e \"$_d/launch.$_n\" ]; then\n"
             "_w=0\nwhile ! _told; do [ $_w -lt %d ] || { printf 'kind busy\\nrc -1\\n'; break; }; "
             "_w=$((_w + 1)); sleep 1; done\n"
             "else _not_sent 'cannot make the run directory'; fi\n",
             (int)SBATCH_WAIT_S);
    frame_section_close(sh, "launch");
    return 0;
}

int launch_program(struct str *sh, const struct launch_request *request, struct err *err)
{
    size_t start = sh->len;
    if (check_dir(request->run_dir, "the run directory", err) < 0 || check_tools(&request->tools, err) < 0)
        return -1;
    if (request->code_dir && check_dir(request->code_dir, "the code directory", err) < 0)
        return -1;
    frame_begin(sh, request->frame);
    if (add_launcher(sh, request, err) < 0) {
        str_cut(sh, start);
        return -1;
    }
    frame_end(sh);
    return sh->failed ? err_set(err, ERR_TOO_LARGE, "the launcher exceeds %zu bytes", sh->max) : 0;
}

int stage_program(struct str *sh, const struct stage_request *request, struct err *err)
{
    if (check_dir(request->run_dir, "the run directory", err) < 0)
        return -1;
    if (strlen(request->sha256) != 64 || strspn(request->sha256, "0123456789abcdef") != 64)
        return err_set(err, ERR_INVALID, "stage: no sha256");
    frame_begin(sh, request->frame);
    str_add(sh, "umask 077\n_d=");
    quote_text(sh, request->run_dir);
    str_add(sh, "\n");
    frame_section_open(sh, "stage");
    str_addf(sh,
             "mkdir -p \"$_d\" && head -c %llu > \"$_d/.stage\" && "
             "_s=$(sha256sum < \"$_d/.stage\") && [ \"${_s%%%% *}\" = %s ] && "
             "mv -f \"$_d/.stage\" \"$_d/script.sh\" || { rm -f \"$_d/.stage\"; false; }\n",
             (unsigned long long)request->length, request->sha256);
    frame_section_close(sh, "stage");
    frame_end(sh);
    return 0;
}

int test_only_program(struct str *sh, const struct test_only_request *request, struct err *err)
{
    size_t start = sh->len;
    if (check_tools(&request->tools, err) < 0)
        return -1;
    frame_begin(sh, request->frame);
    str_add(sh, clean_environment);
    frame_section_open(sh, "test");
    str_add(sh, "printf %s ");
    if (quote_shell(sh, request->script, err) < 0) {
        str_cut(sh, start);
        return -1;
    }
    str_add(sh, " | LC_ALL=C SLURM_TIME_FORMAT=%s timeout -k 5 30 ");
    if (add_sbatch(sh, &request->tools, request->args, request->arg_count, err) < 0) {
        str_cut(sh, start);
        return -1;
    }
    str_add(sh, " --test-only 2>&1\n");
    frame_section_close(sh, "test");
    frame_end(sh);
    return sh->failed ? err_set(err, ERR_TOO_LARGE, "the program exceeds %zu bytes", sh->max) : 0;
}
