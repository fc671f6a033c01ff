#include "text/utf8.h"

static size_t len_of_lead(unsigned char first)
{
    static const unsigned char lens[] = { 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 2, 2, 3, 4 };
    return first >= 0xf8 ? 0 : lens[first >> 4];
}

static bool is_point(uint32_t value, size_t len)
{
    static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    return value >= smallest[len] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
}

size_t utf8_decode(struct span text, uint32_t *point)
{
    size_t len = text.len ? len_of_lead((unsigned char)text.ptr[0]) : 0;
    if (len == 0 || len > text.len)
        return 0;
    uint32_t value = (unsigned char)text.ptr[0] & (len == 1 ? 0x7fu : 0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c & 0xc0) != 0x80)
            return 0;
        value = (value << 6) | (c & 0x3f);
    }
    if (!is_point(value, len))
        return 0;
    if (point)
        *point = value;
    return len;
}

size_t utf8_len(struct span text)
{
    return utf8_decode(text, NULL);
}

void utf8_add(struct str *to, uint32_t point)
{
    if (!is_point(point, 1)) {
        str_add(to, UTF8_REPLACEMENT);
        return;
    }
    if (point < 0x80) {
        str_add_char(to, (char)point);
        return;
    }
    static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0 };
    size_t more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    char bytes[4];
    bytes[0] = (char)(lead[more] | (point >> (6 * more)));
    for (size_t i = 1; i <= more; i++)
        bytes[i] = (char)(0x80 | ((point >> (6 * (more - i))) & 0x3f));
    str_add_span(to, (struct span){ bytes, more + 1 });
}

void utf8_add_clean(struct str *to, struct span text)
{
    size_t start = 0;
    for (size_t at = 0; at < text.len;) {
        size_t len = utf8_len(span_skip(text, at));
        if (len) {
            at += len;
            continue;
        }
        str_add_span(to, (struct span){ text.ptr + start, at - start });
        str_add(to, UTF8_REPLACEMENT);
        start = ++at;
    }
    str_add_span(to, span_skip(text, start));
}
