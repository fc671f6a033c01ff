#include "slurm/squeue.h"

#include "base/mem.h"
#include "base/needle.h"
#include "slurm/row.h"
#include "slurm/value.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { SEP = 0x1f };

enum kind { KIND_TEXT, KIND_ID, KIND_STATE, KIND_NUMBER, KIND_EPOCH, KIND_DURATION, KIND_COUNT };

struct column {
    const char *name;
    char letter; /* of squeue -o */
    enum kind kind;
    size_t field; /* where the value goes in struct squeue_row */
};

#define FIELD(f) offsetof(struct squeue_row, f)

/* What Slurm itself writes: no user can put a separator in. The id comes first. */
static const struct column columns[] = {
    { "id", 'i', KIND_ID, FIELD(id) },
    { "raw id", 'A', KIND_NUMBER, FIELD(raw_id) },
    { "state", 'T', KIND_STATE, FIELD(state) },
    { "user", 'u', KIND_TEXT, FIELD(user) },
    { "partition", 'P', KIND_TEXT, FIELD(partition) },
    { "account", 'a', KIND_TEXT, FIELD(account) },
    { "qos", 'q', KIND_TEXT, FIELD(qos) },
    { "nodes", 'N', KIND_TEXT, FIELD(nodes) },
    { "node count", 'D', KIND_COUNT, FIELD(node_count) },
    { "cpus", 'C', KIND_COUNT, FIELD(cpu_count) },
    { "submit", 'V', KIND_EPOCH, FIELD(submit_s) },
    { "start", 'S', KIND_EPOCH, FIELD(start_s) },
    { "end", 'e', KIND_EPOCH, FIELD(end_s) },
    { "priority", 'Q', KIND_COUNT, FIELD(priority) },
    { "time limit", 'l', KIND_DURATION, FIELD(time_limit_s) },
};

/* What people write: between nonces. */
static const struct column texts[] = {
    { "gres", 'b', KIND_TEXT, FIELD(gres) },       { "dependency", 'E', KIND_TEXT, FIELD(dependency) },
    { "reason", 'r', KIND_TEXT, FIELD(reason) },   { "name", 'j', KIND_TEXT, FIELD(name) },
    { "comment", 'k', KIND_TEXT, FIELD(comment) }, { "workdir", 'Z', KIND_TEXT, FIELD(workdir) },
    { "command", 'o', KIND_TEXT, FIELD(command) },
};

static int check_names(const struct squeue_request *request, struct err *err)
{
    if (request->user && !row_is_plain_name(span_of(request->user)))
        return err_set(err, ERR_INVALID, "'%s' is no user name for squeue", request->user);
    if (request->cluster && !row_is_plain_name(span_of(request->cluster)))
        return err_set(err, ERR_INVALID, "'%s' is no cluster name for squeue", request->cluster);
    return 0;
}

int squeue_command(struct str *sh, const struct squeue_request *request, struct err *err)
{
    size_t start = sh->len;
    if (check_names(request, err) < 0)
        return -1;
    /* SLURM_BITSTR_LEN=0: the tasks of an array are not cut at 64 bytes. */
    str_add(sh, "LC_ALL=C SLURM_TIME_FORMAT=%s SLURM_BITSTR_LEN=0 ");
    if (row_add_tool(sh, request->bin_dir, "squeue", err) < 0) {
        str_cut(sh, start);
        return -1;
    }
    str_add(sh, " -h -t all");
    str_addf(sh, request->user ? " -u %s" : " --me", request->user);
    if (request->cluster)
        str_addf(sh, " -M %s", request->cluster);
    const char *nonce = request->nonce->text;
    str_addf(sh, " -o '%s", nonce);
    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        str_addf(sh, "%c%%%c", SEP, columns[i].letter);
    str_add_char(sh, SEP);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        str_addf(sh, "%s=%%%c", nonce, texts[i].letter);
    str_addf(sh, "%s.'", nonce);
    return 0;
}

static void set_number(void *field, struct span value)
{
    uint64_t number;
    if (span_u64(value, &number))
        memcpy(field, &number, sizeof(number));
}

static void set_signed(void *field, struct span value, bool (*read)(struct span, int64_t *))
{
    int64_t number;
    if (read(value, &number))
        memcpy(field, &number, sizeof(number));
}

/* A value that is merely new or absent leaves its field unset; only an id must be one. */
static bool set_field(struct squeue_row *row, const struct column *column, struct span value)
{
    void *field = (char *)row + column->field;
    switch (column->kind) {
    case KIND_ID:
        return slurm_id_parse(value, &row->id);
    case KIND_STATE:
        row->state_raw = value;
        row->state = job_state_of(value);
        return value.len > 0;
    case KIND_TEXT:
        value = slurm_text(value);
        memcpy(field, &value, sizeof(value));
        return true;
    case KIND_NUMBER:
        set_number(field, value);
        return true;
    case KIND_EPOCH:
        set_signed(field, value, slurm_epoch_s);
        return true;
    case KIND_DURATION:
        set_signed(field, value, slurm_duration_s);
        return true;
    case KIND_COUNT:
        set_signed(field, value, slurm_count);
        break;
    }
    return true;
}

static void find_token(struct squeue_row *row)
{
    const struct span places[] = { row->command, row->workdir, row->comment };
    for (size_t i = 0; i < ARRAY_LEN(places) && !row->token.len; i++)
        row->token = token_find(places[i]);
}

struct reader {
    struct span rest;
    struct needle mark, row; /* the nonce; the nonce as it begins a row */
    struct squeue *rows;
};

/* Cuts the columns off the front of *text; the first text's mark must follow. */
static const char *read_columns(struct span *text, struct squeue_row *row)
{
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        size_t end = span_find_char(*text, SEP);
        if (end == text->len)
            return "row has too few columns";
        if (!set_field(row, &columns[i], span_head(*text, end)))
            return columns[i].kind == KIND_ID ? "no job id" : "no state";
        *text = span_skip(*text, end + 1);
    }
    return NULL;
}

static bool take_mark(struct span *text, struct span mark, char after)
{
    if (text->len <= mark.len || memcmp(text->ptr, mark.ptr, mark.len) != 0 || text->ptr[mark.len] != after)
        return false;
    *text = span_skip(*text, mark.len + 1);
    return true;
}

/* *text stands behind "<nonce> US". On success it stands behind the row's end mark. A row that was cut runs
 * into the next one's nonce, which is neither in a text nor followed by what should follow. */
static const char *read_row(struct span *text, const struct needle *mark, struct squeue_row *row)
{
    const char *why = read_columns(text, row);
    if (why)
        return why;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (!take_mark(text, mark->what, '='))
            return "row is cut";
        size_t end = needle_find(mark, *text);
        set_field(row, &texts[i], span_head(*text, end));
        *text = span_skip(*text, end);
    }
    if (!take_mark(text, mark->what, '.'))
        return "row is cut";
    find_token(row);
    return NULL;
}

/* Between rows stands a line feed; with -M also "CLUSTER: name". A warning is no harm, or a site that always
 * warns could never be polled. Anything else is not ours. */
static bool is_harmless(struct span line)
{
    return !line.len || span_starts(line, "CLUSTER: ") || span_starts(line, "squeue: warning: ");
}

static void check_between(struct reader *r, struct span between)
{
    struct span line;
    while (span_next_line(&between, &line)) {
        line = span_trim(line);
        if (!is_harmless(line))
            row_reject(&r->rows->rejected, r->rows->reject, "text outside the rows", line);
    }
}

/* Moves to behind the next "<nonce> US"; false at the end. */
static bool next_row(struct reader *r)
{
    size_t at = needle_find(&r->row, r->rest);
    check_between(r, span_head(r->rest, at));
    if (at == r->rest.len)
        return false;
    r->rest = span_skip(r->rest, at + r->row.what.len);
    return true;
}

/* Behind a broken row: at the next mark, so that a row that began inside it is still found. */
static struct span behind_broken(const struct reader *r)
{
    return span_skip(r->rest, needle_find(&r->mark, r->rest));
}

int slurm_parse_squeue(struct span text, const struct nonce *nonce, struct squeue *rows, struct err *err)
{
    auto_squeue struct squeue found = { 0 };
    struct reader r = { .rest = text, .rows = &found };
    char begin[NONCE_CHARS + 1];
    if (span_of(nonce->text).len != NONCE_CHARS)
        return err_set(err, ERR_INTERNAL, "squeue: no nonce");
    memcpy(begin, nonce->text, NONCE_CHARS);
    begin[NONCE_CHARS] = SEP;
    needle_init(&r.mark, span_of(nonce->text));
    needle_init(&r.row, (struct span){ begin, sizeof(begin) });
    while (next_row(&r)) {
        struct squeue_row row = { .id = { .task = -1, .het = -1 } };
        struct span at = r.rest;
        const char *why = read_row(&at, &r.mark, &row);
        if (why) {
            row_reject(&found.rejected, found.reject, why, r.rest);
            r.rest = behind_broken(&r);
            continue;
        }
        *vec_push(found.rows, found.count, found.cap) = row;
        r.rest = at;
    }
    *rows = found;
    found = (struct squeue){ 0 };
    return 0;
}

void squeue_clear(struct squeue *rows)
{
    free(rows->rows);
    *rows = (struct squeue){ 0 };
}

bool squeue_row_covers(const struct squeue_row *row, int64_t task)
{
    auto_slurm_tasks struct slurm_tasks tasks = { 0 };
    if (!row->id.ranges.len)
        return row->id.task == task;
    if (slurm_tasks_expand(row->id.ranges, &tasks, NULL) < 0 || tasks.is_cut)
        return true;
    for (size_t i = 0; i < tasks.count; i++)
        if (tasks.tasks[i] == task)
            return true;
    return false;
}
