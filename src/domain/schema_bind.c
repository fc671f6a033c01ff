#include "domain/schema_bind.h"

#include "base/limits.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void strs_push(struct strs *strs, const char *text)
{
    *vec_push(strs->items, strs->count, strs->cap) = mem_dup_str(text);
}

bool strs_has(const struct strs *strs, const char *text)
{
    for (size_t i = 0; i < strs->count; i++)
        if (strcmp(strs->items[i], text) == 0)
            return true;
    return false;
}

void strs_clear(struct strs *strs)
{
    for (size_t i = 0; i < strs->count; i++)
        free(strs->items[i]);
    free(strs->items);
    *strs = (struct strs){ 0 };
}

void strs_join(const struct strs *strs, const char *separator, struct str *to)
{
    for (size_t i = 0; i < strs->count; i++)
        str_addf(to, "%s%s", i ? separator : "", strs->items[i]);
}

static void fill_str(const struct schema_row *row, const struct doc *value, void *field)
{
    (void)row;
    mem_replace_str(field, doc_scalar_text(value));
}

static void fill_int(const struct schema_row *row, const struct doc *value, void *field)
{
    (void)row;
    *(int64_t *)field = value->kind == DOC_INT ? value->integer : BIND_NONE;
}

static void fill_f64(const struct schema_row *row, const struct doc *value, void *field)
{
    (void)row;
    *(double *)field = value->kind == DOC_FLOAT ? value->number : (double)NAN;
}

static void fill_bool(const struct schema_row *row, const struct doc *value, void *field)
{
    (void)row;
    *(bool *)field = value->kind == DOC_BOOL && value->boolean;
}

static void fill_enum(const struct schema_row *row, const struct doc *value, void *field)
{
    struct span rest = span_of(row->words), word;
    int index = 0;
    *(int *)field = 0;
    while (value->kind == DOC_STR && span_next(&rest, '|', &word)) {
        if (span_is(word, value->text))
            *(int *)field = index;
        index++;
    }
}

static void fill_strs(const struct schema_row *row, const struct doc *value, void *field)
{
    struct strs *strs = field;
    (void)row;
    strs_clear(strs);
    if (value->kind == DOC_STR)
        strs_push(strs, value->text);
    for (size_t i = 0; value->kind == DOC_SEQ && i < value->count; i++)
        strs_push(strs, value->items[i].text);
}

static void (*const fills[])(const struct schema_row *row, const struct doc *value, void *field) = {
    [BIND_STR] = fill_str,   [BIND_INT] = fill_int,   [BIND_F64] = fill_f64,
    [BIND_BOOL] = fill_bool, [BIND_ENUM] = fill_enum, [BIND_STRS] = fill_strs,
};
_Static_assert(ARRAY_LEN(fills) == BIND_KIND_COUNT, "a filler for each kind");

static const struct doc *doc_at(const struct doc *doc, const char *path)
{
    struct span rest = span_of(path), part;
    while (doc && span_next(&rest, '.', &part)) {
        auto_free char *key = span_dup(part);
        doc = doc_get(doc, key);
    }
    return doc;
}

/* The typed value, or the default where nothing (or null) stands. */
static void value_of(const struct schema_row *row, const struct doc *doc, struct doc *out)
{
    if (doc && schema_type(row, doc, out, NULL) == 0 && out->kind != DOC_NULL)
        return;
    schema_default(row, out);
}

void bind_fill(const struct schema *schema, const char *prefix, const struct doc *doc, struct bind_list binds,
               void *to)
{
    for (size_t i = 0; i < binds.count; i++) {
        auto_str struct str path = STR_MAX(256);
        str_addf(&path, "%s%s%s", prefix, *prefix ? "." : "", binds.items[i].path);
        const struct schema_row *row = schema_row_at(schema, str_text(&path));
        struct doc value = { 0 };
        if (!row)
            abort(); /* a bind table names a key that no schema has */
        value_of(row, doc_at(doc, binds.items[i].path), &value);
        fills[binds.items[i].kind](row, &value, (char *)to + binds.items[i].offset);
        doc_clear(&value);
    }
}

void bind_clear(const struct bind *binds, size_t count, void *of)
{
    for (size_t i = 0; i < count; i++) {
        void *field = (char *)of + binds[i].offset;
        if (binds[i].kind == BIND_STR)
            mem_clear_str(field);
        else if (binds[i].kind == BIND_STRS)
            strs_clear(field);
    }
}
