#include "domain/schema_place.h"

#include "base/mem.h"
#include "text/suggest.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct schema *const schemas[] = { &schema_project, &schema_clusters, &schema_daemon,
                                                &schema_request };

const struct schema *schema_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(schemas); i++)
        if (strcmp(schemas[i]->name, name) == 0)
            return schemas[i];
    return NULL;
}

struct schema_place schema_root(const struct schema *schema)
{
    return (struct schema_place){ .schema = schema };
}

const char *schema_direct(const struct schema_place *at, const struct schema_row *row)
{
    size_t len = strlen(at->prefix);
    const char *rest = row->path;
    if (len) {
        if (strncmp(rest, at->prefix, len) != 0 || rest[len] != '.')
            return NULL;
        rest += len + 1;
    }
    return rest[strcspn(rest, ".[")] ? NULL : rest;
}

static bool is_key_of(const char *last, struct span key)
{
    assert(last); /* schema_next gives none without */
    size_t len = strlen(last);
    if (len && last[len - 1] == '*')
        return key.len >= len && memcmp(key.ptr, last, len - 1) == 0;
    return span_is(key, last);
}

static const struct schema_row *row_by_index(const struct schema *schema, size_t index, bool *is_base)
{
    *is_base = index >= schema->count;
    if (!*is_base)
        return &schema->rows[index];
    index -= schema->count;
    return schema->base && index < schema->base->count ? &schema->base->rows[index] : NULL;
}

/* A base's row that the schema's own row of the same path hides. */
static bool is_hidden(const struct schema *schema, const struct schema_row *row)
{
    for (size_t i = 0; i < schema->count; i++)
        if (strcmp(schema->rows[i].path, row->path) == 0)
            return true;
    return false;
}

const struct schema_row *schema_next(const struct schema_place *at, size_t *index)
{
    bool is_base;
    const struct schema_row *row;
    while ((row = row_by_index(at->schema, *index, &is_base))) {
        ++*index;
        unsigned forbidden = at->forbidden | (is_base ? SCHEMA_NO_REQUEST : 0);
        if (schema_direct(at, row) && !(row->flags & forbidden) && !(is_base && is_hidden(at->schema, row)))
            return row;
    }
    return NULL;
}

const struct schema_row *schema_key(const struct schema_place *at, struct span key)
{
    size_t index = 0;
    const struct schema_row *row;
    while ((row = schema_next(at, &index)))
        if (is_key_of(schema_direct(at, row), key))
            return row;
    return NULL;
}

struct schema_place schema_inside(const struct schema_place *at, const struct schema_row *row)
{
    struct schema_place in = { .schema = at->schema, .forbidden = at->forbidden };
    if (row->overlay) {
        in.forbidden |= SCHEMA_NO_OVERLAY;
        (void)snprintf(in.prefix, sizeof(in.prefix), "%s", row->overlay);
        return in;
    }
    const char *tail = row->type == SCHEMA_NAMED ? ".*" : row->type == SCHEMA_OBJECTS ? "[]" : "";
    (void)snprintf(in.prefix, sizeof(in.prefix), "%s%s", row->path, tail);
    return in;
}

/* Cuts "clusters" and the "[0]" behind it off "clusters[0].host". */
static struct span next_part(struct span *rest, bool *has_index)
{
    struct span part = { 0 };
    (void)span_next(rest, '.', &part);
    size_t bracket = span_find_char(part, '[');
    *has_index = bracket < part.len;
    return span_head(part, bracket);
}

const struct schema_row *schema_row_at(const struct schema *schema, const char *path)
{
    struct schema_place at = schema_root(schema);
    const struct schema_row *row = NULL;
    struct span rest = span_of(path);
    while (rest.len) {
        if (row && row->type == SCHEMA_DICT)
            return row;
        bool has_index;
        struct span part = next_part(&rest, &has_index);
        row = schema_key(&at, part);
        if (!row || (has_index && row->type != SCHEMA_OBJECTS))
            return NULL;
        if (row->type == SCHEMA_NAMED && rest.len)
            (void)next_part(&rest, &has_index);
        at = schema_inside(&at, row);
    }
    return row;
}

const char *schema_nearest(const struct schema *schema, const char *path)
{
    const char *names[512];
    size_t count = 0;
    for (size_t i = 0; i < schema->count && count < ARRAY_LEN(names); i++)
        names[count++] = schema->rows[i].path;
    return suggest_nearest(path, names, count);
}
