#include "slurm/sacct.h"

#include "base/mem.h"
#include "slurm/row.h"
#include "slurm/value.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_ID, KIND_STATE, KIND_TEXT, KIND_NUMBER, KIND_EPOCH, KIND_EXIT, KIND_RSS, KIND_CPU };

struct column {
    const char *name;
    enum kind kind;
    size_t field;
};

#define FIELD(f) offsetof(struct sacct_job, f)

static const struct column columns[] = {
    { "JobID", KIND_ID, FIELD(id) },
    { "JobIDRaw", KIND_NUMBER, FIELD(raw_id) },
    { "State", KIND_STATE, FIELD(state) },
    { "ExitCode", KIND_EXIT, FIELD(exit_code) },
    { "DerivedExitCode", KIND_EXIT, FIELD(derived_code) },
    { "Submit", KIND_EPOCH, FIELD(submit_s) },
    { "Eligible", KIND_EPOCH, FIELD(eligible_s) },
    { "Start", KIND_EPOCH, FIELD(start_s) },
    { "End", KIND_EPOCH, FIELD(end_s) },
    { "ElapsedRaw", KIND_EPOCH, FIELD(elapsed_s) },
    { "MaxRSS", KIND_RSS, FIELD(max_rss_bytes) },
    { "TotalCPU", KIND_CPU, FIELD(total_cpu_s) },
    { "Partition", KIND_TEXT, FIELD(partition) },
    { "Account", KIND_TEXT, FIELD(account) },
    { "QOS", KIND_TEXT, FIELD(qos) },
    { "NodeList", KIND_TEXT, FIELD(nodes) },
    { "AllocTRES", KIND_TEXT, FIELD(alloc_tres) },
    { "ReqTRES", KIND_TEXT, FIELD(req_tres) },
    { "Reason", KIND_TEXT, FIELD(reason) },
    { "JobName", KIND_TEXT, FIELD(name) },
    { "Comment", KIND_TEXT, FIELD(comment) },
    { "WorkDir", KIND_TEXT, FIELD(workdir) },
    { "SubmitLine", KIND_TEXT, FIELD(submit_line) },
};

int sacct_command(struct str *sh, const struct sacct_request *request, struct err *err)
{
    size_t start = sh->len;
    if (request->cluster && !row_is_plain_name(span_of(request->cluster)))
        return err_set(err, ERR_INVALID, "'%s' is no cluster name for sacct", request->cluster);
    str_add(sh, "LC_ALL=C SLURM_TIME_FORMAT=%s SLURM_BITSTR_LEN=0 ");
    if (row_add_tool(sh, request->bin_dir, "sacct", err) < 0) {
        str_cut(sh, start);
        return -1;
    }
    str_addf(sh, " -n -D -p --delimiter=%.*s --format=", SACCT_MARK_CHARS, request->nonce->text);
    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        str_addf(sh, "%s%s", i ? "," : "", columns[i].name);
    if (request->cluster)
        str_addf(sh, " -M %s", request->cluster);
    if (request->window_s > 0)
        str_addf(sh, " -S now-%lldseconds", (long long)request->window_s);
    return 0;
}

/* Slurm marks a job that ran out of memory by a signal there is none of (SIG_OOM, 253, less 128). */
enum { LAST_SIGNAL = 64 };

bool sacct_exit_code(struct span text, int *code, int *signal)
{
    uint64_t c, s;
    size_t colon = span_find_char(text, ':');
    if (colon == text.len || !span_u64(span_head(text, colon), &c) ||
        !span_u64(span_skip(text, colon + 1), &s) || c > 255 || s > 255)
        return false;
    *code = s > LAST_SIGNAL && c == 0 ? -1 : (int)c;
    *signal = s > LAST_SIGNAL ? -1 : (int)s;
    return true;
}

/* "1-02:03:04.5" with its fraction. */
static void set_cpu(double *field, struct span value)
{
    int64_t whole;
    double fraction = 0;
    size_t dot = span_find_char(value, '.');
    if (!slurm_duration_s(value, &whole) || whole < 0)
        return;
    if (dot < value.len && !span_f64(span_skip(value, dot), &fraction))
        fraction = 0;
    *field = (double)whole + fraction;
}

static bool set_field(struct sacct_job *job, const struct column *column, struct span value)
{
    void *field = (char *)job + column->field;
    switch (column->kind) {
    case KIND_ID:
        return slurm_id_parse(value, &job->id);
    case KIND_STATE:
        job->state_raw = value;
        job->state = job_state_of(value);
        return value.len > 0;
    case KIND_TEXT:
        value = slurm_text(value);
        memcpy(field, &value, sizeof(value));
        return true;
    case KIND_NUMBER:
        (void)span_u64(value, field);
        return true;
    case KIND_EPOCH:
        (void)slurm_epoch_s(value, field);
        return true;
    case KIND_EXIT: /* code and signal stand side by side in the struct */
        (void)sacct_exit_code(value, field, (int *)field + 1);
        return true;
    case KIND_RSS:
        (void)slurm_bytes(value, 1, field);
        return true;
    case KIND_CPU:
        set_cpu(field, value);
        break;
    }
    return true;
}

_Static_assert(offsetof(struct sacct_job, exit_signal) == offsetof(struct sacct_job, exit_code) + sizeof(int),
               "KIND_EXIT fills two ints");
_Static_assert(offsetof(struct sacct_job, derived_signal) ==
                   offsetof(struct sacct_job, derived_code) + sizeof(int),
               "KIND_EXIT fills two ints");

static const char *read_row(struct span *text, struct span mark, struct sacct_job *job)
{
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        size_t end = span_find(*text, mark);
        if (end == text->len)
            return "row is cut";
        struct span value = span_head(*text, end);
        if (!set_field(job, &columns[i], value))
            return columns[i].kind == KIND_ID ? "no job id" : "no state";
        *text = span_skip(*text, end + mark.len);
    }
    if (text->len && text->ptr[0] != '\n')
        return "row has too many columns";
    *text = span_skip(*text, 1);
    job->token = token_find(job->workdir);
    if (!job->token.len)
        job->token = token_find(job->submit_line);
    return NULL;
}

static bool is_same_job(const struct slurm_id *a, const struct slurm_id *b)
{
    return a->job == b->job && a->task == b->task && a->het == b->het;
}

/* A step stands behind its job; what it used counts there. */
static bool fold_step(struct sacct *rows, const struct sacct_job *step)
{
    struct sacct_job *job = rows->count ? &rows->jobs[rows->count - 1] : NULL;
    if (!job || !is_same_job(&job->id, &step->id))
        return false;
    if (step->max_rss_bytes > job->max_rss_bytes)
        job->max_rss_bytes = step->max_rss_bytes;
    if (step->total_cpu_s > job->total_cpu_s)
        job->total_cpu_s = step->total_cpu_s;
    return true;
}

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_ids(const struct slurm_id *a, const struct slurm_id *b)
{
    int by = (a->job > b->job) - (a->job < b->job);
    if (by == 0)
        by = compare_numbers(a->task, b->task);
    return by ? by : compare_numbers(a->het, b->het);
}

static int compare_jobs(const void *left, const void *right)
{
    const struct sacct_job *a = left, *b = right;
    int by = compare_ids(&a->id, &b->id);
    if (by == 0)
        by = compare_numbers(a->submit_s, b->submit_s);
    return by ? by : (a->order > b->order) - (a->order < b->order);
}

static void number_attempts(struct sacct *rows)
{
    if (rows->count > 1)
        qsort(rows->jobs, rows->count, sizeof(*rows->jobs), compare_jobs);
    for (size_t i = 0; i < rows->count; i++) {
        struct sacct_job *job = &rows->jobs[i];
        job->attempt = 1;
        const struct sacct_job *before = i ? job - 1 : NULL;
        if (before && is_same_job(&before->id, &job->id) && span_eq(before->token, job->token))
            job->attempt = before->attempt + (before->state != JOB_STATE_RESIZING); /* it ran on */
    }
}

/* Behind what cannot be a row: to the last line before the next mark, so that any garbage is scanned once.
 * What follows is read as rows again, or rejected in its turn. */
static struct span skip_broken(struct span text, struct span mark)
{
    struct span first = span_head(text, span_find(text, mark));
    const char *last = first.len ? memrchr(first.ptr, '\n', first.len) : NULL;
    if (first.len == text.len)
        return span_skip(text, text.len);
    if (last)
        return span_skip(text, (size_t)(last - text.ptr) + 1);
    return span_skip(text, span_find_char(text, '\n') + 1);
}

static void add_row(struct sacct *rows, struct sacct_job *job)
{
    if (job->id.step.len) {
        if (!fold_step(rows, job))
            row_reject(&rows->rejected, rows->reject, "step without its job", job->state_raw);
        return;
    }
    job->order = (uint32_t)rows->count;
    *vec_push(rows->jobs, rows->count, rows->cap) = *job;
}

int slurm_parse_sacct(struct span text, const struct nonce *nonce, struct sacct *rows, struct err *err)
{
    auto_sacct struct sacct found = { 0 };
    struct span mark = span_head(span_of(nonce->text), SACCT_MARK_CHARS);
    if (strlen(nonce->text) != NONCE_CHARS)
        return err_set(err, ERR_INTERNAL, "sacct: no nonce");
    while (span_trim(text).len) {
        struct sacct_job job = { .id = { .task = -1, .het = -1 }, .exit_code = -1, .exit_signal = -1 };
        job.derived_code = job.derived_signal = -1;
        struct span at = text;
        const char *why = read_row(&at, mark, &job);
        if (why) {
            row_reject(&found.rejected, found.reject, why, text);
            text = skip_broken(text, mark);
            continue;
        }
        text = at;
        add_row(&found, &job);
    }
    number_attempts(&found);
    *rows = found;
    found = (struct sacct){ 0 };
    return 0;
}

void sacct_clear(struct sacct *rows)
{
    free(rows->jobs);
    *rows = (struct sacct){ 0 };
}

/* job has the id's number. */
static bool stands_for(const struct sacct_job *job, const struct slurm_id *id)
{
    if (is_same_job(&job->id, id))
        return true;
    if (!job->id.ranges.len || id->task < 0)
        return false;
    auto_slurm_tasks struct slurm_tasks tasks = { 0 };
    if (slurm_tasks_expand(job->id.ranges, &tasks, NULL) < 0)
        return false;
    for (size_t i = 0; i < tasks.count; i++)
        if (tasks.tasks[i] == id->task)
            return true;
    return false;
}

/* The first row whose job is not below `job`: rows are sorted. */
static size_t first_of(const struct sacct *rows, uint64_t job)
{
    size_t low = 0, high = rows->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rows->jobs[middle].id.job < job)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct sacct_job *sacct_find(const struct sacct *rows, const struct slurm_id *id, struct span token)
{
    const struct sacct_job *found = NULL;
    for (size_t i = first_of(rows, id->job); i < rows->count && rows->jobs[i].id.job == id->job; i++) {
        const struct sacct_job *job = &rows->jobs[i];
        if (span_eq(job->token, token) && stands_for(job, id) && (!found || job->submit_s >= found->submit_s))
            found = job;
    }
    return found;
}
