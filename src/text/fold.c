#include "text/fold.h"

#include <string.h>

struct span fold_line(struct span line)
{
    while (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    const char *last = line.len ? memrchr(line.ptr, '\r', line.len) : NULL;
    return last ? span_skip(line, (size_t)(last - line.ptr) + 1) : line;
}

void fold_text(struct span text, struct str *out)
{
    while (text.len) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t len = end ? (size_t)(end - text.ptr) : text.len;
        str_add_span(out, fold_line(span_head(text, len)));
        if (end)
            str_add_char(out, '\n');
        text = span_skip(text, len + 1);
    }
}
