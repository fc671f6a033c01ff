#include "text/step_words.h"

#include "base/mem.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Digits at the start of *text; cut off. */
static bool take_int(struct span *text, int64_t *out)
{
    enum { MAX_DIGITS = 15 };
    size_t len = 0;
    int64_t value = 0;
    for (; len < text->len && len <= MAX_DIGITS && isdigit((unsigned char)text->ptr[len]); len++)
        value = value * 10 + (text->ptr[len] - '0');
    if (len == 0 || len > MAX_DIGITS)
        return false;
    *text = span_skip(*text, len);
    *out = value;
    return true;
}

static void skip(struct span *text, const char *what)
{
    while (text->len && strchr(what, text->ptr[0]))
        *text = span_skip(*text, 1);
}

/* What stands behind a number belongs to it: ".5", "/3", "s". */
static bool goes_on(struct span text)
{
    if (text.len > 1 && (text.ptr[0] == '.' || text.ptr[0] == '/') && isdigit((unsigned char)text.ptr[1]))
        return true;
    return text.len && is_word(text.ptr[0]);
}

bool step_ratio(struct span text, int64_t *step, int64_t *total, struct span *rest)
{
    int64_t done, all;
    skip(&text, " \t[(");
    if (!take_int(&text, &done))
        return false;
    skip(&text, " ");
    if (!text.len || text.ptr[0] != '/')
        return false;
    text = span_skip(text, 1);
    skip(&text, " ");
    if (!take_int(&text, &all) || all <= 0 || done > all || goes_on(text))
        return false;
    *step = done;
    *total = all;
    *rest = text;
    return true;
}

/* "450", "[450/1000]", ": 450 / 1000" behind a word. "1.5" and "12s" are none. */
static bool read_place(struct span text, int64_t *at, int64_t *of)
{
    struct span rest;
    skip(&text, " \t:=#");
    if (step_ratio(text, at, of, &rest))
        return true;
    skip(&text, "[(");
    *of = -1;
    if (!take_int(&text, at))
        return false;
    return !goes_on(text) && !span_starts(text, "%");
}

static bool is_one_of(struct span word, const char *const list[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(list[i]) == word.len && strncasecmp(list[i], word.ptr, word.len) == 0)
            return true;
    return false;
}

static bool read_word(struct span word, struct span behind, struct step_words *out)
{
    static const char *const steps[] = { "step", "steps", "iter", "iteration", "batch", "global_step" };
    static const char *const epochs[] = { "epoch", "ep" };
    if (out->step < 0 && is_one_of(word, steps, ARRAY_LEN(steps)))
        return read_place(behind, &out->step, &out->total);
    if (out->epoch < 0 && is_one_of(word, epochs, ARRAY_LEN(epochs)))
        return read_place(behind, &out->epoch, &out->epochs);
    return false;
}

bool step_words(struct span line, struct step_words *out)
{
    struct step_words found = { -1, -1, -1, -1 };
    bool any = false;
    for (size_t at = 0; at < line.len;) {
        size_t from = at;
        if (!is_word(line.ptr[at])) {
            at++;
            continue;
        }
        while (at < line.len && is_word(line.ptr[at]))
            at++;
        char first = line.ptr[from] | 0x20;
        bool may_be_meant = first == 's' || first == 'i' || first == 'b' || first == 'g' || first == 'e';
        struct step_words before = found;
        if (!may_be_meant)
            continue;
        if (read_word((struct span){ line.ptr + from, at - from }, span_skip(line, at), &found))
            any = true;
        else
            found = before;
    }
    if (any)
        *out = found;
    return any;
}

double step_of_words(const struct step_words *words)
{
    if (words->step >= 0 && words->total > 0 && words->epoch >= 0) {
        int64_t done = words->epochs > 0 && words->epoch > 0 ? words->epoch - 1 : words->epoch;
        return (double)done * (double)words->total + (double)words->step;
    }
    if (words->step >= 0)
        return (double)words->step;
    return words->epoch >= 0 ? (double)words->epoch : (double)NAN;
}
