#include "text/terminal.h"

#include "text/utf8.h"

#define ELLIPSIS "\xe2\x80\xa6"

enum { MAX_SGR_BYTES = 32 };

struct range {
    uint32_t first, last;
};

/* Reading direction: marks, embeddings, overrides, isolates. */
static const struct range direction[] = {
    { 0x61c, 0x61c }, { 0x200e, 0x200f }, { 0x202a, 0x202e }, { 0x2066, 0x2069 }
};

/* Line and paragraph separator too: some terminals and pagers break lines there. */
static const struct range separators[] = { { 0x2028, 0x2029 } };

static const struct range wide[] = {
    { 0x1100, 0x115f },   { 0x231a, 0x231b },   { 0x23e9, 0x23ec },   { 0x25fd, 0x25fe },
    { 0x2614, 0x2615 },   { 0x2648, 0x2653 },   { 0x26aa, 0x26ab },   { 0x26bd, 0x26be },
    { 0x26c4, 0x26c5 },   { 0x2705, 0x2705 },   { 0x274c, 0x274c },   { 0x2753, 0x2755 },
    { 0x2795, 0x2797 },   { 0x2b50, 0x2b50 },   { 0x2e80, 0x303e },   { 0x3041, 0x33ff },
    { 0x3400, 0x4dbf },   { 0x4e00, 0x9fff },   { 0xa000, 0xa4cf },   { 0xa960, 0xa97f },
    { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },
    { 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff },
    { 0x20000, 0x3fffd },
};

static const struct range zero[] = {
    { 0x300, 0x36f },   { 0x483, 0x489 },   { 0x591, 0x5bd },     { 0x610, 0x61a },   { 0x64b, 0x65f },
    { 0x93c, 0x93c },   { 0x941, 0x948 },   { 0xe31, 0xe31 },     { 0xe34, 0xe3a },   { 0xe47, 0xe4e },
    { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x200b, 0x200d },   { 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f },
    { 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff }, { 0xe0100, 0xe01ef },
};

static bool is_in(uint32_t point, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count && point >= ranges[i].first; i++) {
        if (point <= ranges[i].last)
            return true;
    }
    return false;
}

#define IS_IN(point, table) is_in((point), (table), sizeof(table) / sizeof(*(table)))

/* Bytes of an ESC [ ... m at the head, or 0. */
static size_t sgr_len(struct span text)
{
    if (text.len < 3 || text.ptr[0] != '\x1b' || text.ptr[1] != '[')
        return 0;
    for (size_t i = 2; i < text.len && i < MAX_SGR_BYTES; i++) {
        char c = text.ptr[i];
        if (c == 'm')
            return i + 1;
        if ((c < '0' || c > '9') && c != ';' && c != ':')
            break;
    }
    return 0;
}

static bool is_kept_control(struct span text, unsigned mode)
{
    return (mode & TERMINAL_LINES) && (text.ptr[0] == '\n' || text.ptr[0] == '\t');
}

/* The visible form of what stands at the head of text; the bytes used up. */
static size_t escape_one(struct str *to, struct span text, unsigned mode)
{
    size_t sgr = (mode & TERMINAL_SGR) ? sgr_len(text) : 0;
    uint32_t point = 0;
    size_t len = utf8_decode(text, &point);
    if (sgr || (len && is_kept_control(text, mode)))
        str_add_span(to, span_head(text, sgr ? sgr : len));
    else if ((mode & TERMINAL_LINES) && span_starts(text, "\r\n"))
        return 1;
    else if (len == 0)
        str_addf(to, "\\x%02x", (unsigned char)text.ptr[0]);
    else if (point < 0x100)
        str_addf(to, "\\x%02x", (unsigned)point);
    else
        str_addf(to, "\\u%04x", (unsigned)point);
    return sgr ? sgr : len ? len : 1;
}

static bool is_harmless(uint32_t point)
{
    return point >= 0x20 && (point < 0x7f || point > 0x9f) && !IS_IN(point, direction) &&
           !IS_IN(point, separators);
}

void terminal_escape(struct str *to, struct span text, unsigned mode)
{
    size_t start = 0, at = 0;
    while (at < text.len) {
        uint32_t point;
        size_t len = utf8_decode(span_skip(text, at), &point);
        if (len && is_harmless(point)) {
            at += len;
            continue;
        }
        str_add_span(to, (struct span){ text.ptr + start, at - start });
        at += escape_one(to, span_skip(text, at), mode);
        start = at;
    }
    str_add_span(to, span_skip(text, start));
}

/* Columns of what stands at the head; *used its bytes. */
static size_t width_one(struct span text, size_t *used)
{
    uint32_t point;
    *used = sgr_len(text);
    if (*used)
        return 0;
    *used = utf8_decode(text, &point);
    if (*used == 0) {
        *used = 1;
        return 1;
    }
    if (point < 0x20 || (point >= 0x7f && point <= 0x9f))
        return 0;
    if (point < 0x300)
        return 1;
    return IS_IN(point, wide) ? 2 : IS_IN(point, zero) ? 0 : 1;
}

size_t terminal_width(struct span text)
{
    size_t width = 0, used;
    for (; text.len; text = span_skip(text, used))
        width += width_one(text, &used);
    return width;
}

void terminal_cut(struct str *to, struct span text, size_t columns)
{
    size_t width = 0, used, fits = 0; /* fits: bytes that leave a column for the ellipsis */
    for (size_t at = 0; at < text.len; at += used) {
        width += width_one(span_skip(text, at), &used);
        if (width > columns) {
            str_add_span(to, span_head(text, fits));
            str_add(to, columns ? ELLIPSIS : "");
            return;
        }
        if (width < columns)
            fits = at + used;
    }
    str_add_span(to, text);
}
