#include "text/quote.h"

#include <string.h>

static void add_quoted(struct str *to, struct span text)
{
    str_add_char(to, '\'');
    while (text.len) {
        size_t run = span_find_char(text, '\'');
        str_add_span(to, span_head(text, run));
        if (run < text.len)
            str_add(to, "'\\''");
        text = span_skip(text, run + 1);
    }
    str_add_char(to, '\'');
}

int quote_shell(struct str *to, struct span text, struct err *err)
{
    if (text.len && memchr(text.ptr, '\0', text.len))
        return err_set(err, ERR_INVALID, "a value holds a NUL byte, which no command line can carry");
    add_quoted(to, text);
    return 0;
}

void quote_text(struct str *to, const char *text)
{
    add_quoted(to, span_of(text));
}

void quote_argv(struct str *to, const char *const *argv, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            str_add_char(to, ' ');
        quote_text(to, argv[i]);
    }
}
