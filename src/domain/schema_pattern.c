#include "domain/schema_place.h"

#include "base/mem.h"

#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

static bool is_made_of(const char *text, const char *first, const char *rest)
{
    return *text && strchr(first, *text) && text[1 + strspn(text + 1, rest)] == '\0';
}

static bool is_any(const char *text)
{
    (void)text;
    return true;
}

static bool is_line(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static bool is_name(const char *text)
{
    return is_made_of(text, LETTERS DIGITS "_", LETTERS DIGITS "_.-");
}

static bool is_slurm_name(const char *text)
{
    return is_made_of(text, LETTERS DIGITS "_.,+", LETTERS DIGITS "_.,+-");
}

static bool is_env_name(const char *text)
{
    return is_made_of(text, LETTERS "_", LETTERS DIGITS "_");
}

static bool is_param_name(const char *text)
{
    return *text && is_line(text) && text[strcspn(text, " =")] == '\0';
}

static bool is_host_part(const char *text, size_t len)
{
    static const char rest[] = LETTERS DIGITS "_.:-";
    return len > 0 && len <= 253 && *text != '-' && strspn(text, rest) == len;
}

static bool is_host(const char *text)
{
    const char *at = strchr(text, '@');
    if (!at)
        return is_host_part(text, strlen(text));
    return is_host_part(text, (size_t)(at - text)) && is_host_part(at + 1, strlen(at + 1));
}

static bool has_parent_step(const char *path)
{
    struct span rest = span_of(path), part;
    while (span_next(&rest, '/', &part))
        if (span_is(part, ".."))
            return true;
    return false;
}

static bool is_absolute(const char *text)
{
    bool rooted = text[0] == '/' || strcmp(text, "~") == 0 || strncmp(text, "~/", 2) == 0;
    return rooted && is_line(text) && !has_parent_step(text);
}

static bool is_relative(const char *text)
{
    return *text && *text != '/' && is_line(text) && !has_parent_step(text);
}

static bool is_listen(const char *text)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;
    if (!colon || !span_u64(span_of(colon + 1), &port) || port > 65535)
        return false;
    size_t len = (size_t)(colon - text);
    if (len > 2 && text[0] == '[')
        return text[len - 1] == ']' && strspn(text + 1, DIGITS "abcdefABCDEF:.") == len - 2;
    return len > 0 && strspn(text, LETTERS DIGITS ".-") == len;
}

static bool is_title(const char *text)
{
    return *text && is_line(text) && text[strcspn(text, "\"\\")] == '\0';
}

/* regex: the same for a JSON Schema where one can say it, NULL else. */
static const struct {
    bool (*is_ok)(const char *text);
    const char *words, *regex;
} patterns[] = {
    [SCHEMA_ANY] = { is_any, "", NULL },
    [SCHEMA_LINE] = { is_line, "on one line", "^[^\\u0000-\\u001f\\u007f]*$" },
    [SCHEMA_NAME] = { is_name, "of letters, digits and _ . -, not beginning with . or -",
                      "^[A-Za-z0-9_][A-Za-z0-9_.-]*$" },
    [SCHEMA_SLURM_NAME] = { is_slurm_name, "of letters, digits and _ . , + -, not beginning with -",
                            "^[A-Za-z0-9_.,+][A-Za-z0-9_.,+-]*$" },
    [SCHEMA_ENV_NAME] = { is_env_name, "like a variable's name (letters, digits, _)",
                          "^[A-Za-z_][A-Za-z0-9_]*$" },
    [SCHEMA_PARAM_NAME] = { is_param_name, "without blanks and =", "^[^ =\\u0000-\\u001f\\u007f]+$" },
    [SCHEMA_HOST] = { is_host, "like user@login.example.edu or a host alone",
                      "^([A-Za-z0-9_.:][A-Za-z0-9_.:-]*@)?[A-Za-z0-9_.:][A-Za-z0-9_.:-]*$" },
    [SCHEMA_ABSOLUTE] = { is_absolute, "with a path from / or ~/ without ..", "^(/|~$|~/)" },
    [SCHEMA_RELATIVE] = { is_relative, "with a path inside the repository (not from /, no ..)", "^[^/]" },
    [SCHEMA_LISTEN] = { is_listen, "like 127.0.0.1:8470 or [::1]:8470", "^.+:[0-9]+$" },
    [SCHEMA_TITLE] = { is_title, "on one line without \" and \\", "^[^\"\\\\\\u0000-\\u001f\\u007f]+$" },
};
_Static_assert(ARRAY_LEN(patterns) == SCHEMA_PATTERN_COUNT, "a row for each pattern");

bool schema_pattern_ok(enum schema_pattern pattern, const char *text)
{
    return patterns[pattern].is_ok(text);
}

const char *schema_pattern_words(enum schema_pattern pattern)
{
    return patterns[pattern].words;
}

const char *schema_pattern_regex(enum schema_pattern pattern)
{
    return patterns[pattern].regex;
}

bool schema_word_in(const char *words, const char *word)
{
    struct span rest = span_of(words), one;
    while (span_next(&rest, '|', &one))
        if (span_is(one, word))
            return true;
    return false;
}
