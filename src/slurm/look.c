#include "slurm/look.h"

#include "base/mem.h"
#include "slurm/row.h"
#include "text/frame.h"
#include "text/quote.h"

#include <stdio.h>
#include <string.h>

int look_add_sections(struct str *sh, const struct look_request *request, struct err *err)
{
    struct squeue_request squeue = { request->rows, request->tools.user, request->tools.bin_dir,
                                     request->tools.cluster };
    struct sacct_request sacct = { request->rows, request->tools.bin_dir, request->tools.cluster,
                                   request->window_s };
    str_add(sh, "_d=");
    quote_text(sh, request->run_dir);
    str_add(sh, "\n");
    frame_section_open(sh, "receipt");
    /* An NFS client that still believes in the folder's old content is asked afresh by reading it. */
    str_add(sh, "ls \"$_d\" >/dev/null 2>&1; [ ! -f \"$_d/receipt\" ] || cat \"$_d/receipt\"\n");
    frame_section_close(sh, "receipt");
    frame_section_open(sh, "squeue");
    if (squeue_command(sh, &squeue, err) < 0)
        return -1;
    str_add(sh, " 2>&1\n");
    frame_section_close(sh, "squeue");
    if (!request->has_accounting)
        return 0;
    frame_section_open(sh, "sacct");
    (void)sacct_command(sh, &sacct, NULL); /* its names passed with squeue's */
    str_add(sh, "\n");
    frame_section_close(sh, "sacct");
    return 0;
}

int look_program(struct str *sh, const struct look_request *request, struct err *err)
{
    size_t start = sh->len;
    if (!request->run_dir || request->run_dir[0] != '/' || request->window_s <= 0)
        return err_set(err, ERR_INVALID, "look: needs an absolute run directory and a window");
    frame_begin(sh, request->frame);
    if (look_add_sections(sh, request, err) < 0) {
        str_cut(sh, start);
        return -1;
    }
    frame_end(sh);
    return 0;
}

/* Keeps the lowest. */
static void add_id(struct slurm_look_result *result, uint64_t id)
{
    size_t at = 0;
    while (at < result->id_count && result->ids[at] < id)
        at++;
    if (at == MAX_LOOK_IDS || (at < result->id_count && result->ids[at] == id))
        return;
    size_t behind = result->id_count - at;
    if (result->id_count == MAX_LOOK_IDS)
        behind--;
    else
        result->id_count++;
    memmove(&result->ids[at + 1], &result->ids[at], behind * sizeof(result->ids[0]));
    result->ids[at] = id;
}

/* text: what the row says was submitted. */
static void add_row(struct slurm_look_result *result, uint64_t id, struct span text, struct span token)
{
    char script[TOKEN_CHARS + sizeof("/script.sh")];
    snprintf(script, sizeof(script), "%.*s/script.sh", SPAN_FMT(token));
    if (span_has(text, script))
        add_id(result, id);
    else if (!result->other || id < result->other)
        result->other = id;
}

static bool is_whole(const struct frame_section *section, size_t rejected)
{
    return section && section->complete && section->rc == 0 && rejected == 0;
}

static int look_queue(const struct frame *frame, const struct nonce *rows, struct span token,
                      struct slurm_look_result *result, struct err *err)
{
    auto_squeue struct squeue queue = { 0 };
    const struct frame_section *section = frame_get(frame, "squeue");
    if (slurm_parse_squeue(section ? section->data : (struct span){ 0 }, rows, &queue, err) < 0)
        return -1;
    result->is_good = is_whole(section, queue.rejected);
    for (size_t i = 0; i < queue.count; i++)
        if (span_eq(queue.rows[i].token, token))
            add_row(result, queue.rows[i].id.job, queue.rows[i].command, token);
    return 0;
}

static void look_accounting(const struct frame *frame, const struct nonce *rows, struct span token,
                            struct slurm_look_result *result)
{
    auto_sacct struct sacct sacct = { 0 };
    const struct frame_section *section = frame_get(frame, "sacct");
    struct span data = section ? section->data : (struct span){ 0 };
    (void)slurm_parse_sacct(data, rows, &sacct, NULL); /* the nonce passed with squeue's */
    result->is_good = result->is_good && is_whole(section, sacct.rejected);
    for (size_t i = 0; i < sacct.count; i++)
        if (span_eq(sacct.jobs[i].token, token))
            add_row(result, sacct.jobs[i].id.job, sacct.jobs[i].submit_line, token);
}

int look_parse(struct span out, const struct look_request *request, struct span token,
               struct slurm_look_result *result, struct err *err)
{
    auto_frame struct frame frame = { 0 };
    if (frame_parse(out, request->frame, &frame, err) < 0)
        return err_wrap(err, "look");
    return look_read(&frame, request, token, result, err);
}

int look_read(const struct frame *frame, const struct look_request *request, struct span token,
              struct slurm_look_result *result, struct err *err)
{
    struct slurm_look_result found = { .is_good = false };
    if (!frame->ended)
        return err_set(err, ERR_CORRUPT, "look: the answer was cut");
    if (look_queue(frame, request->rows, token, &found, err) < 0)
        return err_wrap(err, "look");
    if (request->has_accounting)
        look_accounting(frame, request->rows, token, &found);
    const struct frame_section *receipt = frame_get(frame, "receipt");
    found.is_good = found.is_good && is_whole(receipt, 0);
    found.has_receipt = receipt && receipt->data.len > 0;
    if (found.has_receipt)
        found.receipt = receipt_parse(receipt->data);
    *result = found;
    return 0;
}

static bool is_job_or_task(const char *id)
{
    struct slurm_id parsed;
    return strspn(id, "0123456789_") == strlen(id) && slurm_id_parse(span_of(id), &parsed);
}

static int check_cancel(const struct cancel_request *request, struct err *err)
{
    if (!is_job_or_task(request->id) || !token_is_valid(span_of(request->token)))
        return err_set(err, ERR_INVALID, "cancel: '%s' is no job", request->id);
    if (request->signal && !row_is_plain_name(span_of(request->signal)))
        return err_set(err, ERR_INVALID, "cancel: '%s' is no signal", request->signal);
    return 0;
}

static void add_scancel(struct str *sh, const struct cancel_request *request)
{
    (void)row_add_tool(sh, request->tools.bin_dir, "scancel", NULL); /* as squeue's, which passed */
    if (request->tools.cluster)
        str_addf(sh, " -M %s", request->tools.cluster);
    if (request->signal)
        str_addf(sh, " --batch --signal=%s", request->signal);
    struct slurm_id id;
    (void)slurm_id_parse(span_of(request->id), &id);
    /* Its name as it is now (open_if_ours): both must match, should the id become another job's meanwhile.
     * For a task -n would take all that wait of its array with it. */
    if (id.task < 0)
        str_add(sh, " -n \"$_j\"");
    str_addf(sh, " %s", request->id);
}

/* Opens a case over what names the job for sure: its script's path and its folder, not its name. What follows
 * is done where it is ours. */
static int open_if_ours(struct str *sh, const struct slurm_tools *tools, const struct nonce *rows,
                        const char *id, const char *token, struct err *err)
{
    struct slurm_id job;
    (void)slurm_id_parse(span_of(id), &job);
    str_add(sh, "_q=$(LC_ALL=C ");
    if (row_add_tool(sh, tools->bin_dir, "squeue", err) < 0)
        return -1;
    if (tools->cluster)
        str_addf(sh, " -M %s", tools->cluster);
    str_addf(sh, " -h -j %llu -o '%s %%o %%Z %%k %s%%j%s' 2>&1); _c=$?\n", (unsigned long long)job.job,
             rows->text, rows->text, rows->text);
    str_addf(sh, "case $_c,$_q in\n[!0]*,*'Invalid job id'*|0,) echo gone;;\n0,*%s*) ", token);
    return 0;
}

/* After a command that may be refused. */
static void close_if_ours(struct str *sh, const struct nonce *rows)
{
    str_addf(sh, ";;\n0,*%s*) echo stranger;;\n*) printf '%%s\\n' \"$_q\"; echo unknown;;\nesac\n",
             rows->text);
}

static const char tell_text[] = " 2>&1; _c=$?\necho; [ $_c -eq 0 ] && echo sent || echo \"refused $_c\"";

static int add_cancel(struct str *sh, const struct cancel_request *request, struct err *err)
{
    frame_section_open(sh, "cancel");
    if (open_if_ours(sh, &request->tools, request->rows, request->id, request->token, err) < 0)
        return -1;
    str_addf(sh, "_j=${_q%%%s*}; _j=${_j##*%s}; ", request->rows->text, request->rows->text);
    add_scancel(sh, request);
    str_add(sh, tell_text);
    close_if_ours(sh, request->rows);
    frame_section_close(sh, "cancel");
    return 0;
}

int cancel_program(struct str *sh, const struct cancel_request *request, struct err *err)
{
    size_t start = sh->len;
    if (check_cancel(request, err) < 0)
        return -1;
    if (request->tools.cluster && !row_is_plain_name(span_of(request->tools.cluster)))
        return err_set(err, ERR_INVALID, "'%s' is no cluster name for scancel", request->tools.cluster);
    frame_begin(sh, request->frame);
    if (add_cancel(sh, request, err) < 0) {
        str_cut(sh, start);
        return -1;
    }
    frame_end(sh);
    return 0;
}

enum cancel_kind cancel_parse(struct span out, const struct nonce *frame)
{
    auto_frame struct frame sections = { 0 };
    (void)frame_parse(out, frame, &sections, NULL);
    return cancel_read(&sections);
}

static enum cancel_kind kind_of(struct span last)
{
    static const struct {
        const char *word;
        enum cancel_kind kind;
    } words[] = { { "sent", CANCEL_SENT },
                  { "gone", CANCEL_GONE },
                  { "stranger", CANCEL_STRANGER },
                  { "restarted", REQUEUE_OTHER_RUN } };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (span_is(last, words[i].word))
            return words[i].kind;
    return span_starts(last, "refused ") ? CANCEL_REFUSED : CANCEL_UNKNOWN;
}

/* By the section's last line; *words is its first. */
static enum cancel_kind read_section(const struct frame *frame, const char *name, struct span *words)
{
    const struct frame_section *section = frame_get(frame, name);
    struct span line, last = { 0 };
    *words = (struct span){ 0 };
    if (!section || !section->complete)
        return CANCEL_UNKNOWN;
    struct span text = section->data;
    while (span_next_line(&text, &line)) {
        last = line.len ? line : last;
        *words = words->len ? *words : line;
    }
    return kind_of(last);
}

enum cancel_kind cancel_read(const struct frame *frame)
{
    struct span words;
    return read_section(frame, "cancel", &words);
}

static int check_requeue(const struct requeue_request *request, struct err *err)
{
    if (!is_job_or_task(request->id) || strchr(request->id, '_') || !token_is_valid(span_of(request->token)))
        return err_set(err, ERR_INVALID, "requeue: '%s' is no job", request->id);
    if (request->tools.cluster && !row_is_plain_name(span_of(request->tools.cluster)))
        return err_set(err, ERR_INVALID, "'%s' is no cluster name for scontrol", request->tools.cluster);
    return 0;
}

static void add_scontrol(struct str *sh, const struct requeue_request *request, const char *words)
{
    (void)row_add_tool(sh, request->tools.bin_dir, "scontrol", NULL); /* as squeue's, which passed */
    if (request->tools.cluster)
        str_addf(sh, " -M %s", request->tools.cluster);
    str_addf(sh, " %s %s", words, request->id);
}

static int add_requeue(struct str *sh, const struct requeue_request *request, struct err *err)
{
    frame_section_open(sh, "requeue");
    if (open_if_ours(sh, &request->tools, request->rows, request->id, request->token, err) < 0)
        return -1;
    str_add(sh, "_s=$(LC_ALL=C ");
    add_scontrol(sh, request, "-o show job");
    str_addf(sh, " 2>&1)\ncase ${_s#* Requeue=} in\n[01]' Restarts=%lld '*) ", (long long)request->restarts);
    add_scontrol(sh, request, "requeue");
    str_add(sh, tell_text);
    str_add(sh, ";;\n[01]' Restarts='*) echo restarted;;\n*) printf '%s\\n' \"$_s\"; echo unknown;;\nesac");
    close_if_ours(sh, request->rows);
    frame_section_close(sh, "requeue");
    return 0;
}

int requeue_program(struct str *sh, const struct requeue_request *request, struct err *err)
{
    size_t start = sh->len;
    if (check_requeue(request, err) < 0)
        return -1;
    frame_begin(sh, request->frame);
    if (add_requeue(sh, request, err) < 0) {
        str_cut(sh, start);
        return -1;
    }
    frame_end(sh);
    return 0;
}

enum cancel_kind requeue_read(const struct frame *frame, struct span *words)
{
    return read_section(frame, "requeue", words);
}
