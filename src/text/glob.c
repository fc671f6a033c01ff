#include "text/glob.h"

#include "base/mem.h"
#include "text/utf8.h"

#include <stdlib.h>
#include <string.h>

/* [..] at the head of pattern against one byte. The bytes of the class, or 0 where it is never closed. */
static size_t match_class(struct span pattern, unsigned char c, bool *is_match)
{
    size_t at = 1;
    bool is_negated = at < pattern.len && (pattern.ptr[at] == '!' || pattern.ptr[at] == '^');
    at += is_negated;
    bool found = false;
    for (size_t first = at; at < pattern.len; at++) {
        if (pattern.ptr[at] == ']' && at > first) {
            *is_match = found != is_negated; /* c is none of a path's slashes: parts are matched */
            return at + 1;
        }
        at += pattern.ptr[at] == '\\' && at + 1 < pattern.len;
        unsigned char low = (unsigned char)pattern.ptr[at], high = low;
        if (at + 2 < pattern.len && pattern.ptr[at + 1] == '-' && pattern.ptr[at + 2] != ']') {
            at += 2;
            at += pattern.ptr[at] == '\\' && at + 1 < pattern.len;
            high = (unsigned char)pattern.ptr[at];
        }
        found = found || (c >= low && c <= high);
    }
    return 0;
}

/* One element of the pattern (no star) at the heads of both, text not empty; false where it does not match.
 */
static bool match_one(struct span *pattern, struct span *text)
{
    if (pattern->len == 0)
        return false;
    char p = pattern->ptr[0];
    size_t used_pattern = 1, used_text = 1;
    bool is_match = p == text->ptr[0];
    if (p == '?') {
        used_text = utf8_len(*text);
        used_text += used_text == 0;
        is_match = true;
    } else if (p == '[') {
        size_t len = match_class(*pattern, (unsigned char)text->ptr[0], &is_match);
        used_pattern = len ? len : 1; /* never closed: a bracket as it is */
    } else if (p == '\\' && pattern->len > 1) {
        used_pattern = 2;
        is_match = pattern->ptr[1] == text->ptr[0];
    }
    if (!is_match)
        return false;
    *pattern = span_skip(*pattern, used_pattern);
    *text = span_skip(*text, used_text);
    return true;
}

/* One path part. Only the last star is ever retried: an earlier one could not do better. */
static bool match_part(struct span pattern, struct span text)
{
    struct span star_pattern = { 0 }, star_text = { 0 };
    bool has_star = false;
    while (text.len) {
        if (pattern.len && pattern.ptr[0] == '*') {
            pattern = span_skip(pattern, 1);
            star_pattern = pattern;
            star_text = text;
            has_star = true;
        } else if (!match_one(&pattern, &text)) {
            if (!has_star)
                return false;
            star_text = span_skip(star_text, 1);
            pattern = star_pattern;
            text = star_text;
        }
    }
    while (pattern.len && pattern.ptr[0] == '*')
        pattern = span_skip(pattern, 1);
    return pattern.len == 0;
}

/* A list of parts that is walked: what is left, and whether anything is. */
struct parts {
    struct span rest;
    bool has_more;
};

static struct span take_part(struct parts *parts)
{
    size_t slash = span_find_char(parts->rest, '/');
    struct span part = span_head(parts->rest, slash);
    parts->has_more = slash < parts->rest.len;
    parts->rest = span_skip(parts->rest, slash + 1);
    return part;
}

/* Parts against parts, where the part ** stands for any number of them: the same walk one level up. */
static bool match_parts(struct parts pattern, struct parts path)
{
    struct parts star_pattern = { 0 }, star_path = { 0 };
    bool has_star = false;
    while (path.has_more) {
        struct parts next_pattern = pattern, next_path = path;
        struct span part = pattern.has_more ? take_part(&next_pattern) : (struct span){ 0 };
        if (pattern.has_more && span_is(part, "**")) {
            if (!next_pattern.has_more)
                return true; /* at the end: all that is left, at least one part */
            pattern = star_pattern = next_pattern;
            star_path = path;
            has_star = true;
        } else if (pattern.has_more && match_part(part, take_part(&next_path))) {
            pattern = next_pattern;
            path = next_path;
        } else {
            if (!has_star)
                return false;
            (void)take_part(&star_path);
            pattern = star_pattern;
            path = star_path;
        }
    }
    return !pattern.has_more;
}

bool glob_match(const char *pattern, const char *path, bool is_dir)
{
    struct span want = span_of(pattern), have = span_of(path);
    if (want.len > 1 && want.ptr[want.len - 1] == '/') {
        if (!is_dir)
            return false;
        want.len--;
    }
    if (want.len == 0 || have.len == 0)
        return false;
    if (span_find_char(want, '/') == want.len) {
        const char *slash = strrchr(path, '/');
        return match_part(want, slash ? span_of(slash + 1) : have);
    }
    if (want.ptr[0] == '/')
        want = span_skip(want, 1);
    return match_parts((struct parts){ want, want.len > 0 }, (struct parts){ have, true });
}

void glob_list_clear(struct glob_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].pattern);
    free(list->items);
    *list = (struct glob_list){ 0 };
}

int glob_list_add(struct glob_list *list, struct span pattern, struct err *err)
{
    if (list->count == MAX_GLOB_PATTERNS)
        return err_set(err, ERR_TOO_LARGE, "more than %d patterns", MAX_GLOB_PATTERNS);
    if (pattern.len > MAX_GLOB_BYTES)
        return err_set(err, ERR_TOO_LARGE, "a pattern is longer than %d bytes", MAX_GLOB_BYTES);
    if (pattern.len && memchr(pattern.ptr, '\0', pattern.len))
        return err_set(err, ERR_INVALID, "a pattern holds a NUL byte");
    bool is_negated = span_starts(pattern, "!");
    *vec_push(list->items, list->count, list->cap) =
        (struct glob_item){ .pattern = span_dup(span_skip(pattern, is_negated)), .is_negated = is_negated };
    return 0;
}

static struct span trim_end(struct span line)
{
    while (line.len && (line.ptr[line.len - 1] == ' ' || line.ptr[line.len - 1] == '\r' ||
                        line.ptr[line.len - 1] == '\t')) {
        if (line.len > 1 && line.ptr[line.len - 1] == ' ' && line.ptr[line.len - 2] == '\\')
            break;
        line.len--;
    }
    return line;
}

int glob_list_add_lines(struct glob_list *list, struct span text, struct err *err)
{
    struct span line;
    for (unsigned number = 1; span_next_line(&text, &line); number++) {
        line = trim_end(line);
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        if (glob_list_add(list, line, err) < 0)
            return err_wrap(err, "line %u", number);
    }
    return 0;
}

static bool last_match(const struct glob_list *list, const char *path, bool is_dir)
{
    for (size_t i = list->count; i > 0; i--) {
        if (glob_match(list->items[i - 1].pattern, path, is_dir))
            return !list->items[i - 1].is_negated;
    }
    return false;
}

bool glob_list_match(const struct glob_list *list, const char *path, bool is_dir)
{
    if (list->count == 0)
        return false;
    auto_free char *above = mem_dup_str(path);
    for (char *slash = strchr(above, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool is_taken = last_match(list, above, true);
        *slash = '/';
        if (is_taken)
            return true;
    }
    return last_match(list, path, is_dir);
}
