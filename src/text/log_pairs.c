#include "text/log_pairs.h"

#include "base/mem.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || strchr("_./%@-", c);
}

static bool is_border(char c)
{
    return c == ' ' || c == '\t' || c == '(' || c == '[' || c == '{' || c == ',' || c == ';' || c == '|';
}

/* "Train Loss" is not "Val Loss": such a word in front belongs to the name. */
static bool is_prefix(struct span word)
{
    static const char *const words[] = { "train", "training",   "val",  "valid",   "validation", "test",
                                         "eval",  "evaluation", "best", "average", "avg",        "mean" };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strlen(words[i]) == word.len && strncasecmp(words[i], word.ptr, word.len) == 0)
            return true;
    return false;
}

/* The word that ends at `end`. */
static struct span word_before(struct span line, size_t end)
{
    size_t from = end;
    while (from > 0 && is_name(line.ptr[from - 1]))
        from--;
    return (struct span){ line.ptr + from, end - from };
}

static bool is_level(struct span word)
{
    static const char *const words[] = { "INFO",  "WARNING",  "WARN", "ERROR",
                                         "DEBUG", "CRITICAL", "NOTE", "ETA" };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (span_is(word, words[i]))
            return true;
    return false;
}

/* The name that ends where the separator stands; empty where that is none. */
static struct span name_before(struct span line, size_t at)
{
    struct span none = { 0 };
    while (at > 0 && line.ptr[at - 1] == ' ')
        at--;
    struct span word = word_before(line, at);
    size_t from = (size_t)(word.ptr - line.ptr);
    if (!word.len || !isalpha((unsigned char)word.ptr[0]) || is_level(word))
        return none;
    if (from > 0 && !is_border(line.ptr[from - 1]))
        return none;
    if (from > 1 && line.ptr[from - 1] == ' ') {
        struct span before = word_before(line, from - 1);
        if (is_prefix(before))
            return (struct span){ before.ptr, before.len + 1 + word.len };
    }
    return word;
}

/* "1,000": one number to people, and to programs two. */
static bool is_grouped(struct span word, struct span behind)
{
    size_t digits = 0;
    for (size_t i = 0; i < word.len; i++)
        if (!isdigit((unsigned char)word.ptr[i]))
            return false;
    while (digits + 1 < behind.len && isdigit((unsigned char)behind.ptr[digits + 1]))
        digits++;
    return word.len <= 3 && digits == 3 && behind.ptr[0] == ',';
}

/* The number at the start of text, with the % or bracket that may follow; false where more sticks to it. */
static bool number_behind(struct span text, bool must_be_real, double *out)
{
    size_t len = 0;
    bool is_real = false;
    if (span_starts(text, "tensor("))
        text = span_skip(text, strlen("tensor("));
    while (len < text.len && (isalnum((unsigned char)text.ptr[len]) || strchr("+-.", text.ptr[len]))) {
        is_real = is_real || text.ptr[len] == '.' || (text.ptr[len] | 0x20) == 'e';
        len++;
    }
    struct span word = span_head(text, len);
    if (len < text.len && (!strchr(" \t,;|)]}%'\"", text.ptr[len]) || is_grouped(word, span_skip(text, len))))
        return false;
    if (span_ends(word, "."))
        word.len--;
    bool is_words = word.len && isalpha((unsigned char)word.ptr[word.len - 1]);
    if (is_words && (span_is(word, "True") || span_is(word, "False")))
        return false;
    return (is_real || is_words || !must_be_real) && metric_number(word, out);
}

void log_pairs(struct metric_build *row, struct span line, const char *separators)
{
    double value;
    for (size_t at = 1; at < line.len; at++) {
        char c = line.ptr[at];
        if ((c != ':' && c != '=') || !strchr(separators, c))
            continue;
        struct span behind = span_skip(line, at + 1);
        bool has_blank = behind.len && behind.ptr[0] == ' ';
        while (behind.len && behind.ptr[0] == ' ')
            behind = span_skip(behind, 1);
        if (!behind.len || !number_behind(behind, c == ':' && !has_blank, &value))
            continue;
        struct span name = name_before(line, at);
        if (name.len)
            metric_build_add(row, name, value);
    }
}
