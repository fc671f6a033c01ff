#include "text/json_out.h"

#include "text/units.h"
#include "text/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void before_value(struct json_out *out)
{
    if (out->needs_comma)
        str_add_char(out->to, ',');
    out->needs_comma = true;
}

static void open_with(struct json_out *out, char bracket)
{
    before_value(out);
    str_add_char(out->to, bracket);
    out->needs_comma = false;
}

static void close_with(struct json_out *out, char bracket)
{
    str_add_char(out->to, bracket);
    out->needs_comma = true;
}

void json_open_object(struct json_out *out)
{
    open_with(out, '{');
}

void json_close_object(struct json_out *out)
{
    close_with(out, '}');
}

void json_open_array(struct json_out *out)
{
    open_with(out, '[');
}

void json_close_array(struct json_out *out)
{
    close_with(out, ']');
}

static void add_escape(struct str *to, unsigned char c)
{
    static const char shorts[32] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r' };
    static const char hex[] = "0123456789abcdef";
    if (c == '"' || c == '\\')
        str_add_span(to, (struct span){ (char[]){ '\\', (char)c }, 2 });
    else if (c < 32 && shorts[c])
        str_add_span(to, (struct span){ (char[]){ '\\', shorts[c] }, 2 });
    else
        str_add_span(to, (struct span){ (char[]){ '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] }, 6 });
}

static bool is_bare(unsigned char c)
{
    return c >= 32 && c < 127 && c != '"' && c != '\\';
}

/* Runs of plain characters are copied in one go: this renders every job of every list. */
static void add_quoted(struct str *to, struct span text)
{
    str_add_char(to, '"');
    size_t start = 0, at = 0;
    while (at < text.len) {
        unsigned char c = (unsigned char)text.ptr[at];
        if (is_bare(c)) {
            at++;
            continue;
        }
        size_t good = c >= 128 ? utf8_len(span_skip(text, at)) : 0;
        if (good) {
            at += good;
            continue;
        }
        str_add_span(to, (struct span){ text.ptr + start, at - start });
        if (c >= 128)
            str_add(to, UTF8_REPLACEMENT);
        else
            add_escape(to, c);
        start = ++at;
    }
    str_add_span(to, span_skip(text, start));
    str_add_char(to, '"');
}

void json_key(struct json_out *out, const char *key)
{
    before_value(out);
    add_quoted(out->to, span_of(key));
    str_add_char(out->to, ':');
    out->needs_comma = false;
}

void json_str_span(struct json_out *out, struct span text)
{
    before_value(out);
    add_quoted(out->to, text);
}

void json_str(struct json_out *out, const char *text)
{
    if (text)
        json_str_span(out, span_of(text));
    else
        json_nil(out);
}

void json_u64(struct json_out *out, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    before_value(out);
    str_add_span(out->to, (struct span){ digits + at, sizeof(digits) - at });
}

void json_int(struct json_out *out, int64_t value)
{
    if (value >= 0) {
        json_u64(out, (uint64_t)value);
        return;
    }
    before_value(out);
    str_add_char(out->to, '-');
    out->needs_comma = false;
    json_u64(out, 0 - (uint64_t)value);
}

void json_add_digits(struct str *to, double value)
{
    char digits[40];
    (void)snprintf(digits, sizeof(digits), "%.15g", value);
    if (strtod(digits, NULL) != value)
        (void)snprintf(digits, sizeof(digits), "%.16g", value);
    if (strtod(digits, NULL) != value)
        (void)snprintf(digits, sizeof(digits), "%.17g", value); /* always reads back the same */
    str_add(to, digits);
}

void json_f64(struct json_out *out, double value)
{
    if (!isfinite(value)) {
        json_str(out, isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity");
        return;
    }
    auto_str struct str digits = STR_MAX(40);
    json_add_digits(&digits, value);
    json_raw(out, str_span(&digits));
}

void json_bool(struct json_out *out, bool value)
{
    json_raw(out, value ? SPAN_LIT("true") : SPAN_LIT("false"));
}

void json_nil(struct json_out *out)
{
    json_raw(out, SPAN_LIT("null"));
}

void json_raw(struct json_out *out, struct span json)
{
    before_value(out);
    str_add_span(out->to, json);
}

void json_time(struct json_out *out, int64_t wall_us)
{
    before_value(out);
    str_add_char(out->to, '"');
    units_add_time(out->to, wall_us);
    str_add_char(out->to, '"');
}
