#include "text/metric_lines.h"

#include "base/mem.h"

#include <string.h>

/* JSON, as far as it is needed. */
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

static bool take_value(struct cursor *c, struct metric_build *row, struct span key)
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
    if (is_string ? metric_word(text, &value) : metric_number(text, &value))
        metric_build_add(row, key, value);
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

static bool read_object(struct cursor *c, struct metric_build *row)
{
    struct span outer[METRIC_DEPTH + 1] = { { 0 } };
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
        key = metric_build_join(row, outer[depth], key);
        if (take(c, '{')) {
            if (depth == METRIC_DEPTH)
                return false;
            outer[++depth] = key;
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

size_t metric_jsonl(struct span text, metric_each *each, void *ctx)
{
    struct metric_build *row = mem_alloc(sizeof(*row));
    struct span line;
    size_t bad = 0;
    for (size_t number = 0; span_next_line(&text, &line); number++) {
        struct cursor c = { line.ptr, line.ptr + line.len };
        skip_blanks(&c);
        if (c.at == c.end)
            continue;
        metric_build_clear(row);
        bool good = read_object(&c, row);
        skip_blanks(&c);
        if (good && c.at == c.end)
            metric_build_tell(row, number, each, ctx);
        else
            bad++;
    }
    mem_free_ptr(&row);
    return bad;
}
