#include "svc/live/metrics.h"

#include "base/mem.h"
#include "store/metric_store.h"
#include "text/json_out.h"
#include "text/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct known { /* a series */
    char *name;
    double last; /* value; NaN: not known */
};

struct names {
    struct known *items;
    size_t count, cap;
    const char *keys; /* NULL: all */
};

static bool is_wanted(const char *keys, struct span name)
{
    struct span rest = span_of(keys), part;
    while (span_next(&rest, ',', &part))
        if (span_eq(span_trim(part), name))
            return true;
    return !keys;
}

static int add_name(void *ctx, const struct series_row *row, struct err *err)
{
    struct names *names = ctx;
    (void)err;
    if (is_wanted(names->keys, row->name))
        *vec_push(names->items, names->count, names->cap) = (struct known){ span_dup(row->name), row->last };
    return 0;
}

static void names_clear(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i].name);
    mem_free_ptr(&names->items);
}
#define auto_names __attribute__((cleanup(names_clear)))

static double step_of(const struct bucket *bucket)
{
    return bucket->step_lo;
}
static double time_of(const struct bucket *bucket)
{
    int64_t ms = bucket->time_us / 1000; /* enough for an axis */
    return (double)ms / 1000;
}
static double min_of(const struct bucket *bucket)
{
    return bucket->min;
}
static double max_of(const struct bucket *bucket)
{
    return bucket->max;
}

static void add_numbers(struct json_out *out, const char *key, const struct series_answer *answer,
                        double (*of)(const struct bucket *bucket))
{
    json_key(out, key);
    json_open_array(out);
    for (size_t i = 0; i < answer->count; i++)
        json_f64(out, of(&answer->buckets[i]));
    json_close_array(out);
}

static void add_series(struct json_out *out, const struct known *known, const struct series_answer *answer,
                       bool times)
{
    json_open_object(out);
    json_member_str(out, "name", known->name);
    json_member_int(out, "total", answer->total);
    add_numbers(out, "steps", answer, step_of);
    if (answer->is_raw) {
        add_numbers(out, "values", answer, min_of);
    } else {
        add_numbers(out, "min", answer, min_of);
        add_numbers(out, "max", answer, max_of);
        json_member_f64(out, "last", known->last);
    }
    if (times)
        add_numbers(out, "times", answer, time_of);
    json_close_object(out);
}

int metrics_json(const struct gateway *gw, const struct metrics_query *query, struct str *out,
                 struct err *err)
{
    auto_names struct names names = { .keys = query->keys };
    struct json_out json = { .to = out };
    if (metric_store_list(gw->store, query->job_id, add_name, &names, err) < 0)
        return -1;
    json_open_object(&json);
    json_key(&json, "items");
    json_open_array(&json);
    for (size_t i = 0; i < names.count; i++) {
        auto_series struct series_answer answer = { 0 };
        struct series_query one = { query->job_id, span_of(names.items[i].name), query->from, query->to,
                                    (size_t)query->points };
        if (metric_store_read(gw->store, &one, &answer, err) < 0)
            return -1;
        add_series(&json, &names.items[i], &answer, query->times);
    }
    json_close_array(&json);
    json_close_object(&json);
    return out->failed ? err_set(err, ERR_TOO_LARGE, "that is too much at once: ask for fewer points") : 0;
}

/* --- export --- */

typedef void bucket_add(struct str *out, const char *name, const struct bucket *bucket);

/* RFC 4180: quotes are doubled. */
static void add_cell(struct str *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        str_add(out, text);
        return;
    }
    str_add_char(out, '"');
    for (; *text; text++) {
        if (*text == '"')
            str_add_char(out, '"');
        str_add_char(out, *text);
    }
    str_add_char(out, '"');
}

static bool is_one_point(const struct bucket *bucket)
{
    return bucket->step_lo == bucket->step_hi && (bucket->min == bucket->max || isnan(bucket->min));
}

static void add_digits(struct str *out, const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        str_add_char(out, ',');
        json_add_digits(out, values[i]);
    }
}

static void add_csv(struct str *out, const char *name, const struct bucket *bucket)
{
    add_cell(out, name);
    const double one[] = { bucket->min }, merged[] = { bucket->step_hi, bucket->min, bucket->max };
    bool is_one = is_one_point(bucket);
    add_digits(out, &bucket->step_lo, 1);
    str_add_char(out, ',');
    units_add_time(out, bucket->time_us);
    str_add(out, is_one ? "" : ",");
    add_digits(out, is_one ? one : merged, is_one ? 1 : 3);
    str_add(out, is_one ? ",,,\n" : "\n");
}

static void add_line(struct str *out, const char *name, const struct bucket *bucket)
{
    struct json_out json = { .to = out };
    json_open_object(&json);
    json_member_str(&json, "name", name);
    json_member_f64(&json, "step", bucket->step_lo);
    json_member_time(&json, "time", bucket->time_us);
    if (is_one_point(bucket)) {
        json_member_f64(&json, "value", bucket->min);
    } else {
        json_member_f64(&json, "step_to", bucket->step_hi);
        json_member_f64(&json, "min", bucket->min);
        json_member_f64(&json, "max", bucket->max);
    }
    json_close_object(&json);
    str_add_char(out, '\n');
}

int metrics_export(const struct gateway *gw, int64_t job_id, bool as_csv, struct str *out, struct err *err)
{
    auto_names struct names names = { 0 };
    bucket_add *add = as_csv ? add_csv : add_line;
    if (metric_store_list(gw->store, job_id, add_name, &names, err) < 0)
        return -1;
    if (as_csv)
        str_add(out, "name,step,time,value,step_to,min,max\n");
    for (size_t i = 0; i < names.count && !out->failed; i++) {
        auto_series struct series_answer answer = { 0 };
        struct series_query all = { job_id, span_of(names.items[i].name), (double)-INFINITY, (double)INFINITY,
                                    0 };
        if (metric_store_read(gw->store, &all, &answer, err) < 0)
            return -1;
        for (size_t k = 0; k < answer.count; k++)
            add(out, names.items[i].name, &answer.buckets[k]);
    }
    return out->failed ? err_set(err, ERR_TOO_LARGE, "more than %zu bytes of metrics", out->max) : 0;
}
