#include "text/metric_row.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>
#include <strings.h>

enum { NUMBER_BYTES = 40 };
#define US_IN_S 1e6

/* --- numbers --- */

static const struct {
    const char *word;
    double value;
} words[] = {
    { "nan", (double)NAN },
    { "inf", (double)INFINITY },
    { "infinity", (double)INFINITY },
    { "-inf", (double)-INFINITY },
    { "-infinity", (double)-INFINITY },
    { "+inf", (double)INFINITY },
    { "-nan", (double)NAN },
    { "true", 1 },
    { "false", 0 },
};

bool metric_word(struct span text, double *out)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strlen(words[i].word) == text.len && strncasecmp(words[i].word, text.ptr, text.len) == 0) {
            *out = words[i].value;
            return true;
        }
    }
    return false;
}

/* Up to 15 digits without an exponent are exact by one division (both sides are
 * exact doubles below 2^53); anything else goes the long way. */
static bool short_number(struct span text, double *out)
{
    static const double powers[] = { 1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
    uint64_t digits = 0;
    size_t at = 0, behind = 0, count = 0;
    bool is_negative = text.len && text.ptr[0] == '-', has_point = false;
    for (at = is_negative; at < text.len; at++) {
        char c = text.ptr[at];
        if (c == '.' && !has_point) {
            has_point = true;
        } else if (c >= '0' && c <= '9' && count < 15) {
            digits = digits * 10 + (uint64_t)(c - '0');
            count++;
            behind += has_point;
        } else {
            return false;
        }
    }
    if (!count)
        return false;
    *out = (double)digits / powers[behind];
    if (is_negative)
        *out = -*out;
    return true;
}

bool metric_number(struct span text, double *out)
{
    if (short_number(text, out))
        return true;
    if (!text.len || text.len >= NUMBER_BYTES)
        return false;
    return span_f64(text, out) || metric_word(text, out);
}

/* --- the row --- */

void metric_build_clear(struct metric_build *build)
{
    build->count = build->used = 0;
    build->step = (double)NAN;
    build->time_us = 0;
}

static bool is_one_of(struct span key, const char *const list[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (span_is(key, list[i]))
            return true;
    return false;
}

void metric_build_add(struct metric_build *build, struct span key, double value)
{
    static const char *const steps[] = { "step", "_step", "global_step" };
    static const char *const times[] = { "time", "_timestamp", "timestamp" };
    bool may_be_special = key.len && key.len <= 11 && strchr("s_gt", key.ptr[0]);
    if (!key.len || key.len > MAX_METRIC_NAME)
        return;
    if (may_be_special && is_one_of(key, steps, ARRAY_LEN(steps)))
        build->step = isfinite(value) ? value : (double)NAN;
    else if (may_be_special && is_one_of(key, times, ARRAY_LEN(times)))
        build->time_us = isfinite(value) && fabs(value) < 1e11 ? (int64_t)(value * US_IN_S) : 0;
    else if (build->count < MAX_METRIC_KEYS)
        build->points[build->count++] = (struct metric_point){ key, value };
}

struct span metric_build_keep(struct metric_build *build, struct span text)
{
    if (!text.len || text.len > METRIC_SPACE_BYTES - build->used)
        return (struct span){ 0 };
    char *to = memcpy(build->space + build->used, text.ptr, text.len);
    build->used += text.len;
    return (struct span){ to, text.len };
}

struct span metric_build_join(struct metric_build *build, struct span outer, struct span key)
{
    if (!outer.ptr)
        return key;
    size_t from = build->used;
    struct span whole = metric_build_keep(build, outer);
    size_t tail = metric_build_keep(build, SPAN_LIT("/")).len + metric_build_keep(build, key).len;
    if (whole.len && tail == key.len + 1)
        return (struct span){ whole.ptr, whole.len + tail };
    build->used = from;
    return SPAN_LIT("");
}

void metric_build_tell(const struct metric_build *build, size_t line, metric_each *each, void *ctx)
{
    if (build->count)
        each(ctx, &(struct metric_row){ build->step, build->time_us, build->points, build->count, line });
}
