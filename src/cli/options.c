#include "cli/options.h"

#include "base/mem.h"
#include "text/suggest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { HELP_COLUMN = 30, MAX_KNOWN = 128 };

struct parse {
    const struct option_row *const *tables;
    size_t table_count;
    char *const *next; /* words not yet looked at */
    struct options *out;
};

void options_clear(struct options *options)
{
    free(options->given);
    free(options->args);
    *options = (struct options){ 0 };
}

static const struct option_row *find(const struct parse *parse, struct span name, char letter)
{
    for (size_t t = 0; t < parse->table_count; t++)
        for (const struct option_row *row = parse->tables[t]; row && row->name; row++)
            if (letter ? row->letter == letter : span_is(name, row->name))
                return row;
    return NULL;
}

static int unknown(const struct parse *parse, struct span name, struct err *err)
{
    const char *known[MAX_KNOWN];
    size_t count = 0;
    for (size_t t = 0; t < parse->table_count; t++)
        for (const struct option_row *row = parse->tables[t]; row && row->name && count < MAX_KNOWN; row++)
            known[count++] = row->name;
    auto_free char *word = span_dup(name);
    const char *near = suggest_nearest(word, known, count);
    if (near)
        return err_set(err, ERR_INVALID, "unknown option --%s: did you mean --%s?", word, near);
    return err_set(err, ERR_INVALID, "unknown option --%s (a -- before it makes it an argument)", word);
}

static int add(struct parse *parse, const struct option_row *row, const char *value, struct err *err)
{
    if (!row->repeats && row->value && options_has(parse->out, row->name))
        return err_set(err, ERR_INVALID, "option --%s is given twice", row->name);
    struct options *out = parse->out;
    *vec_push(out->given, out->count, out->cap) = (struct option_given){ row, value };
    return 0;
}

/* value: what stood behind '=' or the letter, or NULL. */
static int take(struct parse *parse, const struct option_row *row, const char *value, struct err *err)
{
    if (!row->value)
        return value ? err_set(err, ERR_INVALID, "option --%s takes no value", row->name)
                     : add(parse, row, "", err);
    if (!value && !*parse->next)
        return err_set(err, ERR_INVALID, "option --%s needs a value: --%s %s", row->name, row->name,
                       row->value);
    return add(parse, row, value ? value : *parse->next++, err);
}

static int take_long(struct parse *parse, const char *word, struct err *err)
{
    struct span name = span_of(word + 2);
    size_t equals = span_find_char(name, '=');
    const char *value = equals < name.len ? name.ptr + equals + 1 : NULL;
    name = span_head(name, equals);
    const struct option_row *row = find(parse, name, 0);
    return row ? take(parse, row, value, err) : unknown(parse, name, err);
}

/* -x VALUE, -xVALUE, and flags in one word: -fj. */
static int take_short(struct parse *parse, const char *word, struct err *err)
{
    for (const char *at = word + 1; *at; at++) {
        const struct option_row *row = find(parse, (struct span){ 0 }, *at);
        if (!row)
            return err_set(err, ERR_INVALID, "unknown option -%c in %s (a -- before it makes it an argument)",
                           *at, word);
        if (row->value)
            return take(parse, row, at[1] ? at + 1 : NULL, err);
        if (take(parse, row, NULL, err) < 0)
            return -1;
    }
    return 0;
}

static int take_word(struct parse *parse, bool *is_open, struct err *err)
{
    const char *word = *parse->next++;
    struct options *out = parse->out;
    if (*is_open && strcmp(word, "--") == 0) {
        *is_open = false;
        return 0;
    }
    if (!*is_open || word[0] != '-' || !word[1]) {
        if (out->arg_count == MAX_COMMAND_WORDS)
            return err_set(err, ERR_TOO_LARGE, "more than %d arguments", MAX_COMMAND_WORDS);
        *vec_push(out->args, out->arg_count, out->arg_cap) = word;
        return 0;
    }
    return word[1] == '-' ? take_long(parse, word, err) : take_short(parse, word, err);
}

int options_parse(const struct option_row *const *tables, size_t count, char *const *argv,
                  struct options *out, struct err *err)
{
    auto_options struct options options = { 0 };
    struct parse parse = { tables, count, argv, &options };
    bool is_open = true;
    while (*parse.next)
        if (take_word(&parse, &is_open, err) < 0)
            return -1;
    *out = options;
    options = (struct options){ 0 };
    return 0;
}

const char *options_value(const struct options *options, const char *name)
{
    for (size_t i = options->count; i-- > 0;)
        if (strcmp(options->given[i].row->name, name) == 0)
            return options->given[i].value;
    return NULL;
}

bool options_has(const struct options *options, const char *name)
{
    return options_value(options, name) != NULL;
}

int options_int(const struct options *options, const char *name, int64_t min, int64_t max, int64_t *value,
                struct err *err)
{
    const char *text = options_value(options, name);
    int64_t number;
    if (!text)
        return 0;
    if (!span_i64(span_of(text), &number) || number < min || number > max)
        return err_set(err, ERR_INVALID,
                       "option --%s: expected a whole number from %" PRId64 " to %" PRId64 ", got %s", name,
                       min, max, text);
    *value = number;
    return 0;
}

void options_help(const struct option_row *table, struct str *to)
{
    for (const struct option_row *row = table; row && row->name; row++) {
        size_t start = to->len;
        if (row->letter)
            str_addf(to, "  -%c, ", row->letter);
        else
            str_add(to, "      ");
        str_addf(to, "--%s%s%s", row->name, row->value ? " " : "", row->value ? row->value : "");
        do
            str_add_char(to, ' ');
        while (to->len - start < HELP_COLUMN && !to->failed);
        str_addf(to, "%s%s\n", row->help, row->repeats ? " (may be repeated)" : "");
    }
}
