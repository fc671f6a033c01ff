#include "cli/log_view.h"

#include "text/terminal.h"

#include <string.h>

enum { MAX_SGR_BYTES = 32 };

/* Our own: back to the line's start, and clear it. */
#define REDRAW "\r\x1b[K"

/* Bytes at the end that may be the beginning of one character. */
static size_t cut_character(struct span text)
{
    for (size_t back = 1; back <= 3 && back <= text.len; back++) {
        unsigned char c = (unsigned char)text.ptr[text.len - back];
        if (c < 0x80)
            return 0;
        if (c < 0xc0)
            continue;
        size_t want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
        return want > back ? back : 0;
    }
    return 0;
}

/* Bytes at the end that may be the beginning of a colour: ESC [ digits. */
static size_t cut_color(struct span text)
{
    for (size_t back = 1; back < MAX_SGR_BYTES && back <= text.len; back++) {
        char c = text.ptr[text.len - back];
        if (c == '\x1b')
            return back;
        bool may_be = (c >= '0' && c <= '9') || c == ';' || c == ':' || c == '[';
        if (!may_be)
            return 0;
    }
    return 0;
}

static void show(const struct log_view *view, struct span text, struct str *to)
{
    terminal_escape(to, text, TERMINAL_LINES | (view->keeps_colors ? (unsigned)TERMINAL_SGR : 0));
}

/* Pieces between carriage returns: one before a line break is nothing, any other redraws the line. */
static void add(struct log_view *view, struct span text, struct str *to)
{
    while (text.len) {
        size_t plain = span_find_char(text, '\r');
        if (plain > 0 && view->has_return) {
            str_add(to, text.ptr[0] == '\n' ? "" : REDRAW);
            view->has_return = false;
        }
        show(view, span_head(text, plain), to);
        if (plain < text.len)
            view->has_return = true;
        text = span_skip(text, plain + 1);
    }
}

static void hold(struct log_view *view, struct span tail)
{
    view->held_len = tail.len;
    if (tail.len)
        memcpy(view->held, tail.ptr, tail.len);
}

void log_view_feed(struct log_view *view, struct span bytes, struct str *to)
{
    if (!view->is_terminal) {
        str_add_span(to, bytes);
        return;
    }
    auto_str struct str whole = STR_MAX(bytes.len + LOG_VIEW_HELD_BYTES);
    str_add_span(&whole, (struct span){ view->held, view->held_len });
    str_add_span(&whole, bytes);
    struct span text = str_span(&whole);
    size_t keep = cut_character(text);
    if (!keep && view->keeps_colors)
        keep = cut_color(text);
    add(view, span_head(text, text.len - keep), to);
    hold(view, span_skip(text, text.len - keep));
}

void log_view_end(struct log_view *view, struct str *to)
{
    struct span rest = { view->held, view->held_len };
    view->held_len = 0;
    add(view, rest, to);
    view->has_return = false;
}
