#include "text/plain.h"

#include <string.h>

enum { ESC = 0x1b, BEL = 7 };

/* A terminal shows nothing for a NUL, and JSON readers (ours, too) refuse one. */
static void add_shown(struct str *to, struct span text)
{
    struct span part;
    while (span_next(&text, '\0', &part))
        str_add_span(to, part);
}

/* Length of a CSI sequence behind "ESC [": parameters, then one final byte. */
static size_t csi_len(struct span rest)
{
    size_t at = 0;
    while (at < rest.len && (unsigned char)rest.ptr[at] >= 0x20 && (unsigned char)rest.ptr[at] < 0x40)
        at++;
    return at < rest.len ? at + 1 : at;
}

/* Length of what stands behind "ESC ]", its end (BEL, or ESC \) not counted; *end is how long that is. */
static size_t osc_len(struct span rest, size_t *end)
{
    *end = 0;
    for (size_t at = 0; at < rest.len; at++) {
        bool is_st = rest.ptr[at] == ESC && at + 1 < rest.len && rest.ptr[at + 1] == '\\';
        if (rest.ptr[at] != BEL && !is_st)
            continue;
        *end = is_st ? 2 : 1;
        return at;
    }
    return rest.len;
}

static struct span skip_osc(struct str *to, struct span rest)
{
    size_t end, len = osc_len(rest, &end);
    struct span body = span_head(rest, len), word;
    if (span_starts(body, "8;")) { /* 8;parameters;address */
        body = span_skip(body, 2);
        (void)span_next(&body, ';', &word);
        str_add_char(to, ' ');
        add_shown(to, body);
        str_add_char(to, ' ');
    }
    return span_skip(rest, len + end);
}

void plain_add(struct str *to, struct span text)
{
    while (text.len) {
        size_t run = span_find_char(text, ESC);
        add_shown(to, span_head(text, run));
        text = span_skip(text, run + 1);
        if (text.len == 0)
            return;
        char kind = text.ptr[0];
        text = span_skip(text, 1);
        if (kind == '[')
            text = span_skip(text, csi_len(text));
        else if (kind == ']')
            text = skip_osc(to, text);
    }
}
