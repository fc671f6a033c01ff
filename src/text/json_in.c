#include "text/json_in.h"

#include "base/limits.h"
#include "base/mem.h"
#include "text/json_out.h"

#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum { JSON_MEMORY_BYTES = 16 * 1024 * 1024 };

/* jansson's allocator has no context argument; this is the one place that needs state, per thread. */
static _Thread_local struct {
    bool has_overflowed;
    size_t used_bytes;
} budget;

static void *budget_alloc(size_t size)
{
    if (size > JSON_MEMORY_BYTES - budget.used_bytes) {
        budget.has_overflowed = true;
        return NULL;
    }
    void *block = mem_alloc(size);
    size_t real = malloc_usable_size(block);
    budget.used_bytes +=
        real < JSON_MEMORY_BYTES - budget.used_bytes ? real : JSON_MEMORY_BYTES - budget.used_bytes;
    return block;
}

static void budget_free(void *block)
{
    size_t real = malloc_usable_size(block);
    budget.used_bytes -= real < budget.used_bytes ? real : budget.used_bytes;
    free(block);
}

/* Brackets outside strings; what is no JSON at all is left to jansson. */
static bool is_too_deep(struct span text)
{
    size_t depth = 0;
    bool is_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (is_string && c == '\\')
            i++;
        else if (c == '"')
            is_string = !is_string;
        else if (is_string)
            continue;
        else if ((c == '[' || c == '{') && ++depth > MAX_DOC_DEPTH)
            return true;
        else if ((c == ']' || c == '}') && depth > 0)
            depth--;
    }
    return false;
}

static void convert(struct doc *to, json_t *from);

static void convert_members(struct doc *to, json_t *from)
{
    to->kind = DOC_MAP;
    for (void *at = json_object_iter(from); at; at = json_object_iter_next(from, at))
        convert(doc_push(to, json_object_iter_key(at)), json_object_iter_value(at));
}

static void convert_items(struct doc *to, json_t *from)
{
    to->kind = DOC_SEQ;
    for (size_t i = 0; i < json_array_size(from); i++)
        convert(doc_push(to, NULL), json_array_get(from, i));
}

static void convert_real(struct doc *to, double value)
{
    auto_str struct str text = STR_MAX(64);
    struct json_out out = { .to = &text };
    json_f64(&out, value);
    if (text.len == strcspn(str_text(&text), ".e"))
        str_add(&text, ".0"); /* 1.0 goes into an argv as a float, not as 1 */
    to->kind = DOC_FLOAT;
    to->number = value;
    to->text = str_steal(&text);
}

static void convert(struct doc *to, json_t *from)
{
    switch (json_typeof(from)) {
    case JSON_OBJECT:
        convert_members(to, from);
        break;
    case JSON_ARRAY:
        convert_items(to, from);
        break;
    case JSON_STRING:
        to->kind = DOC_STR;
        to->text = mem_dup_bytes(json_string_value(from), json_string_length(from));
        break;
    case JSON_INTEGER:
        doc_set_int(to, json_integer_value(from));
        break;
    case JSON_REAL:
        convert_real(to, json_real_value(from));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        to->kind = DOC_BOOL;
        to->boolean = json_typeof(from) == JSON_TRUE;
        break;
    case JSON_NULL:
        to->kind = DOC_NULL;
        break;
    }
}

static json_t *load(struct span text, struct err *err)
{
    json_error_t why;
    memset(&budget, 0, sizeof(budget));
    json_set_alloc_funcs(budget_alloc, budget_free);
    json_t *value = json_loadb(span_chars(text), text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (value)
        return value;
    if (budget.has_overflowed)
        (void)err_set(err, ERR_TOO_LARGE, "JSON needs more than %d bytes of memory", JSON_MEMORY_BYTES);
    else
        (void)err_set(err, ERR_INVALID, "line %d, column %d: %s", why.line, why.column, why.text);
    return NULL;
}

int json_parse(struct span text, struct doc **out, struct err *err)
{
    if (span_trim(text).len == 0)
        return err_set(err, ERR_INVALID, "JSON is expected, and nothing was sent");
    if (memchr(text.ptr, '\0', text.len))
        return err_set(err, ERR_INVALID, "JSON holds a NUL byte");
    if (!span_is_utf8(text))
        return err_set(err, ERR_INVALID, "JSON is not UTF-8");
    if (is_too_deep(text))
        return err_set(err, ERR_TOO_LARGE, "JSON is nested deeper than %d levels", MAX_DOC_DEPTH);
    json_t *value = load(text, err);
    if (!value)
        return -1;
    struct doc *root = mem_zalloc(sizeof(*root));
    convert(root, value);
    json_decref(value);
    *out = root;
    return 0;
}
