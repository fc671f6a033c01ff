#define PCRE2_CODE_UNIT_WIDTH 8

#include "text/regex.h"

#include "base/limits.h"
#include "base/mem.h"

#include <assert.h>
#include <pcre2.h>
#include <string.h>

enum {
    STEPS = 20000,      /* of one match */
    HEAP_KIB = 1024,    /* the same */
    MAX_EXHAUSTED = 16, /* lines that may cost so much before the pattern is given up */
    PARENTHESES = 50
};

struct regex {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
    size_t group_count;
    char *names[REGEX_MAX_GROUPS + 1];
    unsigned exhausted;
};

void regex_free(struct regex *regex)
{
    if (!regex)
        return;
    pcre2_match_data_free(regex->data);
    pcre2_match_context_free(regex->limits);
    pcre2_code_free(regex->code);
    for (size_t i = 0; i <= REGEX_MAX_GROUPS; i++)
        mem_clear_str(&regex->names[i]);
    mem_free_ptr(&regex);
}

static int compile_error(struct span pattern, int code, size_t at, struct err *err)
{
    PCRE2_UCHAR words[200] = { 0 };
    (void)pcre2_get_error_message(code, words, sizeof(words));
    return err_set(err, ERR_INVALID, "no regular expression: %s at character %zu of \"%.*s\"",
                   (const char *)words, at + 1, SPAN_FMT(span_head(pattern, 100)));
}

static pcre2_code *compile(struct span pattern, struct err *err)
{
    int code = 0;
    size_t at = 0;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (!context)
        mem_exhausted();
    (void)pcre2_set_parens_nest_limit(context, PARENTHESES);
    pcre2_code *made =
        pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len,
                      PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C, &code, &at, context);
    pcre2_compile_context_free(context);
    if (!made)
        (void)compile_error(pattern, code, at, err);
    return made;
}

static void read_names(struct regex *regex)
{
    uint32_t count = 0, size = 0;
    PCRE2_SPTR table = NULL;
    (void)pcre2_pattern_info(regex->code, PCRE2_INFO_NAMECOUNT, &count);
    (void)pcre2_pattern_info(regex->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    (void)pcre2_pattern_info(regex->code, PCRE2_INFO_NAMETABLE, &table);
    for (uint32_t i = 0; i < count; i++, table += size) {
        size_t group = (size_t)table[0] << 8 | table[1];
        assert(group <= REGEX_MAX_GROUPS); /* regex_compile refuses more */
        mem_replace_str(&regex->names[group], (const char *)table + 2);
    }
}

static void prepare(struct regex *regex)
{
    regex->data = pcre2_match_data_create_from_pattern(regex->code, NULL);
    regex->limits = pcre2_match_context_create(NULL);
    if (!regex->data || !regex->limits)
        mem_exhausted();
    (void)pcre2_set_match_limit(regex->limits, STEPS);
    (void)pcre2_set_depth_limit(regex->limits, STEPS);
    (void)pcre2_set_heap_limit(regex->limits, HEAP_KIB);
    (void)pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE); /* where refused, it is interpreted */
    read_names(regex);
}

int regex_compile(struct span pattern, struct regex **out, struct err *err)
{
    uint32_t groups = 0;
    if (!pattern.len || pattern.len > MAX_REGEX_BYTES)
        return err_set(err, ERR_INVALID, "a regular expression has 1 to %d bytes", MAX_REGEX_BYTES);
    struct regex *regex = mem_zalloc(sizeof(*regex));
    regex->code = compile(pattern, err);
    if (!regex->code) {
        regex_free(regex);
        return -1;
    }
    (void)pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    if (groups > REGEX_MAX_GROUPS) {
        regex_free(regex);
        return err_set(err, ERR_TOO_LARGE, "a regular expression has at most %d groups, this one has %u",
                       REGEX_MAX_GROUPS, groups);
    }
    regex->group_count = groups;
    prepare(regex);
    *out = regex;
    return 0;
}

size_t regex_group_count(const struct regex *regex)
{
    return regex->group_count;
}

const char *regex_group_name(const struct regex *regex, size_t group)
{
    return group <= REGEX_MAX_GROUPS ? regex->names[group] : NULL;
}

size_t regex_group(const struct regex *regex, const char *name)
{
    for (size_t i = 1; i <= regex->group_count; i++)
        if (regex->names[i] && strcmp(regex->names[i], name) == 0)
            return i;
    return 0;
}

bool regex_is_spent(const struct regex *regex)
{
    return regex->exhausted >= MAX_EXHAUSTED;
}

static bool is_limit(int rc)
{
    static const int limits[] = { PCRE2_ERROR_MATCHLIMIT, PCRE2_ERROR_DEPTHLIMIT, PCRE2_ERROR_HEAPLIMIT,
                                  PCRE2_ERROR_JIT_STACKLIMIT };
    for (size_t i = 0; i < ARRAY_LEN(limits); i++)
        if (rc == limits[i])
            return true;
    return false;
}

bool regex_match(struct regex *regex, struct span text, size_t from, struct regex_match *out)
{
    if (from > text.len || regex_is_spent(regex))
        return false;
    int rc = pcre2_match(regex->code, (PCRE2_SPTR)(text.ptr ? text.ptr : ""), text.len, from, 0, regex->data,
                         regex->limits);
    regex->exhausted += is_limit(rc);
    if (rc <= 0)
        return false;
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(regex->data);
    for (size_t i = 0; i <= regex->group_count; i++) {
        bool is_set = (int)i < rc && at[2 * i] != PCRE2_UNSET && at[2 * i + 1] >= at[2 * i];
        out->groups[i] =
            is_set ? (struct span){ text.ptr + at[2 * i], at[2 * i + 1] - at[2 * i] } : (struct span){ 0 };
    }
    out->end = at[1] > at[0] && at[1] > from ? at[1] : from + 1; /* an empty match goes on behind it */
    return true;
}
