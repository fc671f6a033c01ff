#include "svc/body.h"

#include "base/str.h"

#include <string.h>

static const struct body_field *find_field(const struct body_field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

static bool is_line(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static bool is_text(const struct doc *value, const struct body_field *field)
{
    return value->kind == DOC_STR && value->text[0] && strlen(value->text) <= field->max_bytes &&
           (field->kind == BODY_TEXT || is_line(value->text)) &&
           (field->kind != BODY_TITLE || !strpbrk(value->text, "\"\\"));
}

static bool are_tags(const struct doc *value, const struct body_field *field)
{
    if (value->kind != DOC_SEQ || value->count > BODY_MAX_TAGS)
        return false;
    for (size_t i = 0; i < value->count; i++)
        if (!is_text(&value->items[i], field))
            return false;
    return true;
}

static bool fits(const struct doc *value, const struct body_field *field)
{
    if (value->kind == DOC_NULL)
        return field->may_be_null;
    switch (field->kind) {
    case BODY_TAGS:
        return are_tags(value, field);
    case BODY_BOOL:
        return value->kind == DOC_BOOL;
    case BODY_LIST:
        return value->kind == DOC_SEQ;
    case BODY_LINE:
    case BODY_TITLE:
    case BODY_TEXT:
        return is_text(value, field);
    }
    return false;
}

static void add_unknown(struct errs *errs, const struct errs_item *at, const struct body_field *fields,
                        size_t count)
{
    auto_str struct str names = STR_MAX(1024);
    for (size_t i = 0; i < count; i++)
        str_addf(&names, "%s%s", i ? ", " : "", fields[i].name);
    errs_addf(errs, at, "unknown field; there are %s", count ? str_text(&names) : "none");
}

static void add_wrong(struct errs *errs, const struct errs_item *at, const struct body_field *field)
{
    if (field->kind == BODY_BOOL)
        errs_addf(errs, at, "expected true or false");
    else if (field->kind == BODY_LIST)
        errs_addf(errs, at, "expected a list");
    else if (field->kind == BODY_TAGS)
        errs_addf(errs, at, "expected at most %d tags of at most %zu bytes", BODY_MAX_TAGS, field->max_bytes);
    else
        errs_addf(errs, at, "expected %s of 1 to %zu bytes%s",
                  field->kind == BODY_TEXT    ? "a text"
                  : field->kind == BODY_TITLE ? "one line without \" and \\"
                                              : "one line",
                  field->max_bytes, field->may_be_null ? ", or null" : "");
}

int body_check(const struct doc *body, const struct body_field *fields, size_t count, struct errs *errs,
               struct err *err)
{
    for (size_t i = 0; i < body->count; i++) {
        const struct doc *value = &body->items[i];
        const struct body_field *field = find_field(fields, count, value->key);
        auto_str struct str pointer = STR_MAX(1024);
        errs_path_key(NULL, &pointer, value->key);
        struct errs_item at = { .code = ERR_INVALID, .pointer = str_text(&pointer) };
        if (!field)
            add_unknown(errs, &at, fields, count);
        else if (!fits(value, field))
            add_wrong(errs, &at, field);
    }
    return errs->count ? errs_first(errs, err) : 0;
}
