#include "domain/schema_place.h"

#include "base/mem.h"
#include "text/units.h"

/* Each word but those that come later: "auto, srun, none". */
void schema_add_words(const struct schema_row *row, struct str *to)
{
    struct span rest = span_of(row->words), word;
    const char *between = "";
    while (span_next(&rest, '|', &word)) {
        auto_free char *text = span_dup(word);
        if (schema_word_in(row->later_words, text))
            continue;
        str_addf(to, "%s%s", between, text);
        between = ", ";
    }
}

static bool has_range(const struct schema_row *row)
{
    return row->min != 0 || row->max != 0;
}

static void add_bound(const struct schema_row *row, double value, struct str *to)
{
    if (row->type == SCHEMA_SIZE)
        units_add_size(to, (uint64_t)value);
    else if (row->type == SCHEMA_DURATION)
        units_add_duration(to, (int64_t)value);
    else
        str_addf(to, "%.15g", value);
}

/* Bounds that are only there to keep numbers sane are not told. */
static void add_range(const struct schema_row *row, struct str *to)
{
    if (!has_range(row) || row->type == SCHEMA_STR || row->type == SCHEMA_STRS)
        return;
    if (row->max >= 1e9) {
        if (row->min > 1) {
            str_add(to, " from ");
            add_bound(row, row->min, to);
            str_add(to, " on");
        }
        return;
    }
    str_add(to, row->min == row->max ? " " : " from ");
    add_bound(row, row->min, to);
    if (row->min == row->max)
        return;
    str_add(to, " to ");
    add_bound(row, row->max, to);
}

static const char *const type_words[] = {
    [SCHEMA_STR] = "a string",
    [SCHEMA_INT] = "a whole number",
    [SCHEMA_FLOAT] = "a number",
    [SCHEMA_BOOL] = "true or false",
    [SCHEMA_DURATION] = "a time like 90m, 2d, 24:00:00 or 1-12:00:00",
    [SCHEMA_SIZE] = "a size like 64G or 512M",
    [SCHEMA_CHOICE] = "one of ",
    [SCHEMA_SCALAR] = "a string, number, true or false",
    [SCHEMA_STRS] = "a list of strings",
    [SCHEMA_SCALARS] = "a list of strings, numbers or booleans",
    [SCHEMA_DICT] = "a map of names to strings, numbers or booleans",
    [SCHEMA_OBJECT] = "a map",
    [SCHEMA_OBJECTS] = "a list of maps",
    [SCHEMA_NAMED] = "a map of names to maps",
    [SCHEMA_FREE] = "anything",
};
_Static_assert(ARRAY_LEN(type_words) == SCHEMA_TYPE_COUNT, "words for each type");

static void add_pattern(const struct schema_row *row, struct str *to)
{
    static const char *const before[SCHEMA_TYPE_COUNT] = {
        [SCHEMA_STR] = " ",
        [SCHEMA_STRS] = ", each ",
        [SCHEMA_DICT] = "; names ",
        [SCHEMA_NAMED] = "; names ",
    };
    const char *words = schema_pattern_words(row->pattern);
    if (before[row->type] && *words)
        str_addf(to, "%s%s", before[row->type], words);
}

void schema_expects(const struct schema_row *row, struct str *to)
{
    str_add(to, type_words[row->type]);
    if (row->type == SCHEMA_CHOICE) {
        schema_add_words(row, to);
        return;
    }
    add_range(row, to);
    add_pattern(row, to);
    if (row->type == SCHEMA_STR && row->max > 0)
        str_addf(to, ", at most %.0f bytes", row->max);
    if (row->flags & SCHEMA_OR_LIST)
        str_add(to, ", or a list of them");
    if (row->words) {
        str_add(to, ", or ");
        schema_add_words(row, to);
    }
}
