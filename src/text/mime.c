#include "text/mime.h"

#include "text/base64.h"
#include "text/utf8.h"

enum { PLAIN_BYTES = 60, WORD_BYTES = 39, LINE_BYTES = 57, MAX_TEXT_BYTES = 4096 };

static bool is_plain(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < ' ' || text.ptr[i] > '~')
            return false;
    return text.len <= PLAIN_BYTES && !span_has(text, "=?");
}

/* So much of text, which is UTF-8, that a code point is not cut. */
static size_t word_len(struct span text)
{
    size_t len = 0;
    while (len < text.len) {
        size_t one = utf8_decode(span_skip(text, len), NULL);
        if (len + one > WORD_BYTES)
            break;
        len += one;
    }
    return len;
}

static void add_words(struct str *to, struct span text, const char *between)
{
    struct str clean = STR_MAX(MAX_TEXT_BYTES);
    if (is_plain(text)) {
        str_add_span(to, text);
        return;
    }
    utf8_add_clean(&clean, span_head(text, MAX_TEXT_BYTES / 4));
    struct span rest = str_span(&clean);
    for (bool is_first = true; rest.len; is_first = false) {
        size_t len = word_len(rest);
        str_add(to, is_first ? "" : between);
        str_add(to, "=?UTF-8?B?");
        base64_encode(span_head(rest, len), true, to);
        str_add(to, "?=");
        rest = span_skip(rest, len);
    }
    str_clear(&clean);
}

void mime_words(struct str *to, struct span text)
{
    add_words(to, text, " ");
}

void mime_header(struct str *to, const char *name, struct span text)
{
    str_addf(to, "%s: ", name);
    add_words(to, text, "\r\n ");
    str_add(to, "\r\n");
}

void mime_body(struct str *to, struct span bytes)
{
    while (bytes.len) {
        base64_encode(span_head(bytes, LINE_BYTES), true, to);
        str_add(to, "\r\n");
        bytes = span_skip(bytes, LINE_BYTES);
    }
}
