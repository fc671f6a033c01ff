#include "slurm/tick.h"

#include "base/mem.h"
#include "slurm/row.h"
#include "text/frame.h"
#include "text/quote.h"

#include <ctype.h>
#include <string.h>

/* Gives the handed-in jobs that no row shows as live, and those that are asked of all the same, from the
 * from-th on; then "+<how many are left> <the first of them>", behind an array that goes alone with " alone".
 * Input: "id token tasks" or "id token tasks ask" lines, a line "<nonce> ROWS", then squeue's answer, whose
 * rows may run over several lines. N stands for the nonce, E for the ended states. */
static const char gone_awk[] =
    "function see(k,  i, n, t) {\n"
    "  if (!(k in of)) return\n"
    "  n = split(of[k], t, \" \")\n"
    "  for (i = 1; i <= n; i++) if (index(row, t[i])) live[k \" \" t[i]] = 1\n"
    "}\n"
    "function tasks(base, list,  i, n, r, p, b, s, t) {\n"
    "  if (list ~ /\\.\\.\\.$/) { if (index(row, of[base \"_\"])) cut[base] = 1; return }\n"
    "  n = split(list, r, \",\")\n"
    "  for (i = 1; i <= n; i++) {\n"
    "    split(r[i], p, \"-\"); split(p[2], b, \":\")\n"
    "    s = b[2] + 0 > 0 ? b[2] + 0 : 1\n"
    "    if (p[2] == \"\") b[1] = p[1]\n"
    "    for (t = p[1] + 0; t <= b[1] + 0; t += s) see(base \"_\" t)\n"
    "  }\n"
    "}\n"
    "function flush(  base, list) {\n"
    "  if (id == \"\" || st ~ ended) return\n"
    "  base = id; sub(/[_+].*/, \"\", base)\n"
    "  see(base)\n"
    "  if (!(base in arrays)) return\n"
    "  if (id !~ /_\\[/) { see(id); return }\n"
    "  list = id; sub(/^[^[]*\\[/, \"\", list); sub(/\\].*/, \"\", list); sub(/%.*/, \"\", list)\n"
    "  tasks(base, list)\n"
    "}\n"
    "BEGIN { FS = \"\\037\" }\n"
    "!rows && $0 == nonce \" ROWS\" { rows = 1; next }\n"
    "!rows {\n"
    "  n = split($0, p, \" \"); if (n < 3) next\n"
    "  size[m + 0] = p[3]; order[m++] = p[1] \" \" p[2]; if (n > 3) asked[p[1] \" \" p[2]] = 1\n"
    "  of[p[1]] = of[p[1]] \" \" p[2]\n"
    "  if (p[1] ~ /_/) { sub(/_.*/, \"\", p[1]); arrays[p[1]] = 1; of[p[1] \"_\"] = p[2] }\n"
    "  next\n"
    "}\n"
    "$1 == nonce { flush(); id = $2; st = $4; row = $0; next }\n"
    "{ row = row \"\\n\" $0 }\n"
    "END {\n"
    "  flush()\n"
    "  for (j = 0; j < m; j++) {\n"
    "    i = (from + j) % m\n"
    "    if (order[i] in live && !(order[i] in asked)) continue\n"
    "    base = order[i]; if (base ~ /^[0-9]+_/) { sub(/_.*/, \"\", base); if (base in cut) continue }\n"
    "    if (left || c == max || (c && sum + size[i] > most)) { if (!left++) next_one = i; continue }\n"
    "    print order[i]; c++; sum += size[i]\n"
    "  }\n"
    "  if (left || sum > most) print \"+\" left + 0 \" \" next_one + 0 (sum > most ? \" alone\" : \"\")\n"
    "}\n";

static bool is_job_id(const char *id)
{
    size_t n = strspn(id, "0123456789"), m = id[n] == '_' ? strspn(id + n + 1, "0123456789") : 0;
    if (n == 0 || n > 18)
        return false;
    return id[n] == '\0' || (m > 0 && m < 12 && id[n + 1 + m] == '\0');
}

static int add_jobs(struct str *sh, const struct tick_request *request, struct err *err)
{
    str_add(sh, "_i='");
    for (size_t i = 0; i < request->job_count; i++) {
        const struct slurm_tick_job *job = &request->jobs[i];
        if (!is_job_id(job->id) || !token_is_valid(span_of(job->token)))
            return err_set(err, ERR_INVALID, "tick: '%s %s' is no job", job->id, job->token);
        str_addf(sh, "%s%s %s %zu%s", i ? "\n" : "", job->id, job->token, job->tasks ? job->tasks : 1,
                 job->is_asked_of ? " ask" : "");
    }
    str_add(sh, "'\n");
    return 0;
}

/* "^(COMPLETED|FAILED|...)": the ends that Slurm knows, from the one table of states. */
static void add_ended_states(struct str *sh)
{
    const char *sep = "^(";
    for (int i = 1; i < JOB_STATE_COUNT; i++) {
        enum job_state state = (enum job_state)i;
        if (!job_state_is_terminal(state) || job_state_is_ours(state))
            continue;
        str_add(sh, sep);
        for (const char *c = job_state_word(state); *c; c++)
            str_add_char(sh, (char)toupper((unsigned char)*c));
        sep = "|";
    }
    str_add_char(sh, ')');
}

static int add_queue(struct str *sh, const struct tick_request *request, struct err *err)
{
    struct squeue_request squeue = { request->rows, request->user, request->bin_dir, request->cluster };
    frame_section_open(sh, "squeue");
    str_add(sh, "_q=$(");
    if (squeue_command(sh, &squeue, err) < 0)
        return -1;
    /* With what it complains of: squeue is known to time out with exit status 0. */
    str_add(sh, " 2>&1); _s=$?\nprintf '%s\\n' \"$_q\"\n_t $_s\n");
    frame_section_close(sh, "squeue");
    return 0;
}

static int add_gone(struct str *sh, const struct tick_request *request, struct err *err)
{
    if (add_jobs(sh, request, err) < 0)
        return -1;
    str_add(sh, "_g=\nif [ $_s -eq 0 ] && [ -n \"$_i\" ]; then\n");
    frame_section_open(sh, "gone");
    str_addf(sh,
             "_g=$({ printf '%%s\\n' \"$_i\"; printf '%%s\\n' '%s ROWS'; printf '%%s\\n' \"$_q\"; } | "
             "LC_ALL=C awk -v nonce=%s -v max=%d -v most=%d -v from=%zu -v ended='",
             request->rows->text, request->rows->text, (int)MAX_TICK_GONE, (int)MAX_TICK_TASKS,
             request->gone_from);
    add_ended_states(sh);
    str_addf(sh,
             "' '%s')\n_s=$?\nprintf '%%s\\n' \"$_g\"\n"
             "_o=\ncase $_g in *\\ alone) _o=-X ;; esac\n_g=${_g%%+*}\n_t $_s\n",
             gone_awk);
    frame_section_close(sh, "gone");
    str_add(sh, "fi\n");
    return 0;
}

static void add_sacct(struct str *sh, const struct tick_request *request)
{
    struct sacct_request sacct = { request->rows, request->bin_dir, request->cluster, 0 };
    str_add(sh, "if [ -n \"$_g\" ]; then\n");
    frame_section_open(sh, "sacct");
    str_add(sh, "_a=0 _l= _c=0\nset -- $_g\nwhile [ $# -gt 1 ]; do\n_l=$_l,$1 _c=$((_c + 1))\nshift 2\n");
    str_addf(sh, "if [ $_c -eq %d ] || [ $# -lt 2 ]; then\n", (int)SACCT_CHUNK_IDS);
    (void)sacct_command(sh, &sacct, NULL); /* its names passed with squeue's */
    str_add(sh, " $_o -j \"${_l#,}\" || _a=$?\n_l= _c=0\nfi\ndone\n_t $_a\n");
    frame_section_close(sh, "sacct");
    str_add(sh, "fi\n");
}

static int add_recent(struct str *sh, const struct tick_request *request, struct err *err)
{
    struct sacct_request sacct = { request->rows, request->bin_dir, request->cluster,
                                   request->recent_window_s };
    frame_section_open(sh, "recent");
    if (sacct_command(sh, &sacct, err) < 0)
        return -1;
    str_add_char(sh, '\n');
    frame_section_close(sh, "recent");
    return 0;
}

/* By the shell itself: an array has 100,000 of them, and a fork for each takes minutes. */
static int add_exits(struct str *sh, const struct tick_request *request, struct err *err)
{
    if (request->runs_dir[0] != '/')
        return err_set(err, ERR_INVALID, "tick: runs_dir '%s' is not absolute", request->runs_dir);
    str_add(sh, "if [ -n \"$_g\" ]; then\n");
    frame_section_open(sh, "exits");
    str_add(sh, "set -- $_g\nwhile [ $# -gt 1 ]; do\nfor _e in ");
    quote_text(sh, request->runs_dir);
    str_addf(
        sh,
        "/\"$2\"/exit*; do\n[ -f \"$_e\" ] || continue\n_x=\nIFS= read -r _x 2>/dev/null <\"$_e\" || :\n"
        "printf '%%s\\037%%s\\037%%s\\037%%.200s\\n' %s \"$1\" \"${_e##*/}\" \"$_x\"\ndone\nshift 2\ndone\n",
        request->rows->text);
    str_add(sh, "_t 0\n");
    frame_section_close(sh, "exits");
    str_add(sh, "fi\n");
    return 0;
}

static int add_nodes(struct str *sh, const struct tick_request *request, struct err *err)
{
    frame_section_open(sh, "nodes");
    if (nodes_command(sh, request->bin_dir, request->cluster, err) < 0)
        return -1;
    str_add_char(sh, '\n');
    frame_section_close(sh, "nodes");
    return 0;
}

/* What waits, of all users, counted on the cluster. Held and dependent jobs ask for nothing now. */
static int add_demand(struct str *sh, const struct tick_request *request, struct err *err)
{
    frame_section_open(sh, "demand");
    str_add(sh, "_q=$(LC_ALL=C ");
    if (row_add_tool(sh, request->bin_dir, "squeue", err) < 0)
        return -1;
    if (request->cluster)
        str_addf(sh, " -M %s", request->cluster);
    str_addf(sh, " -h -a -r -t PD -o '%s\037%%P\037%%b\037%%D\037%%r'); _s=$?\n", request->rows->text);
    str_addf(sh,
             "printf '%%s\\n' \"$_q\" | LC_ALL=C awk -v nonce=%s 'BEGIN { FS = OFS = \"\\037\" }\n"
             "$1 == nonce && $5 !~ /^(JobHeld|Dependency|BeginTime)/ { n[$2 FS $3 FS $4]++ }\n"
             "END { for (k in n) print nonce, n[k], k }'\n_t $_s\n",
             request->rows->text);
    frame_section_close(sh, "demand");
    return 0;
}

static int add_jobs_sections(struct str *sh, const struct tick_request *request, struct err *err)
{
    if (add_queue(sh, request, err) < 0 || add_gone(sh, request, err) < 0)
        return -1;
    if (request->has_accounting)
        add_sacct(sh, request);
    if (request->runs_dir && add_exits(sh, request, err) < 0)
        return -1;
    return 0;
}

int tick_add_sections(struct str *sh, const struct tick_request *request, struct err *err)
{
    if (request->cluster && !row_is_plain_name(span_of(request->cluster)))
        return err_set(err, ERR_INVALID, "tick: '%s' is no cluster name", request->cluster);
    str_add(sh, "_t() { return $1; }\n");
    frame_section_open(sh, "clock");
    str_add(sh, "date +%s\n");
    frame_section_close(sh, "clock");
    if (request->want_queue && add_jobs_sections(sh, request, err) < 0)
        return -1;
    if (request->recent_window_s > 0 && request->has_accounting && add_recent(sh, request, err) < 0)
        return -1;
    if (request->want_nodes && add_nodes(sh, request, err) < 0)
        return -1;
    if (request->want_demand && add_demand(sh, request, err) < 0)
        return -1;
    return sh->failed ? err_set(err, ERR_TOO_LARGE, "the poll program exceeds %zu bytes", sh->max) : 0;
}

int tick_program(struct str *sh, const struct tick_request *request, struct err *err)
{
    size_t start = sh->len;
    frame_begin(sh, request->frame);
    if (tick_add_sections(sh, request, err) < 0) {
        str_cut(sh, start);
        return -1;
    }
    frame_end(sh);
    return 0;
}
