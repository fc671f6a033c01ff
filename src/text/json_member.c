/* The member forms of text/json_out.h, and trees. */
#include "text/json_out.h"

void json_member_str(struct json_out *out, const char *key, const char *text)
{
    if (!text)
        return;
    json_key(out, key);
    json_str(out, text);
}

void json_member_span(struct json_out *out, const char *key, struct span text)
{
    json_key(out, key);
    json_str_span(out, text);
}

void json_member_int(struct json_out *out, const char *key, int64_t value)
{
    json_key(out, key);
    json_int(out, value);
}

void json_member_u64(struct json_out *out, const char *key, uint64_t value)
{
    json_key(out, key);
    json_u64(out, value);
}

void json_member_f64(struct json_out *out, const char *key, double value)
{
    json_key(out, key);
    json_f64(out, value);
}

void json_member_bool(struct json_out *out, const char *key, bool value)
{
    json_key(out, key);
    json_bool(out, value);
}

void json_member_time(struct json_out *out, const char *key, int64_t wall_us)
{
    if (wall_us == 0)
        return;
    json_key(out, key);
    json_time(out, wall_us);
}

void json_member_raw(struct json_out *out, const char *key, struct span json)
{
    if (json.len == 0)
        return;
    json_key(out, key);
    json_raw(out, json);
}

void json_member_doc(struct json_out *out, const char *key, const struct doc *doc)
{
    if (!doc)
        return;
    json_key(out, key);
    json_doc(out, doc);
}

static void scalar(struct json_out *out, const struct doc *doc)
{
    switch (doc->kind) {
    case DOC_BOOL:
        json_bool(out, doc->boolean);
        break;
    case DOC_INT:
        json_int(out, doc->integer);
        break;
    case DOC_FLOAT:
        json_f64(out, doc->number);
        break;
    case DOC_STR:
        json_str(out, doc->text);
        break;
    case DOC_NULL:
    case DOC_SEQ:
    case DOC_MAP:
        json_nil(out);
        break;
    }
}

void json_doc(struct json_out *out, const struct doc *doc)
{
    bool is_map = doc && doc->kind == DOC_MAP;
    if (!is_map && (!doc || doc->kind != DOC_SEQ)) {
        /* A borrowed view: typing changes kind and value, never the text, so nothing is copied or freed. */
        struct doc view = doc ? *doc : (struct doc){ .kind = DOC_NULL };
        doc_core_scalar(&view);
        scalar(out, &view);
        return;
    }
    if (is_map)
        json_open_object(out);
    else
        json_open_array(out);
    for (size_t i = 0; i < doc->count; i++) {
        if (is_map)
            json_key(out, doc->items[i].key);
        json_doc(out, &doc->items[i]);
    }
    if (is_map)
        json_close_object(out);
    else
        json_close_array(out);
}
