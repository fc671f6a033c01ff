#include "svc/live/metrics_gather.h"

#include "base/hash_table.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/misc_store.h"
#include "svc/job_note.h"
#include "text/json_out.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { MAX_SHOWN = 50, DOC_BYTES = 64 * 1024, STREAM_BYTES = 64, CURVE_NAME_BYTES = MAX_METRIC_NAME + 32 };

/* --- points by name --- */

struct curve {
    char name[CURVE_NAME_BYTES];
    struct bucket *points;
    size_t count, cap;
    UT_hash_handle hh;
};

/* NULL: one too many. A file may make its names of a counter, hundreds of thousands in one read. */
static struct curve *find_curve(struct gather *gather, struct span name)
{
    struct curve *curve = NULL;
    HASH_FIND(hh, gather->curves, name.ptr, name.len, curve);
    if (curve)
        return curve;
    if (HASH_COUNT(gather->curves) >= MAX_SERIES)
        return NULL;
    curve = mem_zalloc(sizeof(*curve));
    memcpy(curve->name, name.ptr, name.len);
    HASH_ADD_KEYPTR(hh, gather->curves, curve->name, name.len, curve);
    return curve;
}

static void add_point(struct gather *gather, const struct metric_row *row, const struct metric_point *point)
{
    auto_str struct str name = STR_MAX(CURVE_NAME_BYTES - 1);
    struct span key = point->key;
    if (gather->task >= 0) {
        str_addf(&name, "task%" PRId64 "/%.*s", gather->task, SPAN_FMT(key));
        key = str_span(&name);
    }
    struct curve *curve = find_curve(gather, key);
    if (!curve) {
        gather->lost++;
        return;
    }
    *vec_push(curve->points, curve->count, curve->cap) =
        (struct bucket){ .step_lo = row->step,
                         .step_hi = row->step,
                         .min = point->value,
                         .max = point->value,
                         .time_us = row->time_us ? row->time_us : gather->now_us };
}

void gather_row(void *ctx, const struct metric_row *row)
{
    struct gather *gather = ctx;
    if (row->line < gather->first_line)
        return;
    if (!isnan(row->step))
        gather->last_step = row->step;
    for (size_t i = 0; i < row->count; i++)
        add_point(gather, row, &row->points[i]);
}

void gather_clear(struct gather *gather)
{
    struct curve *curve, *next;
    HASH_ITER (hh, gather->curves, curve, next) {
        HASH_DEL(gather->curves, curve);
        mem_free_ptr(&curve->points);
        mem_free_ptr(&curve);
    }
    gather->lost = 0;
}

/* --- the job's document: the last and best value of each --- */

struct showing {
    const struct metric_plan *plan;
    struct json_out out;
    size_t count;
    bool only_primary; /* this time round */
};

static bool is_primary(const struct metric_plan *plan, struct span name)
{
    return plan->primary && span_is(name, plan->primary);
}

static int show_series(void *ctx, const struct series_row *row, struct err *err)
{
    struct showing *showing = ctx;
    bool is_first = is_primary(showing->plan, row->name);
    (void)err;
    if (is_first != showing->only_primary || showing->count >= MAX_SHOWN)
        return 0;
    showing->count++;
    auto_free char *name = span_dup(row->name);
    json_key(&showing->out, name);
    json_open_object(&showing->out);
    json_member_f64(&showing->out, "last", row->last);
    json_member_f64(&showing->out, "best",
                    metric_plan_wants_min(showing->plan, row->name) ? row->min : row->max);
    if (!isnan(row->last_step))
        json_member_f64(&showing->out, "step", row->last_step);
    if (is_first)
        json_member_bool(&showing->out, "primary", true);
    json_close_object(&showing->out);
    return 0;
}

static bool show(void *ctx, struct job *job)
{
    const struct gather *gather = ctx;
    struct store *store = gather->gw->store;
    auto_str struct str text = STR_MAX(DOC_BYTES);
    struct showing showing = { .plan = gather->plan, .out = { .to = &text }, .only_primary = true };
    json_open_object(&showing.out);
    if (gather->plan->primary && metric_store_list(store, job->id, show_series, &showing, NULL) < 0)
        return false;
    showing.only_primary = false;
    if (metric_store_list(store, job->id, show_series, &showing, NULL) < 0)
        return false;
    json_close_object(&showing.out);
    if (text.failed || (job->metrics && strcmp(job->metrics, str_text(&text)) == 0))
        return false;
    mem_replace_str(&job->metrics, str_text(&text));
    return true;
}

int gather_store(struct gather *gather, struct err *err)
{
    struct curve *curve, *next;
    HASH_ITER (hh, gather->curves, curve, next) {
        struct err own;
        struct series_write write = { gather->job_id,           span_of(curve->name), gather->source,
                                      gather->plan->max_points, curve->points,        curve->count };
        if (metric_store_append(gather->gw->store, &write, &own) == 0)
            continue;
        if (own.code != ERR_TOO_LARGE) /* one series too many is no reason to lose the others */
            return err_set(err, own.code, "%s", own.text);
        gather->lost += curve->count;
    }
    if (gather->lost)
        log_warn("job %" PRId64 ": %zu points are left out: it has more than %d series", gather->job_id,
                 gather->lost, MAX_SERIES);
    if (gather->curves)
        job_note(gather->gw, gather->job_id,
                 &(struct job_note){ .kind = "metrics", .set = show, .ctx = gather });
    return 0;
}

/* --- streams --- */

static void stream_key(int64_t job_id, struct span stream, struct str *key)
{
    str_addf(key, "metrics/%" PRId64 "/stream/%.*s", job_id, SPAN_FMT(stream));
}

int stream_get(const struct gateway *gw, int64_t job_id, struct span stream, int64_t *next, struct err *err)
{
    auto_str struct str key = STR_MAX(256);
    auto_free char *value = NULL;
    stream_key(job_id, stream, &key);
    *next = 0;
    if (value_store_get(gw->store, str_text(&key), &value, err) < 0)
        return -1;
    if (value && !span_i64(span_of(value), next))
        return err_set(err, ERR_CORRUPT, "%s", str_text(&key));
    return 0;
}

int stream_put(const struct gateway *gw, int64_t job_id, struct span stream, int64_t next, struct err *err)
{
    auto_str struct str key = STR_MAX(256), value = STR_MAX(32);
    stream_key(job_id, stream, &key);
    str_addf(&value, "%" PRId64, next);
    return value_store_put(gw->store, str_text(&key), str_text(&value), err);
}

bool stream_is_valid(struct span stream)
{
    for (size_t i = 0; i < stream.len; i++)
        if (!strchr("0123456789abcdef", stream.ptr[i]) || !stream.ptr[i])
            return false;
    return stream.len >= 8 && stream.len <= STREAM_BYTES;
}

struct span stream_of(struct span file_name)
{
    struct span none = { 0 };
    if (!span_starts(file_name, "metrics.") || !span_ends(file_name, ".jsonl") || file_name.len < 14)
        return none;
    struct span stream = span_head(span_skip(file_name, 8), file_name.len - 8 - 6);
    return stream_is_valid(stream) ? stream : none;
}
