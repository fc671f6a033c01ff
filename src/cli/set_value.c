#include "cli/set_value.h"

#include "base/mem.h"
#include "domain/schema.h"
#include "text/yaml.h"

#include <string.h>

static void become(struct doc *doc, enum doc_kind kind)
{
    char *key = move_ptr(doc->key);
    doc_clear(doc);
    doc->key = key;
    doc->kind = kind;
}

struct doc *set_place(struct doc *body, const char *path)
{
    struct span rest = span_of(path), part;
    while (span_next(&rest, '.', &part)) {
        auto_free char *key = span_dup(part);
        if (body->kind != DOC_MAP)
            become(body, DOC_MAP);
        struct doc *child = (struct doc *)doc_get(body, key);
        body = child ? child : doc_push(body, key);
    }
    return body;
}

struct doc *set_entry(struct doc *map, struct span name)
{
    auto_free char *key = span_dup(name);
    if (map->kind != DOC_MAP)
        become(map, DOC_MAP);
    struct doc *known = (struct doc *)doc_get(map, key);
    return known ? known : doc_push(map, key);
}

void set_scalar(struct doc *at, const char *text)
{
    int64_t number;
    become(at, DOC_NULL);
    doc_set_str(at, text);
    at->plain = true;
    doc_core_scalar(at);
    bool is_changed =
        at->kind == DOC_INT && (!span_i64(span_of(text), &number) || (text[*text == '-'] == '0' && text[1]));
    if (is_changed || at->kind == DOC_STR)
        doc_set_str(at, text);
}

void set_add_text(struct doc *body, const char *path, const char *text)
{
    struct doc *list = set_place(body, path);
    if (list->kind != DOC_SEQ)
        become(list, DOC_SEQ);
    doc_set_str(doc_push(list, NULL), text);
}

/* Rows whose scalars stay the text they are: the gateway types them. */
static bool keeps_text(const struct schema_row *row)
{
    static const bool keeps[SCHEMA_TYPE_COUNT] = { [SCHEMA_STR] = true,
                                                   [SCHEMA_CHOICE] = true,
                                                   [SCHEMA_DURATION] = true,
                                                   [SCHEMA_SIZE] = true,
                                                   [SCHEMA_STRS] = true };
    return keeps[row->type];
}

static void type_scalars(struct doc *doc, bool keep_text)
{
    for (size_t i = 0; i < doc->count; i++)
        type_scalars(&doc->items[i], keep_text);
    if (doc->kind == DOC_STR && !keep_text)
        doc_core_scalar(doc);
    doc->plain = false;
}

static void split(struct doc *at, const char *text)
{
    struct span rest = span_of(text), part;
    become(at, DOC_SEQ);
    while (span_next(&rest, ',', &part)) {
        auto_free char *item = span_dup(span_trim(part));
        doc_set_str(doc_push(at, NULL), item);
    }
}

static bool is_flow(const char *value)
{
    struct span text = span_trim(span_of(value));
    return text.len && (text.ptr[0] == '[' || text.ptr[0] == '{');
}

static int parse(const char *path, const char *value, struct doc **out, struct err *err)
{
    auto_errs struct errs errs = { 0 };
    if (yaml_parse(span_of(value), path, out, &errs) == 0)
        return 0;
    return errs_first(&errs, err);
}

static int place(struct doc *at, const struct schema_row *row, const char *path, const char *value,
                 struct err *err)
{
    bool is_list = row->type == SCHEMA_STRS || row->type == SCHEMA_SCALARS || row->flags & SCHEMA_OR_LIST;
    bool is_text = row->type == SCHEMA_STR && !is_flow(value);
    if (strcmp(value, "null") == 0) {
        become(at, DOC_NULL);
    } else if (is_flow(value) && !is_text && (is_list || row->type > SCHEMA_CHOICE)) {
        auto_doc struct doc *parsed = NULL;
        if (parse(path, value, &parsed, err) < 0)
            return -1;
        char *key = move_ptr(at->key);
        doc_clear(at);
        doc_copy(at, parsed);
        at->key = key;
    } else if (is_list && (strchr(value, ',') || !(row->flags & SCHEMA_OR_LIST))) {
        split(at, value);
    } else {
        become(at, DOC_STR);
        at->text = mem_dup_str(value);
        at->plain = true;
    }
    struct doc typed = { 0 };
    if (at->kind == DOC_STR && schema_type(row, at, &typed, err) < 0)
        return -1;
    doc_clear(&typed);
    type_scalars(at, keeps_text(row));
    return 0;
}

static int unknown(const char *path, struct err *err)
{
    if (schema_row_at(&schema_project, path))
        return err_set(err, ERR_INVALID, "%s belongs in the project's file, not in a request", path);
    const char *near = schema_nearest(&schema_request, path);
    if (!near)
        near = schema_nearest(&schema_project, path);
    if (near)
        return err_set(err, ERR_INVALID, "there is no key %s: did you mean %s?", path, near);
    return err_set(err, ERR_INVALID, "there is no key %s; docs/config.md lists them", path);
}

/* A name below a map: env.vars.SEED, overrides.optim.lr. Variables are text. */
static void set_below(struct doc *map, const char *map_path, const char *name, const char *value)
{
    struct doc *at = set_entry(map, span_of(name));
    if (strcmp(map_path, "env.vars") == 0)
        doc_set_str(at, value);
    else
        set_scalar(at, value);
}

int set_value(struct doc *body, const char *path, const char *value, struct err *err)
{
    const struct schema_row *row = schema_row_at(&schema_request, path);
    if (!row)
        return unknown(path, err);
    if (!span_is_utf8(span_of(value)) || !span_is_utf8(span_of(path)))
        return err_set(err, ERR_INVALID, "the value of %s is not UTF-8", path);
    size_t len = strlen(row->path);
    if (row->type == SCHEMA_DICT && strncmp(row->path, path, len) == 0 && path[len] == '.') {
        set_below(set_place(body, row->path), row->path, path + len + 1, value);
        return 0;
    }
    if (place(set_place(body, path), row, path, value, err) < 0)
        return err_wrap(err, "%s", path);
    return 0;
}

int set_assignment(struct doc *body, const char *word, struct err *err)
{
    struct span text = span_of(word);
    size_t equals = span_find_char(text, '=');
    if (equals == text.len || equals == 0)
        return err_set(err, ERR_INVALID, "expected KEY=VALUE, got %s", word);
    auto_free char *path = span_dup(span_head(text, equals));
    return set_value(body, path, word + equals + 1, err);
}
