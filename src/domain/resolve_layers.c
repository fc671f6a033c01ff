#include "domain/resolve_leaf.h"

#include "base/mem.h"
#include "domain/schema_place.h"

#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 4096, SOURCES = 5 };

struct source { /* a layer's document */
    enum layer layer;
    const struct doc *doc;
    const char *file, *detail;
};

struct build {
    const struct source *sources; /* lowest first */
    size_t count;
    struct resolved *r;
};

/* What a cluster's entry gives to jobs, by the name that the project's file has for it. */
static const struct {
    const char *project, *cluster;
} cluster_keys[] = {
    { "template", "template" },
    { "conda_env", "conda_env" },
    { "slurm.account", "slurm.account" },
    { "slurm.qos", "slurm.qos" },
    { "slurm.partition", "slurm.partition" },
    { "slurm.extra", "slurm.extra" },
    { "slurm.exclude", "exclude_nodes" },
    { "env.conda_prefix", "env.conda_prefix" },
    { "env.modules", "env.modules" },
    { "env.setup", "env.setup" },
    { "env.vars", "env.vars" },
    { "container.runtime", "container.runtime" },
};

static const char *cluster_key(const char *path)
{
    for (size_t i = 0; i < ARRAY_LEN(cluster_keys); i++)
        if (strcmp(cluster_keys[i].project, path) == 0)
            return cluster_keys[i].cluster;
    return NULL;
}

/* NULL where a layer says nothing of the path. A null on the way (`env:` with nothing) says nothing either.
 */
static const struct doc *said(const struct source *source, const char *path)
{
    if (source->layer == LAYER_CLUSTER)
        path = cluster_key(path);
    const struct doc *doc = path ? source->doc : NULL;
    struct span rest = span_of(path), part;
    while (doc && span_next(&rest, '.', &part)) {
        auto_free char *key = span_dup(part);
        doc = doc_get(doc, key);
    }
    return doc;
}

static struct origin origin_of(const struct source *source, const struct doc *at, const char *pointer)
{
    bool is_request = source->layer == LAYER_REQUEST;
    return (struct origin){ .layer = source->layer,
                            .file = source->file,
                            .line = at->line,
                            .col = at->col,
                            .pointer = is_request ? pointer : NULL,
                            .detail = source->detail };
}

static struct leaf *add_leaf(struct resolved *r, const char *path, const struct schema_row *row,
                             const struct origin *origin)
{
    struct leaf *leaf = vec_push(r->leaves, r->count, r->cap);
    *leaf = (struct leaf){ .path = mem_dup_str(path), .row = row, .origin = origin_dup(origin) };
    return leaf;
}

static void pointer_of(const char *path, const char *key, struct str *pointer)
{
    struct span rest = span_of(path), part;
    while (span_next(&rest, '.', &part)) {
        auto_free char *step = span_dup(part);
        errs_path_key(NULL, pointer, step);
    }
    if (key)
        errs_path_key(NULL, pointer, key);
}

static void resolve_value(struct build *b, const struct schema_row *row)
{
    static const struct origin builtin = { .layer = LAYER_BUILTIN };
    for (size_t i = b->count; i-- > 0;) {
        const struct doc *doc = said(&b->sources[i], row->path);
        if (!doc)
            continue;
        auto_str struct str pointer = STR_MAX(PATH_BYTES);
        pointer_of(row->path, NULL, &pointer);
        struct origin origin = origin_of(&b->sources[i], doc, str_text(&pointer));
        struct leaf *leaf = add_leaf(b->r, row->path, row, &origin);
        if (schema_is_null(doc) || schema_type(row, doc, &leaf->value, NULL) < 0)
            schema_default(row, &leaf->value);
        return;
    }
    schema_default(row, &add_leaf(b->r, row->path, row, &builtin)->value);
}

/* One entry over what is there: null takes it out; a new one goes to the end. */
static void put_entry(struct build *b, struct dict *dict, const struct doc *item, const struct origin *origin)
{
    auto_str struct str path = STR_MAX(PATH_BYTES);
    str_addf(&path, "%s.%s", dict->path, item->key);
    struct leaf *leaf = resolved_find(b->r, str_text(&path));
    if (!leaf)
        leaf = add_leaf(b->r, str_text(&path), NULL, origin);
    else
        leaf_set_origin(leaf, origin);
    doc_clear(&leaf->value);
    doc_copy(&leaf->value, item);
    mem_replace_str(&leaf->value.key, item->key);
    doc_core_tree(&leaf->value);
}

/* A whole map set to null: what lower layers said is gone. */
static void drop_entries(struct build *b, const char *path)
{
    size_t len = strlen(path);
    for (size_t i = 0; i < b->r->count; i++) {
        struct leaf *leaf = &b->r->leaves[i];
        if (strncmp(leaf->path, path, len) == 0 && leaf->path[len] == '.')
            doc_clear(&leaf->value);
    }
}

static void put_source(struct build *b, struct dict *dict, const struct source *source, const char *path)
{
    const struct doc *map = said(source, path);
    if (!map)
        return;
    if (schema_is_null(map))
        drop_entries(b, dict->path);
    for (size_t i = 0; map->kind == DOC_MAP && i < map->count; i++) {
        auto_str struct str pointer = STR_MAX(PATH_BYTES);
        pointer_of(path, map->items[i].key, &pointer);
        struct origin origin = origin_of(source, &map->items[i], str_text(&pointer));
        put_entry(b, dict, &map->items[i], &origin);
    }
}

/* The leaves of a map, in order, as one document; entries that were taken out are no leaves. */
static void close_dict(struct resolved *r, struct dict *dict, size_t first)
{
    size_t kept = first;
    dict->map.kind = DOC_MAP;
    for (size_t i = first; i < r->count; i++) {
        struct leaf *leaf = &r->leaves[i];
        if (leaf->value.kind == DOC_NULL) {
            free(leaf->path);
            origin_clear(&leaf->origin);
            doc_clear(&leaf->value);
            continue;
        }
        const char *key = leaf->path + strlen(dict->path) + 1;
        struct doc *to = doc_push(&dict->map, key);
        auto_free char *own = move_ptr(to->key);
        doc_copy(to, &leaf->value);
        mem_replace_str(&to->key, own);
        if (kept != i)
            r->leaves[kept] = *leaf;
        kept++;
    }
    r->count = kept;
}

/* Also under a second name: default_overrides of every layer first, the request's overrides behind them. */
static void resolve_dict(struct build *b, const char *name, const char *path, const char *path2)
{
    size_t first = b->r->count;
    struct dict dict = { .path = name };
    for (size_t i = 0; i < b->count; i++)
        put_source(b, &dict, &b->sources[i], path);
    for (size_t i = 0; path2 && i < b->count; i++)
        if (b->sources[i].layer == LAYER_REQUEST)
            put_source(b, &dict, &b->sources[i], path2);
    close_dict(b->r, &dict, first);
    *vec_push(b->r->dicts, b->r->dict_count, b->r->dict_cap) = dict;
}

/* Declared defaults that nobody overrode are parameters, too. */
static void add_declared(struct build *b)
{
    const struct doc *params = resolved_dict(b->r, "params");
    struct dict *dict = &b->r->dicts[b->r->dict_count - 1];
    for (size_t i = 0; i < params->count; i++) {
        const struct doc *value = doc_get(&params->items[i], "default");
        if (!value || value->kind == DOC_NULL || doc_get(&dict->map, params->items[i].key))
            continue;
        auto_str struct str from = STR_MAX(PATH_BYTES), path = STR_MAX(PATH_BYTES);
        str_addf(&from, "params.%s", params->items[i].key);
        str_addf(&path, "overrides.%s", params->items[i].key);
        struct origin origin = resolved_need(b->r, str_text(&from))->origin;
        origin.line = value->line;
        origin.col = value->col;
        struct leaf *leaf = add_leaf(b->r, str_text(&path), NULL, &origin);
        doc_copy(&leaf->value, value);
        struct doc *to = doc_push(&dict->map, params->items[i].key);
        auto_free char *own = move_ptr(to->key);
        doc_copy(to, value);
        mem_replace_str(&to->key, own);
    }
}

static void resolve_request_args(struct build *b, const struct request *request)
{
    const struct schema_row *row = schema_row_at(&schema_request, "args");
    const struct doc *args = request ? doc_get(request->doc, "args") : NULL;
    struct origin origin = { .layer = LAYER_REQUEST, .pointer = "/args" };
    if (!args || schema_is_null(args))
        origin = (struct origin){ .layer = LAYER_BUILTIN };
    struct leaf *leaf = add_leaf(b->r, "request.args", NULL, &origin);
    if (!args || schema_is_null(args) || schema_type(row, args, &leaf->value, NULL) < 0)
        schema_default(row, &leaf->value);
}

/* Not a value of one job: what is in other places, or is only a container of keys. */
static bool is_skipped(const struct schema_row *row)
{
    static const char *const elsewhere[] = { "version", "name", "default_overrides", "profiles", "clusters" };
    if (row->type == SCHEMA_OBJECT || strchr(row->path, '*'))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++)
        if (strcmp(row->path, elsewhere[i]) == 0)
            return true;
    return false;
}

static const char *own_args_path(const struct source *source, const char *path)
{
    return source->layer == LAYER_REQUEST && strcmp(path, "args") == 0 ? NULL : path;
}

static void resolve_row(struct build *b, const struct schema_row *row)
{
    size_t all = b->count;
    if (is_skipped(row))
        return;
    if (row->type == SCHEMA_DICT || row->type == SCHEMA_NAMED) {
        resolve_dict(b, row->path, row->path, NULL);
        return;
    }
    /* the request's args are behind the project's, not instead of them */
    if (!own_args_path(&b->sources[all - 1], row->path))
        b->count--;
    resolve_value(b, row);
    b->count = all;
}

static size_t list_sources(const struct resolve_input *in, struct source *sources)
{
    const struct doc *project = in->project ? in->project->doc : NULL;
    const char *file = in->project ? in->project->file : NULL;
    const char *profile = in->request ? in->request->profile : NULL;
    size_t count = 0;
    sources[count++] =
        (struct source){ LAYER_CLUSTER, in->cluster->doc, in->cluster->file, in->cluster->name };
    sources[count++] = (struct source){ LAYER_PROJECT, project, file, NULL };
    sources[count++] =
        (struct source){ LAYER_PROJECT_CLUSTER, doc_get(doc_get(project, "clusters"), in->cluster->name),
                         file, in->cluster->name };
    if (profile)
        sources[count++] =
            (struct source){ LAYER_PROFILE, doc_get(doc_get(project, "profiles"), profile), file, profile };
    if (in->request)
        sources[count++] = (struct source){ LAYER_REQUEST, in->request->doc, NULL, NULL };
    return count;
}

static int check_profile(const struct resolve_input *in, struct errs *errs)
{
    const char *profile = in->request ? in->request->profile : NULL;
    if (!profile || (in->project && strs_has(&in->project->profiles, profile)))
        return 0;
    auto_str struct str known = STR_MAX(1024);
    if (in->project && in->project->profiles.count) {
        str_add(&known, "the project has ");
        strs_join(&in->project->profiles, ", ", &known);
    }
    struct errs_item item = { .code = ERR_NOT_FOUND,
                              .path = "profile",
                              .pointer = "/profile",
                              .hint = known.len ? str_text(&known) : "the project has no profiles" };
    return errs_addf(errs, &item, "no profile is called %s", profile);
}

int resolve(const struct resolve_input *in, struct resolved **out, struct errs *errs)
{
    struct source sources[SOURCES];
    auto_resolved struct resolved *r = mem_zalloc(sizeof(*r));
    struct build b = { .sources = sources, .count = list_sources(in, sources), .r = r };
    int rc = check_profile(in, errs);
    for (size_t i = 0; i < schema_project.count; i++)
        resolve_row(&b, &schema_project.rows[i]);
    resolve_request_args(&b, in->request);
    resolve_dict(&b, "overrides", "default_overrides", "overrides");
    add_declared(&b);
    if (resolve_rules(in, r, errs) < 0 || rc < 0)
        return -1;
    *out = move_ptr(r);
    return 0;
}
