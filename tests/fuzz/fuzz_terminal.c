/* Text of others on its way out: nothing a terminal obeys passes, and no byte ends a mail's header. */
#include "fuzz.h"

#include "text/mime.h"
#include "text/terminal.h"

static void check_safe(struct span text, const char *allowed)
{
    must(span_is_utf8(text));
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool is_control = c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)text.ptr[i + 1] < 0xa0);
        must(!is_control || (c && __builtin_strchr(allowed, c)));
    }
}

static void check_header(struct span text)
{
    auto_str struct str header = STR_MAX((size_t)4 << 20);
    mime_header(&header, "Subject", text);
    struct span rest = str_span(&header), line;
    for (bool is_first = true; span_next_line(&rest, &line); is_first = false)
        must(span_ends(line, "\r") && (is_first || span_starts(line, " ")) &&
             span_find_char(line, '\r') == line.len - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = { (const char *)data, size };
    for (unsigned mode = 0; mode < 4; mode++) {
        auto_str struct str shown = STR_MAX((size_t)16 << 20), cut = STR_MAX((size_t)16 << 20);
        terminal_escape(&shown, text, mode);
        check_safe(str_span(&shown), mode == 0                ? ""
                                     : mode == TERMINAL_LINES ? "\n\t"
                                     : mode == TERMINAL_SGR   ? "\x1b"
                                                              : "\n\t\x1b");
        terminal_cut(&cut, str_span(&shown), 20);
        must(mode != TERMINAL_CELL || terminal_width(str_span(&cut)) <= 20);
    }
    check_header(text);
    return 0;
}
