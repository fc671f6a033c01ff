#include "store/metric_store.h"

#include "base/mem.h"
#include "store/call.h"

#include <math.h>
#include <string.h>

enum { POINT_WORDS = 3, BUCKET_WORDS = 5 }; /* of 8 bytes, in the machine's order */

struct series {
    int64_t id, count;
    double last_step, last, min, max;
    int64_t source, max_points;
};

/* --- chunks as bytes --- */

static size_t encode(const struct bucket *buckets, size_t count, int level, uint64_t *to)
{
    size_t words = 0;
    for (size_t i = 0; i < count; i++) {
        const struct bucket *b = &buckets[i];
        const double all[] = { b->step_lo, b->min, b->step_hi, b->max };
        memcpy(&to[words++], &all[0], sizeof(double));
        memcpy(&to[words++], &all[1], sizeof(double));
        memcpy(&to[words++], &b->time_us, sizeof(double));
        if (level == 0)
            continue;
        memcpy(&to[words++], &all[2], sizeof(double));
        memcpy(&to[words++], &all[3], sizeof(double));
    }
    return words * sizeof(*to);
}

static size_t decode(struct span bytes, int level, struct bucket *to)
{
    size_t size = (level ? BUCKET_WORDS : POINT_WORDS) * sizeof(uint64_t), count = bytes.len / size;
    if (count > SERIES_CHUNK)
        count = SERIES_CHUNK;
    for (size_t i = 0; i < count; i++) {
        const char *from = bytes.ptr + i * size;
        struct bucket b;
        memcpy(&b.step_lo, from, sizeof(double));
        memcpy(&b.min, from + 8, sizeof(double));
        memcpy(&b.time_us, from + 16, sizeof(double));
        b.step_hi = b.step_lo;
        b.max = b.min;
        if (level) {
            memcpy(&b.step_hi, from + 24, sizeof(double));
            memcpy(&b.max, from + 32, sizeof(double));
        }
        to[i] = b;
    }
    return count;
}

/* --- series --- */

static double column_double(struct call *call, int column)
{
    return sqlite3_column_type(call->stmt, column) == SQLITE_NULL ? (double)NAN
                                                                  : sqlite3_column_double(call->stmt, column);
}

static void bind_double(struct call *call, int at, double value)
{
    if (!isnan(value)) /* SQLite has no NaN: it stays NULL */
        (void)sqlite3_bind_double(call->stmt, at, value);
}

/* 1: found, 0: none, -1: err. */
static int find(struct store *store, enum sql_id id, int64_t job_id, struct span name, struct series *out,
                struct err *err)
{
    auto_call struct call call = call_open(store, id);
    call_int(&call, 1, job_id);
    call_span(&call, 2, name);
    int rc = call_step(&call, err);
    if (rc == 1)
        *out = (struct series){ sqlite3_column_int64(call.stmt, 0),
                                sqlite3_column_int64(call.stmt, 1),
                                column_double(&call, 2),
                                column_double(&call, 3),
                                column_double(&call, 4),
                                column_double(&call, 5),
                                sqlite3_column_int64(call.stmt, 6),
                                sqlite3_column_int64(call.stmt, 7) };
    return rc;
}

static struct series fresh_series(int64_t id, const struct series_write *write)
{
    return (struct series){
        id, 0, (double)NAN, (double)NAN, (double)NAN, (double)NAN, (int64_t)write->source, write->max_points
    };
}

static int add_series(struct store *store, const struct series_write *write, struct series *out,
                      struct err *err)
{
    {
        auto_call struct call count = call_open(store, SQL_SERIES_COUNT);
        call_int(&count, 1, write->job_id);
        if (call_step(&count, err) < 0)
            return -1;
        if (sqlite3_column_int64(count.stmt, 0) >= MAX_SERIES)
            return err_set(err, ERR_TOO_LARGE, "job %lld has %d series already", (long long)write->job_id,
                           MAX_SERIES);
    }
    auto_call struct call call = call_open(store, SQL_SERIES_ADD);
    call_int(&call, 1, write->job_id);
    call_span(&call, 2, write->name);
    call_int(&call, 3, (int64_t)write->source);
    call_int(&call, 4, write->max_points);
    if (call_run(&call, err) < 0)
        return -1;
    *out = fresh_series(sqlite3_last_insert_rowid(store->writer), write);
    return 0;
}

static int drop_chunks(struct store *store, int64_t series, int level, int64_t before, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_CHUNK_DROP);
    call_int(&call, 1, series);
    call_int(&call, 2, level);
    call_int(&call, 3, before);
    return call_run(&call, err);
}

/* What was read off a log gives way to the numbers themselves. */
static int begin_again(struct store *store, const struct series_write *write, struct series *series,
                       struct err *err)
{
    for (int level = 0; level < SERIES_LEVELS; level++)
        if (drop_chunks(store, series->id, level, INT64_MAX, err) < 0)
            return -1;
    auto_call struct call call = call_open(store, SQL_SERIES_RESET);
    call_int(&call, 1, series->id);
    call_int(&call, 2, (int64_t)write->source);
    if (call_run(&call, err) < 0)
        return -1;
    int64_t kept = series->max_points;
    *series = fresh_series(series->id, write);
    series->max_points = kept;
    return 0;
}

/* The first chunk of a level that is kept. All of the top level is. */
static int64_t first_chunk(const struct series *series, int level, int64_t count)
{
    int64_t buckets = ((count - 1) >> (4 * level)) + 1, over = buckets - series->max_points;
    if (level == SERIES_LEVELS - 1 || series->max_points <= 0 || over <= 0)
        return 0;
    return over / SERIES_CHUNK;
}

static int thin(struct store *store, const struct series *series, int64_t before, struct err *err)
{
    for (int level = 0; level < SERIES_LEVELS; level++) {
        int64_t first = first_chunk(series, level, series->count);
        if (first > (before ? first_chunk(series, level, before) : 0) &&
            drop_chunks(store, series->id, level, first, err) < 0)
            return -1;
    }
    return 0;
}

static int put_series(struct store *store, const struct series *series, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_SERIES_PUT);
    call_int(&call, 1, series->id);
    call_int(&call, 2, series->count);
    bind_double(&call, 3, series->last_step);
    bind_double(&call, 4, series->last);
    bind_double(&call, 5, series->min);
    bind_double(&call, 6, series->max);
    return call_run(&call, err);
}

/* --- writing --- */

struct chunk {
    struct store *store;
    int64_t series, number;
    int level;
    struct bucket buckets[SERIES_CHUNK];
    size_t fill;
};

static int chunk_load(struct chunk *chunk, struct err *err)
{
    auto_call struct call call = call_open(chunk->store, SQL_CHUNK_GET);
    call_int(&call, 1, chunk->series);
    call_int(&call, 2, chunk->level);
    call_int(&call, 3, chunk->number);
    int rc = call_step(&call, err);
    chunk->fill = rc == 1 ? decode(call_get(&call, 0), chunk->level, chunk->buckets) : 0;
    return rc < 0 ? -1 : 0;
}

static int chunk_save(struct chunk *chunk, struct err *err)
{
    uint64_t words[SERIES_CHUNK * BUCKET_WORDS];
    size_t len = encode(chunk->buckets, chunk->fill, chunk->level, words);
    auto_call struct call call = call_open(chunk->store, SQL_CHUNK_PUT);
    call_int(&call, 1, chunk->series);
    call_int(&call, 2, chunk->level);
    call_int(&call, 3, chunk->number);
    (void)sqlite3_bind_blob(call.stmt, 4, words, (int)len, SQLITE_STATIC);
    return call_run(&call, err);
}

/* One level: the last chunk, then new ones. before: points that were there. */
static int append_level(struct chunk *chunk, int64_t before, const struct bucket *points, size_t count,
                        struct err *err)
{
    int64_t per = (int64_t)1 << (4 * chunk->level);
    int64_t last = before ? (before - 1) / per : -1; /* the bucket that was begun */
    chunk->number = (last < 0 ? 0 : last) / SERIES_CHUNK;
    if (chunk_load(chunk, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        int64_t at = (before + (int64_t)i) / per;
        if (at == last && chunk->fill) {
            bucket_merge(&chunk->buckets[chunk->fill - 1], &points[i]);
            continue;
        }
        last = at;
        if (chunk->fill == SERIES_CHUNK) {
            if (chunk_save(chunk, err) < 0)
                return -1;
            chunk->fill = 0;
            chunk->number++;
        }
        chunk->buckets[chunk->fill++] = points[i];
    }
    return chunk_save(chunk, err);
}

static int append_levels(struct store *store, const struct series *series, const struct bucket *points,
                         size_t count, struct err *err)
{
    struct chunk *chunk = mem_alloc(sizeof(*chunk));
    *chunk = (struct chunk){ .store = store, .series = series->id };
    int rc = 0;
    for (chunk->level = 0; rc == 0 && chunk->level < SERIES_LEVELS; chunk->level++)
        rc = append_level(chunk, series->count, points, count, err);
    mem_free_ptr(&chunk);
    return rc;
}

static int append_to(struct store *store, struct series *series, const struct series_write *write,
                     struct err *err)
{
    struct bucket *points = write->points;
    size_t count = write->count;
    int64_t before = series->count;
    for (size_t i = 0; i < count; i++)
        if (isnan(points[i].step_lo))
            points[i].step_lo = points[i].step_hi = (double)(before + (int64_t)i);
    if (append_levels(store, series, points, count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        series->min = series_min(series->min, points[i].min);
        series->max = series_max(series->max, points[i].max);
    }
    series->count += (int64_t)count;
    series->last = points[count - 1].min;
    series->last_step = points[count - 1].step_lo;
    return thin(store, series, before, err) < 0 ? -1 : put_series(store, series, err);
}

static int append(struct store *store, const struct series_write *write, struct err *err)
{
    struct series series = { 0 };
    int found = find(store, SQL_SERIES_FIND, write->job_id, write->name, &series, err);
    if (found < 0 || (!found && add_series(store, write, &series, err) < 0))
        return -1;
    if (series.source > (int64_t)write->source)
        return 0;
    if (series.source < (int64_t)write->source && begin_again(store, write, &series, err) < 0)
        return -1;
    return append_to(store, &series, write, err);
}

int metric_store_append(struct store *store, const struct series_write *write, struct err *err)
{
    if (!write->count)
        return 0;
    if (change_begin(store, err) < 0)
        return -1;
    return change_end(store, append(store, write, err), err);
}

/* --- reading --- */

int metric_store_list(struct store *store, int64_t job_id, series_each *each, void *ctx, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_SERIES_LIST);
    call_int(&call, 1, job_id);
    int rc;
    while ((rc = call_step(&call, err)) == 1) {
        struct series_row row = { .name = call_get(&call, 0),
                                  .count = sqlite3_column_int64(call.stmt, 1),
                                  .last_step = column_double(&call, 2),
                                  .last = column_double(&call, 3),
                                  .min = column_double(&call, 4),
                                  .max = column_double(&call, 5) };
        if (each(ctx, &row, err) < 0)
            return -1;
    }
    return rc;
}

struct reading {
    struct store *store;
    const struct series *series;
    const struct series_query *query;
};

typedef void bucket_each(void *ctx, int64_t at, const struct bucket *bucket);

/* Each bucket of a level with a number of [first, last]. */
static int each_bucket(const struct reading *reading, int level, const int64_t range[2], bucket_each *each,
                       void *ctx, struct err *err)
{
    struct bucket buckets[SERIES_CHUNK];
    auto_call struct call call = call_open(reading->store, SQL_CHUNK_RANGE);
    call_int(&call, 1, reading->series->id);
    call_int(&call, 2, level);
    call_int(&call, 3, range[0] / SERIES_CHUNK);
    call_int(&call, 4, range[1] / SERIES_CHUNK);
    int rc;
    while ((rc = call_step(&call, err)) == 1) {
        int64_t base = sqlite3_column_int64(call.stmt, 0) * SERIES_CHUNK;
        size_t count = decode(call_get(&call, 1), level, buckets);
        for (size_t i = 0; i < count; i++)
            if (base + (int64_t)i >= range[0] && base + (int64_t)i <= range[1])
                each(ctx, base + (int64_t)i, &buckets[i]);
    }
    return rc;
}

struct span_of_steps {
    const struct series_query *query;
    int64_t first, last;
};

static void widen(void *ctx, int64_t at, const struct bucket *bucket)
{
    struct span_of_steps *found = ctx;
    if (!bucket_meets(bucket, found->query->from, found->query->to))
        return;
    if (found->first < 0)
        found->first = at;
    found->last = at;
}

struct collecting {
    const struct series_query *query;
    struct series_answer *out;
    bool is_merged; /* not of points alone */
};

static void collect(void *ctx, int64_t at, const struct bucket *bucket)
{
    struct collecting *collecting = ctx;
    struct series_answer *out = collecting->out;
    (void)at;
    if (bucket_meets(bucket, collecting->query->from, collecting->query->to))
        *vec_push(out->buckets, out->count, out->cap) = *bucket;
}

/* The points [range[0], range[1]] that may be meant, by the coarsest roll-up. */
static int find_range(const struct reading *reading, int64_t range[2], struct err *err)
{
    enum { TOP = SERIES_LEVELS - 1 };
    int64_t count = reading->series->count;
    int64_t per = (int64_t)1 << (4 * TOP), all[2] = { 0, (count - 1) / per };
    struct span_of_steps found = { reading->query, -1, -1 };
    if (each_bucket(reading, TOP, all, widen, &found, err) < 0)
        return -1;
    range[0] = found.first < 0 ? 0 : found.first * per;
    range[1] = found.first < 0 ? -1 : (found.last + 1) * per - 1;
    if (range[1] >= count)
        range[1] = count - 1;
    return 0;
}

static int level_for(int64_t points, size_t max)
{
    int level = SERIES_LEVELS - 1;
    while (level > 0 && (!max || points >> (4 * level) < (int64_t)max))
        level--;
    return level;
}

/* Points [range[0], range[1]] by buckets of that level; what it does not keep any more, by coarser ones. */
static int collect_range(const struct reading *reading, int level, const int64_t range[2],
                         struct collecting *out, struct err *err)
{
    int64_t from = range[0];
    for (int at = SERIES_LEVELS - 1; at >= level; at--) {
        /* Where the next finer level begins: chunks are aligned, so no bucket is met twice. */
        int64_t until = at == level
                            ? range[1] + 1
                            : (first_chunk(reading->series, at - 1, reading->series->count) * SERIES_CHUNK)
                                  << (4 * (at - 1));
        if (until > range[1] + 1)
            until = range[1] + 1;
        if (until <= from)
            continue;
        int64_t buckets[2] = { from >> (4 * at), (until - 1) >> (4 * at) };
        size_t before = out->out->count;
        if (each_bucket(reading, at, buckets, collect, out, err) < 0)
            return -1;
        out->is_merged = out->is_merged || (at > 0 && out->out->count > before);
        from = until;
    }
    return 0;
}

int metric_store_read(struct store *store, const struct series_query *query, struct series_answer *out,
                      struct err *err)
{
    struct series series = { 0 };
    int64_t range[2];
    *out = (struct series_answer){ .is_raw = true };
    int found = find(store, SQL_SERIES_SEEN, query->job_id, query->name, &series, err);
    if (found <= 0 || series.count == 0)
        return found < 0 ? -1 : 0;
    struct reading reading = { store, &series, query };
    out->total = series.count;
    if (find_range(&reading, range, err) < 0)
        return -1;
    if (range[1] < range[0])
        return 0;
    struct collecting collecting = { query, out, false };
    if (collect_range(&reading, level_for(range[1] - range[0] + 1, query->max), range, &collecting, err) < 0)
        return -1;
    size_t kept = buckets_thin(out->buckets, out->count, query->max);
    out->is_raw = !collecting.is_merged && kept == out->count;
    out->count = kept;
    return 0;
}

void series_answer_clear(struct series_answer *answer)
{
    mem_free_ptr(&answer->buckets);
    *answer = (struct series_answer){ 0 };
}
