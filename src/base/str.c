#include "base/str.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_BYTES = 64,
    LARGE_BYTES = 1024 * 1024, /* above: some output, log or page; no reason to end the process */
};

static bool grow(struct str *s, size_t cap)
{
    char *buf = cap > LARGE_BYTES ? mem_try_grow(s->buf, cap) : mem_grow(s->buf, cap, 1);
    if (!buf)
        return false;
    s->buf = buf;
    s->cap = cap;
    return true;
}

void str_clear(struct str *s)
{
    free(s->buf);
    *s = STR_MAX(s->max);
}

/* Room for more bytes and the NUL; false (and failed) past the ceiling, or where there is no memory. */
static bool reserve(struct str *s, size_t more)
{
    if (s->failed || more > s->max - s->len) {
        s->failed = true;
        return false;
    }
    size_t need = s->len + more + 1;
    if (need > s->cap) {
        size_t cap = s->cap ? s->cap : FIRST_BYTES;
        while (cap < need)
            cap *= 2;
        s->failed = !grow(s, cap);
    }
    return !s->failed;
}

void str_add_span(struct str *s, struct span bytes)
{
    if (!reserve(s, bytes.len))
        return;
    if (bytes.len)
        memcpy(s->buf + s->len, bytes.ptr, bytes.len);
    s->len += bytes.len;
    s->buf[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
    str_add_span(s, span_of(text));
}

void str_add_char(struct str *s, char c)
{
    str_add_span(s, (struct span){ &c, 1 });
}

void str_addv(struct str *s, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    if (n >= 0 && reserve(s, (size_t)n)) {
        vsnprintf(s->buf + s->len, (size_t)n + 1, fmt, again);
        s->len += (size_t)n;
    }
    va_end(again);
}

void str_addf(struct str *s, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    str_addv(s, fmt, args);
    va_end(args);
}

void str_cut(struct str *s, size_t len)
{
    if (len >= s->len)
        return;
    s->len = len;
    s->buf[len] = '\0';
}

const char *str_text(const struct str *s)
{
    return s->buf ? s->buf : "";
}

struct span str_span(const struct str *s)
{
    return (struct span){ str_text(s), s->len };
}

char *str_steal(struct str *s)
{
    char *text = s->buf ? s->buf : mem_dup_bytes("", 0);
    s->buf = NULL;
    str_clear(s);
    return text;
}
