#include "base/span.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct span span_of(const char *text)
{
    return (struct span){ text, text ? strlen(text) : 0 };
}

const char *span_chars(struct span s)
{
    return s.ptr ? s.ptr : "";
}

bool span_eq(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool span_is(struct span s, const char *text)
{
    return span_eq(s, span_of(text));
}

bool span_starts(struct span s, const char *prefix)
{
    return span_eq(span_head(s, strlen(prefix)), span_of(prefix));
}

bool span_ends(struct span s, const char *suffix)
{
    size_t n = strlen(suffix);
    return s.len >= n && span_eq(span_skip(s, s.len - n), span_of(suffix));
}

struct span span_skip(struct span s, size_t n)
{
    if (n >= s.len)
        return (struct span){ s.ptr ? s.ptr + s.len : NULL, 0 };
    return (struct span){ s.ptr + n, s.len - n };
}

struct span span_head(struct span s, size_t n)
{
    return (struct span){ s.ptr, n < s.len ? n : s.len };
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span span_trim(struct span s)
{
    while (s.len && is_blank(s.ptr[0]))
        s = span_skip(s, 1);
    while (s.len && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

size_t span_find(struct span s, struct span needle)
{
    if (!needle.len)
        return 0;
    const char *at = s.len ? memmem(s.ptr, s.len, needle.ptr, needle.len) : NULL;
    return at ? (size_t)(at - s.ptr) : s.len;
}

size_t span_find_char(struct span s, char c)
{
    const char *at = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return at ? (size_t)(at - s.ptr) : s.len;
}

int64_t span_count_char(struct span s, char c)
{
    int64_t count = 0;
    for (const char *at = s.ptr, *end = s.ptr + s.len; at < end && (at = memchr(at, c, (size_t)(end - at)));
         at++)
        count++;
    return count;
}

bool span_has(struct span s, const char *needle)
{
    struct span n = span_of(needle);
    return n.len == 0 || span_find(s, n) < s.len;
}

bool span_next(struct span *rest, char sep, struct span *part)
{
    if (!rest->len)
        return false;
    size_t at = span_find_char(*rest, sep);
    *part = span_head(*rest, at);
    *rest = span_skip(*rest, at + 1);
    return true;
}

bool span_next_line(struct span *rest, struct span *line)
{
    return span_next(rest, '\n', line);
}

bool span_u64(struct span s, uint64_t *out)
{
    uint64_t value = 0;
    if (!s.len)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned)(unsigned char)s.ptr[i] - '0';
        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

bool span_i64(struct span s, int64_t *out)
{
    bool negative = s.len && s.ptr[0] == '-';
    uint64_t magnitude;
    if (!span_u64(negative ? span_skip(s, 1) : s, &magnitude))
        return false;
    if (magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

bool span_f64(struct span s, double *out)
{
    char text[64];
    if (!s.len || s.len >= sizeof(text))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!strchr("0123456789+-.eE", s.ptr[i]) || !s.ptr[i])
            return false;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    char *end;
    errno = 0;
    double value = strtod(text, &end); /* the process never leaves the C locale */
    if (end != text + s.len || value - value != 0)
        return false;
    *out = value;
    return true;
}

/* Bytes of the sequence that starts at p, or 0 where it is ill-formed (RFC 3629, table in section 4). */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
    unsigned char lead = p[0];
    if (lead < 0x80)
        return 1;
    size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || left < n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (lead == 0xe0 && p[1] < 0xa0) || (lead == 0xf0 && p[1] < 0x90);
    bool outside = (lead == 0xed && p[1] > 0x9f) || (lead == 0xf4 && p[1] > 0x8f);
    return overlong || outside ? 0 : n;
}

bool span_is_utf8(struct span s)
{
    for (size_t i = 0; i < s.len;) {
        size_t n = utf8_sequence((const unsigned char *)s.ptr + i, s.len - i);
        if (!n)
            return false;
        i += n;
    }
    return true;
}

char *span_dup(struct span s)
{
    return mem_dup_bytes(s.ptr, s.len);
}
