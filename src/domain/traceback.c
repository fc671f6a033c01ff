#include "domain/traceback.h"

#include "base/mem.h"
#include "base/str.h"
#include "text/plain.h"

#include <ctype.h>
#include <string.h>

enum { MAX_LABEL = 80, MAX_LINES = 500, LOOK_BYTES = 400 };

static size_t line_start(struct span log, size_t at, size_t most)
{
    size_t from = at;
    while (from > 0 && log.ptr[from - 1] != '\n' && at - from < most)
        from--;
    return from;
}

/* "[rank1]: ", "[default0]:", "12: ": what launchers put in front of each line. */
static struct span label_of(struct span line)
{
    bool has_bracket = span_starts(line, "[");
    size_t first = has_bracket ? 1 : 0, len = first;
    while (len < line.len && len < MAX_LABEL &&
           (has_bracket ? isalnum((unsigned char)line.ptr[len]) : isdigit((unsigned char)line.ptr[len])))
        len++;
    struct span rest = span_skip(line, len);
    if (len == first || len == MAX_LABEL || !span_starts(rest, has_bracket ? "]:" : ": "))
        return (struct span){ 0 };
    len += 2;
    return span_head(line, len + (has_bracket && len < line.len && line.ptr[len] == ' '));
}

static bool is_frame(struct span text)
{
    struct span bare = span_trim(text);
    return !bare.len || text.ptr[0] == ' ' || text.ptr[0] == '\t' || span_starts(text, "\xe2\x94") ||
           span_starts(text, "\xe2\x95");
}

/* The line as it reads, without what a group of exceptions puts in front of it. */
static bool ends_frames(struct span line, bool is_group)
{
    auto_str struct str plain = STR_MAX(LOOK_BYTES + 16);
    plain_add(&plain, span_head(line, LOOK_BYTES));
    struct span text = str_span(&plain), bare = span_trim(text);
    if (is_group && span_starts(bare, "| "))
        text = span_skip(bare, 2);
    return !is_frame(text);
}

static size_t find_end(struct span log, size_t at, struct span label, bool is_group)
{
    struct span rest = span_skip(log, at), line;
    (void)span_next_line(&rest, &line);
    for (size_t i = 0; i < MAX_LINES && span_next_line(&rest, &line); i++) {
        bool is_other = label.len && (line.len < label.len || memcmp(line.ptr, label.ptr, label.len) != 0);
        if (!is_other && ends_frames(span_skip(line, label.len), is_group))
            return (size_t)(line.ptr - log.ptr);
    }
    return at;
}

size_t traceback_end(struct span log, size_t at)
{
    size_t from = line_start(log, at, MAX_LABEL);
    struct span label = label_of(span_skip(log, from));
    bool is_group = span_has((struct span){ log.ptr + from, at - from }, "Exception Group ");
    size_t end = find_end(log, at, label, is_group);
    return end == at && label.len ? find_end(log, at, (struct span){ 0 }, is_group) : end;
}

bool traceback_says_error(struct span log, size_t at)
{
    size_t from = line_start(log, at, LOOK_BYTES), len = 0;
    struct span line = span_head(span_skip(log, from), LOOK_BYTES); /* a bar's line may be the whole log */
    line = span_head(line, span_find_char(line, '\n'));
    auto_str struct str plain = STR_MAX(LOOK_BYTES + 16);
    plain_add(&plain, line);
    struct span text = span_trim(str_span(&plain));
    text = span_skip(text, label_of(text).len);
    if (span_starts(text, "| "))
        text = span_skip(text, 2);
    while (len < text.len && (isalnum((unsigned char)text.ptr[len]) || strchr("_.", text.ptr[len])))
        len++;
    struct span name = span_head(text, len);
    return (len == text.len || text.ptr[len] == ':') &&
           (span_ends(name, "Error") || span_ends(name, "Exception"));
}
