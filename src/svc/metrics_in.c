#include "svc/metrics.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/metric_store.h"
#include "store/misc_store.h"
#include "svc/job_note.h"
#include "text/json_out.h"
#include "text/metric_lines.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <uthash.h>

enum { MAX_LINE_BYTES = 256 * 1024, MAX_HEADER_BYTES = 64 * 1024, MAX_SHOWN = 50, DOC_BYTES = 64 * 1024 };

/* --- points by name --- */

struct curve {
    char name[MAX_METRIC_NAME + 1];
    struct bucket *points;
    size_t count, cap;
    UT_hash_handle hh;
};

struct gather {
    struct curve *curves;
    int64_t now_us;
};

static void add_point(struct gather *gather, const struct metric_row *row, const struct metric_point *point)
{
    struct curve *curve = NULL;
    HASH_FIND(hh, gather->curves, point->key.ptr, point->key.len, curve);
    if (!curve) {
        curve = mem_zalloc(sizeof(*curve));
        memcpy(curve->name, point->key.ptr, point->key.len);
        HASH_ADD_KEYPTR(hh, gather->curves, curve->name, point->key.len, curve);
    }
    *vec_push(curve->points, curve->count, curve->cap) =
        (struct bucket){ .step_lo = row->step,
                         .step_hi = row->step,
                         .min = point->value,
                         .max = point->value,
                         .time_us = row->time_us ? row->time_us : gather->now_us };
}

static void on_row(void *ctx, const struct metric_row *row)
{
    for (size_t i = 0; i < row->count; i++)
        add_point(ctx, row, &row->points[i]);
}

static void gather_clear(struct gather *gather)
{
    struct curve *curve, *next;
    HASH_ITER (hh, gather->curves, curve, next) {
        HASH_DEL(gather->curves, curve);
        mem_free_ptr(&curve->points);
        mem_free_ptr(&curve);
    }
}

/* --- the job's document: the last and best value of each --- */

struct showing {
    const struct gateway *gw;
    struct json_out out;
    size_t count;
};

static bool is_better_low(struct span name)
{
    static const char *const words[] = { "loss", "err", "perplexity", "ppl", "wer", "mse", "mae", "rmse" };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (span_has(name, words[i]))
            return true;
    return false;
}

static int show_series(void *ctx, const struct series_row *row, struct err *err)
{
    struct showing *showing = ctx;
    (void)err;
    if (showing->count++ >= MAX_SHOWN)
        return 0;
    auto_free char *name = span_dup(row->name);
    json_key(&showing->out, name);
    json_open_object(&showing->out);
    json_member_f64(&showing->out, "last", row->last);
    json_member_f64(&showing->out, "best", is_better_low(row->name) ? row->min : row->max);
    if (!isnan(row->last_step))
        json_member_f64(&showing->out, "step", row->last_step);
    json_close_object(&showing->out);
    return 0;
}

static bool show(void *ctx, struct job *job)
{
    const struct gateway *gw = ctx;
    auto_str struct str text = STR_MAX(DOC_BYTES);
    struct showing showing = { .gw = gw, .out = { .to = &text } };
    json_open_object(&showing.out);
    if (metric_store_list(gw->store, job->id, show_series, &showing, NULL) < 0)
        return false;
    json_close_object(&showing.out);
    if (text.failed || (job->metrics && strcmp(job->metrics, str_text(&text)) == 0))
        return false;
    mem_replace_str(&job->metrics, str_text(&text));
    return true;
}

static int store_all(const struct gateway *gw, int64_t job_id, struct gather *gather, struct err *err)
{
    struct curve *curve, *next;
    HASH_ITER (hh, gather->curves, curve, next) {
        struct err own;
        if (metric_store_append(gw->store, job_id, span_of(curve->name), curve->points, curve->count, &own) ==
            0)
            continue;
        if (own.code != ERR_TOO_LARGE) /* one series too many is no reason to lose the others */
            return err_set(err, own.code, "%s", own.text);
        log_warn("metrics: %s", own.text);
    }
    if (gather->curves)
        job_note(gw, job_id,
                 &(struct job_note){ .kind = "metrics", .set = show, .ctx = (void *)(uintptr_t)gw });
    return 0;
}

/* --- files --- */

static void place_key(const struct metric_file *file, struct str *key)
{
    str_addf(key, "metrics/%" PRId64 "/%.*s", file->job_id, SPAN_FMT(file->name));
}

/* "inode offset\n" and a CSV's header. */
static void read_place(const struct gateway *gw, struct metric_file *file, struct str *header)
{
    auto_str struct str key = STR_MAX(512);
    auto_free char *value = NULL;
    struct span rest, word;
    place_key(file, &key);
    if (value_store_get(gw->store, str_text(&key), &value, NULL) < 0 || !value)
        return;
    rest = span_of(value);
    if (span_next(&rest, ' ', &word) && span_u64(word, &file->inode) && span_next(&rest, '\n', &word) &&
        span_i64(word, &file->offset))
        str_add_span(header, rest);
}

void metrics_resume(const struct gateway *gw, struct metric_file *file)
{
    auto_str struct str header = STR_MAX(MAX_HEADER_BYTES);
    file->inode = 0;
    file->offset = 0;
    read_place(gw, file, &header);
}

static int store_place(const struct gateway *gw, const struct metric_file *file, struct span header,
                       struct err *err)
{
    auto_str struct str key = STR_MAX(512), value = STR_MAX(MAX_HEADER_BYTES + 64);
    place_key(file, &key);
    str_addf(&value, "%" PRIu64 " %" PRId64 "\n", file->inode, file->offset);
    str_add_span(&value, header);
    return value_store_put(gw->store, str_text(&key), str_text(&value), err);
}

static struct span whole_lines(struct span bytes)
{
    const char *end = bytes.len ? memrchr(bytes.ptr, '\n', bytes.len) : NULL;
    return end ? span_head(bytes, (size_t)(end - bytes.ptr) + 1) : (struct span){ 0 };
}

/* The header of a CSV: the file's first line, or what was stored when it passed. */
static void find_header(const struct gateway *gw, const struct metric_file *file, struct span *lines,
                        struct str *header)
{
    struct metric_file stored = *file;
    struct span first;
    if (!file->is_csv)
        return;
    if (file->offset > 0)
        read_place(gw, &stored, header);
    else if (span_next_line(lines, &first))
        str_add_span(header, span_head(first, MAX_HEADER_BYTES - 1));
}

void metrics_take(const struct gateway *gw, struct metric_file *file, struct span bytes)
{
    struct err err;
    struct gather gather = { .now_us = clock_wall_us(gw->clock) };
    auto_str struct str header = STR_MAX(MAX_HEADER_BYTES);
    struct span whole = whole_lines(bytes), lines = whole;
    struct metric_file next = *file;
    if (!whole.len && bytes.len < MAX_LINE_BYTES)
        return; /* the rest of the line is still to come */
    next.offset += (int64_t)(whole.len ? whole.len : bytes.len);
    find_header(gw, file, &lines, &header);
    if (file->is_csv)
        (void)metric_csv(str_span(&header), lines, on_row, &gather);
    else
        (void)metric_jsonl(lines, on_row, &gather);
    if (store_all(gw, file->job_id, &gather, &err) < 0 || store_place(gw, &next, str_span(&header), &err) < 0)
        log_warn("job %" PRId64 ": metrics not kept: %s", file->job_id, err.text);
    *file = next;
    gather_clear(&gather);
}

/* --- posted ones --- */

static bool doc_number(const struct doc *doc, double *out)
{
    const char *text = doc_scalar_text(doc);
    return text && metric_number(span_of(text), out);
}

static int add_doc(struct gather *gather, const struct doc *doc, struct err *err)
{
    struct metric_row row = { .step = (double)NAN };
    double number;
    if (doc->kind != DOC_MAP)
        return err_set(err, ERR_INVALID,
                       "points must be a list of objects such as {\"step\": 1, \"loss\": 0.5}");
    if (doc_get(doc, "step"))
        (void)doc_number(doc_get(doc, "step"), &row.step);
    if (doc_get(doc, "time") && doc_number(doc_get(doc, "time"), &number) && fabs(number) < 1e11)
        row.time_us = (int64_t)(number * (double)US_PER_S);
    for (size_t i = 0; i < doc->count; i++) {
        struct metric_point point = { .key = span_of(doc->items[i].key) };
        if (span_is(point.key, "step") || span_is(point.key, "time"))
            continue;
        if (!point.key.len || point.key.len > MAX_METRIC_NAME)
            return err_set(err, ERR_INVALID, "a name has 1 to %d bytes", MAX_METRIC_NAME);
        if (!doc_number(&doc->items[i], &point.value))
            return err_set(err, ERR_INVALID, "%s must be a number", doc->items[i].key);
        add_point(gather, &row, &point);
    }
    return 0;
}

int metrics_post(const struct gateway *gw, int64_t job_id, const struct doc *body, struct err *err)
{
    struct gather gather = { .now_us = clock_wall_us(gw->clock) };
    const struct doc *points = doc_get(body, "points");
    int rc = 0;
    if (!points || points->kind != DOC_SEQ || body->count != 1)
        return err_set(err, ERR_INVALID, "the body must hold points, a list of objects");
    for (size_t i = 0; rc == 0 && i < points->count; i++)
        rc = add_doc(&gather, &points->items[i], err);
    if (rc == 0)
        rc = store_all(gw, job_id, &gather, err);
    gather_clear(&gather);
    return rc;
}
