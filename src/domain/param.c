#include "domain/param.h"

#include "base/mem.h"
#include "base/str.h"

#include <string.h>

static bool number_of(const struct doc *value, double *out)
{
    if (!value || (value->kind != DOC_INT && value->kind != DOC_FLOAT))
        return false;
    *out = value->kind == DOC_INT ? (double)value->integer : value->number;
    return true;
}

static int check_bounds(const char *name, const struct doc *value, const struct doc *declaration,
                        struct err *err)
{
    double number, bound;
    if (!number_of(value, &number))
        return 0;
    if (number_of(doc_get(declaration, "min"), &bound) && number < bound)
        return err_set(err, ERR_INVALID, "%s is %s: at least %.15g", name, doc_scalar_text(value), bound);
    if (number_of(doc_get(declaration, "max"), &bound) && number > bound)
        return err_set(err, ERR_INVALID, "%s is %s: at most %.15g", name, doc_scalar_text(value), bound);
    return 0;
}

int param_bounds_check(const struct doc *declaration, struct err *err)
{
    double min, max;
    if (!number_of(doc_get(declaration, "min"), &min) || !number_of(doc_get(declaration, "max"), &max) ||
        min <= max)
        return 0;
    return err_set(err, ERR_INVALID, "min %.15g is above max %.15g: no value can keep to both", min, max);
}

static int check_choices(const char *name, const char *text, const struct doc *declaration, struct err *err)
{
    const struct doc *choices = doc_get(declaration, "choices");
    auto_str struct str known = STR_MAX(ERR_TEXT_BYTES);
    for (size_t i = 0; choices && i < choices->count; i++) {
        const char *choice = doc_scalar_text(&choices->items[i]);
        if (choice && strcmp(choice, text) == 0)
            return 0;
        str_addf(&known, "%s%s", i ? ", " : "", choice ? choice : "null");
    }
    if (!choices || choices->count == 0)
        return 0;
    return err_set(err, ERR_INVALID, "%s is \"%.60s\": one of %s", name, text, str_text(&known));
}

static bool is_int(const struct doc *value)
{
    return value->kind == DOC_INT;
}

static bool is_float(const struct doc *value)
{
    return value->kind == DOC_INT || value->kind == DOC_FLOAT;
}

static bool is_bool(const struct doc *value)
{
    return value->kind == DOC_BOOL;
}

static bool is_scalar(const struct doc *value)
{
    return doc_scalar_text(value) != NULL;
}

static const struct {
    const char *name, *words;
    bool (*is_ok)(const struct doc *value);
} param_types[] = {
    { "int", "a whole number", is_int },           { "float", "a number", is_float },
    { "bool", "true or false", is_bool },          { "str", "a string", is_scalar },
    { "choice", "one of its choices", is_scalar }, { "path", "a path", is_scalar },
};

int param_check(const char *name, const struct doc *value, const struct doc *declaration, struct err *err)
{
    if (!declaration || value->kind == DOC_NULL)
        return 0;
    const char *type = doc_scalar_text(doc_get(declaration, "type"));
    const char *text = doc_scalar_text(value);
    for (size_t i = 0; type && i < ARRAY_LEN(param_types); i++) {
        if (strcmp(param_types[i].name, type) != 0 || param_types[i].is_ok(value))
            continue;
        return err_set(err, ERR_INVALID, "%s is \"%.60s\": expected %s", name, text ? text : "",
                       param_types[i].words);
    }
    if (check_bounds(name, value, declaration, err) < 0)
        return -1;
    return text ? check_choices(name, text, declaration, err) : 0;
}

static const char known_placeholders[] = "{run_id}|{run_dir}|{seed}";
static const char later_placeholders[] = "{trial}|{last_ckpt}|{staged}|{gpu_mem}";

bool placeholder_is_known(struct span word)
{
    struct span rest = SPAN_LIT(known_placeholders), one;
    while (span_next(&rest, '|', &one))
        if (span_eq(one, word))
            return true;
    return false;
}

int placeholder_check(const char *text, struct err *err)
{
    struct span rest = SPAN_LIT(later_placeholders), word;
    while (span_next(&rest, '|', &word))
        if (span_find(span_of(text), word) < strlen(text))
            return err_set(err, ERR_UNSUPPORTED,
                           "%.*s is not supported yet; so far: {run_id}, {run_dir}, {seed}", SPAN_FMT(word));
    return 0;
}
