#include "domain/schema_place.h"

#include "base/mem.h"
#include "text/json_out.h"

#include <string.h>

static void add_place(struct json_out *out, const struct schema_place *at);

static void add_types(struct json_out *out, const char *types)
{
    struct span rest = span_of(types), type;
    json_key(out, "type");
    json_open_array(out);
    while (span_next(&rest, '|', &type))
        json_str_span(out, type);
    json_str(out, "null");
    json_close_array(out);
}

static void add_enum(struct json_out *out, const char *words, bool has_null)
{
    struct span rest = span_of(words), word;
    json_key(out, "enum");
    json_open_array(out);
    while (span_next(&rest, '|', &word))
        json_str_span(out, word);
    if (has_null)
        json_nil(out);
    json_close_array(out);
}

static void add_pattern(struct json_out *out, const struct schema_row *row)
{
    json_member_str(out, "pattern", schema_pattern_regex(row->pattern));
    if (row->max > 0)
        json_member_int(out, "maxLength", (int64_t)row->max);
}

static void add_str(struct json_out *out, const struct schema_row *row)
{
    add_types(out, "string");
    add_pattern(out, row);
}

static void add_number(struct json_out *out, const struct schema_row *row)
{
    add_types(out, row->type == SCHEMA_INT ? "integer" : "number");
    if (row->min == 0 && row->max == 0)
        return;
    json_member_f64(out, "minimum", row->min);
    json_member_f64(out, "maximum", row->max);
}

static void add_bool(struct json_out *out, const struct schema_row *row)
{
    (void)row;
    add_types(out, "boolean");
}

static void add_unit_text(struct json_out *out, const struct schema_row *row)
{
    (void)row;
    add_types(out, "string");
}

static void add_choice(struct json_out *out, const struct schema_row *row)
{
    add_enum(out, row->words, true);
}

static void add_scalar(struct json_out *out, const struct schema_row *row)
{
    (void)row;
    add_types(out, "string|number|boolean");
}

static void add_list(struct json_out *out, const struct schema_row *row)
{
    (void)row;
    add_types(out, "array");
    json_key(out, "items");
    json_open_object(out);
    json_key(out, "type");
    json_raw(out, SPAN_LIT("[\"string\",\"number\",\"boolean\"]"));
    json_close_object(out);
}

static void add_names(struct json_out *out, const struct schema_row *row)
{
    const char *regex = schema_pattern_regex(row->pattern);
    if (!regex)
        return;
    json_key(out, "propertyNames");
    json_open_object(out);
    json_member_str(out, "pattern", regex);
    json_close_object(out);
}

static void add_dict(struct json_out *out, const struct schema_row *row)
{
    add_types(out, "object");
    add_names(out, row);
    json_key(out, "additionalProperties");
    json_open_object(out);
    add_types(out, "string|number|boolean");
    json_close_object(out);
}

static void add_free(struct json_out *out, const struct schema_row *row)
{
    (void)out;
    (void)row;
}

typedef void leaf_fn(struct json_out *out, const struct schema_row *row);
static leaf_fn *const leaves[] = {
    [SCHEMA_STR] = add_str,       [SCHEMA_INT] = add_number,         [SCHEMA_FLOAT] = add_number,
    [SCHEMA_BOOL] = add_bool,     [SCHEMA_DURATION] = add_unit_text, [SCHEMA_SIZE] = add_unit_text,
    [SCHEMA_CHOICE] = add_choice, [SCHEMA_SCALAR] = add_scalar,      [SCHEMA_STRS] = add_list,
    [SCHEMA_SCALARS] = add_list,  [SCHEMA_DICT] = add_dict,          [SCHEMA_FREE] = add_free,
};

/* Words beside the type, or a list beside a string. */
static void add_any_of(struct json_out *out, const struct schema_row *row)
{
    json_key(out, "anyOf");
    json_open_array(out);
    json_open_object(out);
    leaves[row->type](out, row);
    json_close_object(out);
    json_open_object(out);
    if (row->words)
        add_enum(out, row->words, false);
    else
        add_list(out, row);
    json_close_object(out);
    json_close_array(out);
}

static void add_ref_or_place(struct json_out *out, const struct schema_place *in,
                             const struct schema_row *row)
{
    json_open_object(out);
    if (row->overlay)
        json_member_str(out, "$ref", "#/$defs/overlay");
    else
        add_place(out, in);
    json_close_object(out);
}

/* Containers: what is inside hangs under another key of the schema. */
static void add_container(struct json_out *out, const struct schema_place *at, const struct schema_row *row)
{
    struct schema_place in = schema_inside(at, row);
    if (row->type == SCHEMA_OBJECT) {
        if (row->overlay)
            json_member_str(out, "$ref", "#/$defs/overlay");
        else
            add_place(out, &in);
        return;
    }
    bool is_list = row->type == SCHEMA_OBJECTS;
    add_types(out, is_list ? "array" : "object");
    if (!is_list)
        add_names(out, row);
    json_key(out, is_list ? "items" : "additionalProperties");
    add_ref_or_place(out, &in, row);
}

static void add_help(struct json_out *out, const struct schema_row *row)
{
    auto_str struct str text = STR_MAX(4096);
    struct doc fallback = { 0 };
    str_add(&text, row->help);
    if (row->flags & SCHEMA_LATER)
        str_add(&text, " Not supported yet.");
    json_member_str(out, "description", str_text(&text));
    schema_default(row, &fallback);
    if (!(row->flags & SCHEMA_REQUIRED)) {
        json_key(out, "default");
        if (row->type == SCHEMA_DURATION || row->type == SCHEMA_SIZE)
            json_str(out, doc_scalar_text(&fallback));
        else
            json_doc(out, &fallback);
    }
    doc_clear(&fallback);
}

static void add_row(struct json_out *out, const struct schema_place *at, const struct schema_row *row)
{
    bool is_container =
        row->type == SCHEMA_OBJECT || row->type == SCHEMA_OBJECTS || row->type == SCHEMA_NAMED;
    json_open_object(out);
    add_help(out, row);
    if (is_container)
        add_container(out, at, row);
    else if ((row->words && row->type != SCHEMA_CHOICE) || (row->flags & SCHEMA_OR_LIST))
        add_any_of(out, row);
    else
        leaves[row->type](out, row);
    json_close_object(out);
}

static bool is_glob(const char *name)
{
    return strchr(name, '*') != NULL;
}

/* The keys of one kind: written out, or by the beginning of their name. */
static void add_properties(struct json_out *out, const struct schema_place *at, bool of_globs)
{
    size_t index = 0;
    const struct schema_row *row;
    json_key(out, of_globs ? "patternProperties" : "properties");
    json_open_object(out);
    while ((row = schema_next(at, &index))) {
        const char *name = schema_direct(at, row);
        if (is_glob(name) != of_globs)
            continue;
        auto_str struct str key = STR_MAX(256);
        if (of_globs)
            str_addf(&key, "^%.*s", (int)(strlen(name) - 1), name);
        json_key(out, of_globs ? str_text(&key) : name);
        add_row(out, at, row);
    }
    json_close_object(out);
}

static void add_required(struct json_out *out, const struct schema_place *at)
{
    size_t index = 0;
    const struct schema_row *row;
    json_key(out, "required");
    json_open_array(out);
    while ((row = schema_next(at, &index)))
        if (row->flags & SCHEMA_REQUIRED)
            json_str(out, schema_direct(at, row));
    json_close_array(out);
}

static void add_place(struct json_out *out, const struct schema_place *at)
{
    add_types(out, "object");
    add_properties(out, at, false);
    add_properties(out, at, true);
    add_required(out, at);
    json_member_bool(out, "additionalProperties", false);
}

static const struct schema_row *overlay_row(const struct schema *schema)
{
    for (size_t i = 0; i < schema->count; i++)
        if (schema->rows[i].overlay)
            return &schema->rows[i];
    return NULL;
}

void schema_json(const struct schema *schema, struct str *to)
{
    struct json_out out = { .to = to };
    const struct schema_place root = schema_root(schema);
    const struct schema_row *overlay = overlay_row(schema);
    json_open_object(&out);
    json_member_str(&out, "$schema", "https://json-schema.org/draft/2020-12/schema");
    json_member_str(&out, "title", schema->title);
    add_place(&out, &root);
    if (overlay) {
        struct schema_place in = schema_inside(&root, overlay);
        json_key(&out, "$defs");
        json_open_object(&out);
        json_key(&out, "overlay");
        json_open_object(&out);
        add_place(&out, &in);
        json_close_object(&out);
        json_close_object(&out);
    }
    json_close_object(&out);
}
