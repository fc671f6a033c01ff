#include "domain/resolve_leaf.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static const char *const layer_names[] = {
    [LAYER_BUILTIN] = "built-in", [LAYER_CLUSTER] = "cluster",
    [LAYER_PROJECT] = "project",  [LAYER_PROJECT_CLUSTER] = "project cluster",
    [LAYER_PROFILE] = "profile",  [LAYER_REQUEST] = "request",
    [LAYER_LIMIT] = "limit",
};
_Static_assert(ARRAY_LEN(layer_names) == LAYER_COUNT, "a name for each layer");

struct origin origin_dup(const struct origin *origin)
{
    struct origin own = *origin;
    own.file = mem_dup_str(origin->file);
    own.pointer = mem_dup_str(origin->pointer);
    own.detail = mem_dup_str(origin->detail);
    return own;
}

void origin_clear(struct origin *origin)
{
    free((char *)origin->file);
    free((char *)origin->pointer);
    free((char *)origin->detail);
    *origin = (struct origin){ 0 };
}

void leaf_set_origin(struct leaf *leaf, const struct origin *origin)
{
    struct origin own = origin_dup(origin);
    origin_clear(&leaf->origin);
    leaf->origin = own;
}

void resolved_free(struct resolved *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++) {
        free(r->leaves[i].path);
        origin_clear(&r->leaves[i].origin);
        doc_clear(&r->leaves[i].value);
    }
    for (size_t i = 0; i < r->dict_count; i++)
        doc_clear(&r->dicts[i].map);
    free(r->leaves);
    free(r->dicts);
    free(r);
}

void resolved_free_ptr(struct resolved **r)
{
    resolved_free(*r);
}

struct leaf *resolved_find(const struct resolved *r, const char *path)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->leaves[i].path, path) == 0)
            return &r->leaves[i];
    return NULL;
}

struct leaf *resolved_need(const struct resolved *r, const char *path)
{
    struct leaf *leaf = resolved_find(r, path);
    if (!leaf)
        abort(); /* a caller names a key that no table has */
    return leaf;
}

const struct doc *resolved_dict(const struct resolved *r, const char *path)
{
    for (size_t i = 0; i < r->dict_count; i++)
        if (strcmp(r->dicts[i].path, path) == 0)
            return &r->dicts[i].map;
    return NULL;
}

const char *resolved_str(const struct resolved *r, const char *path)
{
    const struct doc *value = &resolved_need(r, path)->value;
    return value->kind == DOC_SEQ || value->kind == DOC_MAP ? NULL : doc_scalar_text(value);
}

int64_t resolved_int(const struct resolved *r, const char *path, int64_t none)
{
    const struct doc *value = &resolved_need(r, path)->value;
    return value->kind == DOC_INT ? value->integer : none;
}

double resolved_f64(const struct resolved *r, const char *path, double none)
{
    const struct doc *value = &resolved_need(r, path)->value;
    if (value->kind == DOC_INT)
        return (double)value->integer;
    return value->kind == DOC_FLOAT ? value->number : none;
}

bool resolved_bool(const struct resolved *r, const char *path)
{
    const struct doc *value = &resolved_need(r, path)->value;
    return value->kind == DOC_BOOL && value->boolean;
}

const struct doc *resolved_doc(const struct resolved *r, const char *path)
{
    const struct doc *map = resolved_dict(r, path);
    return map ? map : &resolved_need(r, path)->value;
}

const struct origin *resolved_origin(const struct resolved *r, const char *path)
{
    static const struct origin builtin = { .layer = LAYER_BUILTIN };
    if (resolved_dict(r, path))
        return &builtin;
    return &resolved_need(r, path)->origin;
}

bool resolved_is_default(const struct resolved *r, const char *path)
{
    const struct doc *map = resolved_dict(r, path);
    if (map)
        return map->count == 0;
    enum layer layer = resolved_need(r, path)->origin.layer;
    return layer == LAYER_BUILTIN || layer == LAYER_LIMIT;
}

const struct doc *resolved_overrides(const struct resolved *r)
{
    return resolved_dict(r, "overrides");
}

size_t resolved_count(const struct resolved *r)
{
    return r->count;
}

struct resolved_leaf resolved_leaf(const struct resolved *r, size_t index)
{
    const struct leaf *leaf = &r->leaves[index];
    return (struct resolved_leaf){ leaf->path, &leaf->value, &leaf->origin };
}

static void add_place(const struct origin *origin, struct str *to)
{
    if (origin->pointer)
        str_addf(to, " %s", origin->pointer);
    if (!origin->file)
        return;
    str_addf(to, ", %s", origin->file);
    if (origin->line)
        str_addf(to, ":%u:%u", origin->line, origin->col);
}

void origin_text(const struct origin *origin, struct str *to)
{
    if (origin->layer == LAYER_LIMIT) {
        str_add(to, origin->detail);
        return;
    }
    if (origin->layer == LAYER_PROJECT_CLUSTER)
        str_addf(to, "project for cluster %s", origin->detail);
    else
        str_addf(to, "%s%s%s", layer_names[origin->layer], origin->detail ? " " : "",
                 origin->detail ? origin->detail : "");
    add_place(origin, to);
}

void origin_json(const struct origin *origin, struct json_out *out)
{
    auto_str struct str text = STR_MAX(8192);
    origin_text(origin, &text);
    json_open_object(out);
    json_member_str(out, "layer", layer_names[origin->layer]);
    json_member_str(out, "name", origin->layer == LAYER_LIMIT ? NULL : origin->detail);
    json_member_str(out, "file", origin->file);
    if (origin->line) {
        json_member_int(out, "line", origin->line);
        json_member_int(out, "column", origin->col);
    }
    json_member_str(out, "pointer", origin->pointer);
    json_member_str(out, "text", str_text(&text));
    json_close_object(out);
}

void resolved_json(const struct resolved *r, struct json_out *out)
{
    json_open_object(out);
    for (size_t i = 0; i < r->count; i++) {
        json_key(out, r->leaves[i].path);
        json_open_object(out);
        json_key(out, "value");
        json_doc(out, &r->leaves[i].value);
        json_key(out, "origin");
        origin_json(&r->leaves[i].origin, out);
        json_close_object(out);
    }
    json_close_object(out);
}
