#include "text/metric_lines.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NUMBER_BYTES = 40, SPACE_BYTES = 8192 };
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

static bool word_number(struct span text, double *out)
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
    return span_f64(text, out) || word_number(text, out);
}

/* --- one row --- */

struct row {
    struct metric_point points[MAX_METRIC_KEYS];
    size_t count;
    double step;
    int64_t time_us;
    char space[SPACE_BYTES]; /* for keys of objects within objects */
    size_t used;
};

static bool is_one_of(struct span key, const char *const list[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (span_is(key, list[i]))
            return true;
    return false;
}

static void add_number(struct row *row, struct span key, double value)
{
    static const char *const steps[] = { "step", "_step", "global_step" };
    static const char *const times[] = { "time", "_timestamp", "timestamp" };
    bool may_be_special = key.len && key.len <= 11 && strchr("s_gt", key.ptr[0]);
    if (may_be_special && is_one_of(key, steps, ARRAY_LEN(steps)))
        row->step = value;
    else if (may_be_special && is_one_of(key, times, ARRAY_LEN(times)))
        row->time_us = isfinite(value) && fabs(value) < 1e11 ? (int64_t)(value * US_IN_S) : 0;
    else if (row->count < MAX_METRIC_KEYS)
        row->points[row->count++] = (struct metric_point){ key, value };
}

static struct span join(struct row *row, struct span outer, struct span key)
{
    if (!outer.len)
        return key;
    size_t len = outer.len + 1 + key.len;
    if (row->used + len > SPACE_BYTES)
        return (struct span){ 0 };
    char *to = row->space + row->used;
    memcpy(to, outer.ptr, outer.len);
    to[outer.len] = '/';
    memcpy(to + outer.len + 1, key.ptr, key.len);
    row->used += len;
    return (struct span){ to, len };
}

/* --- JSON, as far as it is needed --- */

struct cursor {
    const char *at, *end;
};

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\r'))
        c->at++;
}

static bool take(struct cursor *c, char what)
{
    skip_blanks(c);
    if (c->at == c->end || *c->at != what)
        return false;
    c->at++;
    return true;
}

/* The inside of a string; escapes are stepped over and stay as they are. */
static bool take_string(struct cursor *c, struct span *out)
{
    if (!take(c, '"'))
        return false;
    const char *from = c->at;
    while (c->at < c->end && *c->at != '"')
        c->at += *c->at == '\\' ? 2 : 1;
    if (c->at >= c->end)
        return false;
    *out = (struct span){ from, (size_t)(c->at - from) };
    c->at++;
    return true;
}

static struct span take_word(struct cursor *c)
{
    const char *from = c->at;
    while (c->at < c->end && !strchr(",}] \t\r", *c->at))
        c->at++;
    return (struct span){ from, (size_t)(c->at - from) };
}

/* Over an array, whatever is in it. */
static bool skip_array(struct cursor *c)
{
    struct span text;
    for (size_t depth = 0; c->at < c->end;) {
        if (*c->at == '"') {
            if (!take_string(c, &text))
                return false;
            continue;
        }
        depth += *c->at == '[';
        depth -= *c->at == ']';
        c->at++;
        if (!depth)
            return true;
    }
    return false;
}

struct level {
    struct span name;
};

static bool take_value(struct cursor *c, struct row *row, struct span key)
{
    struct span text;
    double value;
    bool is_string = *c->at == '"';
    if (*c->at == '[')
        return skip_array(c);
    if (is_string && !take_string(c, &text))
        return false;
    if (!is_string)
        text = take_word(c);
    if (!text.len && !is_string)
        return false;
    if (key.len && key.len <= MAX_METRIC_NAME && (!is_string || word_number(text, &value)) &&
        metric_number(text, &value))
        add_number(row, key, value);
    return true;
}

/* What follows a value: the next member, or the end of this object and those around it. 1: go on, 0: the
 * whole has ended, -1: no JSON. */
static int after_value(struct cursor *c, size_t *depth)
{
    while (true) {
        if (take(c, ','))
            return 1;
        if (!take(c, '}'))
            return -1;
        if (--*depth == 0)
            return 0;
    }
}

static bool read_object(struct cursor *c, struct row *row)
{
    struct level levels[METRIC_DEPTH + 1] = { { { 0 } } };
    size_t depth = 1;
    struct span key;
    int more = 1;
    if (!take(c, '{'))
        return false;
    if (take(c, '}'))
        return true;
    while (more == 1) {
        if (!take_string(c, &key) || !take(c, ':'))
            return false;
        skip_blanks(c);
        key = join(row, levels[depth].name, key);
        if (take(c, '{')) {
            if (depth == METRIC_DEPTH)
                return false;
            levels[++depth].name = key;
            skip_blanks(c);
            if (c->at == c->end || *c->at != '}')
                continue;
        } else if (c->at == c->end || !take_value(c, row, key)) {
            return false;
        }
        more = after_value(c, &depth);
    }
    return more == 0;
}

static void tell(const struct row *row, metric_each *each, void *ctx)
{
    if (row->count)
        each(ctx, &(struct metric_row){ row->step, row->time_us, row->points, row->count });
}

static void clear_row(struct row *row)
{
    row->count = row->used = 0;
    row->step = (double)NAN;
    row->time_us = 0;
}

size_t metric_jsonl(struct span text, metric_each *each, void *ctx)
{
    struct row *row = mem_alloc(sizeof(*row));
    struct span line;
    size_t bad = 0;
    while (span_next_line(&text, &line)) {
        struct cursor c = { line.ptr, line.ptr + line.len };
        skip_blanks(&c);
        if (c.at == c.end)
            continue;
        clear_row(row);
        bool good = read_object(&c, row);
        skip_blanks(&c);
        if (good && c.at == c.end)
            tell(row, each, ctx);
        else
            bad++;
    }
    mem_free_ptr(&row);
    return bad;
}

/* --- CSV --- */

static struct span cell(struct span text)
{
    text = span_trim(text);
    if (text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"')
        return (struct span){ text.ptr + 1, text.len - 2 };
    return text;
}

size_t metric_csv(struct span header, struct span text, metric_each *each, void *ctx)
{
    struct row *row = mem_alloc(sizeof(*row));
    struct span line, name, value;
    size_t bad = 0;
    while (span_next_line(&text, &line)) {
        struct span names = header;
        double number;
        if (!span_trim(line).len)
            continue;
        clear_row(row);
        while (span_next(&names, ',', &name) && span_next(&line, ',', &value)) {
            name = cell(name);
            if (name.len && name.len <= MAX_METRIC_NAME && metric_number(cell(value), &number))
                add_number(row, name, number);
        }
        bad += row->count == 0;
        tell(row, each, ctx);
    }
    mem_free_ptr(&row);
    return bad;
}
