#include "api/target.h"

#include "base/mem.h"
#include "base/str.h"

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One character at the head of *in, escapes resolved. -1 on a broken or forbidden escape. */
static int next_byte(struct span *in, bool is_query)
{
    char c = in->ptr[0];
    if (c != '%') {
        *in = span_skip(*in, 1);
        return c == '+' && is_query ? ' ' : (unsigned char)c;
    }
    int high = in->len > 1 ? hex_digit(in->ptr[1]) : -1;
    int low = in->len > 2 ? hex_digit(in->ptr[2]) : -1;
    if (high < 0 || low < 0)
        return -1;
    int byte = high * 16 + low;
    *in = span_skip(*in, 3);
    return byte == 0 || (!is_query && (byte == '/' || byte == '\\' || byte < 0x20)) ? -1 : byte;
}

static int decode(struct span in, bool is_query, struct str *out, struct err *err)
{
    while (in.len) {
        int byte = next_byte(&in, is_query);
        if (byte < 0)
            return err_set(err, ERR_INVALID, "the address holds a broken or forbidden %%-escape");
        str_add_char(out, (char)byte);
    }
    if (!span_is_utf8(str_span(out)))
        return err_set(err, ERR_INVALID, "the address is not UTF-8");
    return 0;
}

static int check_raw(struct span raw, struct err *err)
{
    if (raw.len > MAX_TARGET_BYTES)
        return err_set(err, ERR_INVALID, "the address is longer than %d bytes", MAX_TARGET_BYTES);
    if (raw.len == 0 || raw.ptr[0] != '/')
        return err_set(err, ERR_INVALID, "the address must begin with a slash");
    for (size_t i = 0; i < raw.len; i++) {
        unsigned char c = (unsigned char)raw.ptr[i];
        if (c <= ' ' || c == 0x7f || c == '#' || c == '\\')
            return err_set(err, ERR_INVALID, "the address holds a character that must be %%-encoded");
    }
    return 0;
}

static int check_segments(struct span path, struct err *err)
{
    struct span rest = span_skip(path, 1), segment;
    while (span_next(&rest, '/', &segment)) {
        if (segment.len == 0 || span_is(segment, ".") || span_is(segment, ".."))
            return err_set(err, ERR_INVALID, "the address holds an empty, '.' or '..' segment");
    }
    return 0;
}

static int parse_path(struct span raw, const char *base_path, char **path, struct err *err)
{
    size_t base_len = strlen(base_path);
    if (base_len && span_starts(raw, base_path) && (raw.len == base_len || raw.ptr[base_len] == '/'))
        raw = span_skip(raw, base_len);
    if (raw.len == 0)
        raw = SPAN_LIT("/");
    auto_str struct str text = STR_MAX(MAX_TARGET_BYTES);
    if (decode(raw, false, &text, err) < 0 || check_segments(str_span(&text), err) < 0)
        return -1;
    *path = str_steal(&text);
    return 0;
}

static int add_pair(struct target *target, const char *name, const char *value, struct err *err)
{
    if (target->pair_count == TARGET_MAX_PAIRS)
        return err_set(err, ERR_INVALID, "more than %d query parameters", TARGET_MAX_PAIRS);
    if (target_query(target, name))
        return err_set(err, ERR_INVALID, "the query parameter '%s' is given twice", name);
    target->pairs[target->pair_count++] = (struct target_pair){ name, value };
    return 0;
}

/* Names and values stand in one buffer, each closed by NUL (which decode refuses inside them). */
static int parse_query(struct target *target, struct err *err)
{
    size_t starts[2 * TARGET_MAX_PAIRS], count = 0;
    auto_str struct str text = STR_MAX(2 * MAX_TARGET_BYTES);
    struct span rest = span_of(target->query), pair;
    while (span_next(&rest, '&', &pair)) {
        if (pair.len == 0)
            continue;
        if (count == ARRAY_LEN(starts))
            return err_set(err, ERR_INVALID, "more than %d query parameters", TARGET_MAX_PAIRS);
        size_t eq = span_find_char(pair, '=');
        struct span parts[2] = { span_head(pair, eq), span_skip(pair, eq + 1) };
        for (size_t i = 0; i < 2; i++) {
            auto_str struct str part = STR_MAX(MAX_TARGET_BYTES);
            if (decode(parts[i], true, &part, err) < 0)
                return -1;
            starts[count++] = text.len;
            str_add_span(&text, str_span(&part));
            str_add_char(&text, '\0');
        }
    }
    target->query_buf = str_steal(&text);
    for (size_t i = 0; i < count; i += 2)
        if (add_pair(target, target->query_buf + starts[i], target->query_buf + starts[i + 1], err) < 0)
            return -1;
    return 0;
}

int target_parse(struct span raw, const char *base_path, struct target *out, struct err *err)
{
    if (check_raw(raw, err) < 0)
        return -1;
    struct target target = { 0 };
    size_t mark = span_find_char(raw, '?');
    if (parse_path(span_head(raw, mark), base_path, &target.path, err) < 0)
        return -1;
    target.query = span_dup(span_skip(raw, mark + 1));
    if (parse_query(&target, err) < 0) {
        target_clear(&target);
        return -1;
    }
    *out = target;
    return 0;
}

void target_clear(struct target *target)
{
    mem_clear_str(&target->path);
    mem_clear_str(&target->query);
    mem_clear_str(&target->query_buf);
    target->pair_count = 0;
}

const char *target_query(const struct target *target, const char *name)
{
    for (size_t i = 0; i < target->pair_count; i++)
        if (strcmp(target->pairs[i].name, name) == 0)
            return target->pairs[i].value;
    return NULL;
}

bool target_match(const char *pattern, const char *path, struct span *params, size_t max)
{
    size_t count = 0;
    while (*pattern) {
        if (*pattern != '{') {
            if (*pattern++ != *path++)
                return false;
            continue;
        }
        size_t len = strcspn(path, "/");
        if (len == 0 || count == max)
            return false;
        params[count++] = (struct span){ path, len };
        path += len;
        pattern += strcspn(pattern, "}") + 1;
    }
    return *path == '\0';
}
