#include "text/doc.h"

#include "base/mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void doc_clear(struct doc *doc)
{
    for (size_t i = 0; i < doc->count; i++)
        doc_clear(&doc->items[i]);
    free(doc->items);
    free(doc->text);
    free(doc->key);
    *doc = (struct doc){ .kind = DOC_NULL };
}

void doc_free(struct doc *doc)
{
    if (!doc)
        return;
    doc_clear(doc);
    free(doc);
}

void doc_free_ptr(struct doc **doc)
{
    doc_free(*doc);
    *doc = NULL;
}

const struct doc *doc_get(const struct doc *doc, const char *key)
{
    if (!doc || doc->kind != DOC_MAP)
        return NULL;
    for (size_t i = 0; i < doc->count; i++) {
        if (strcmp(doc->items[i].key, key) == 0)
            return &doc->items[i];
    }
    return NULL;
}

struct doc *doc_push(struct doc *parent, const char *key)
{
    struct doc *item = vec_push(parent->items, parent->count, parent->cap);
    *item = (struct doc){ .kind = DOC_NULL, .key = mem_dup_str(key) };
    return item;
}

void doc_copy(struct doc *to, const struct doc *from)
{
    *to = *from;
    to->text = mem_dup_str(from->text);
    to->key = mem_dup_str(from->key);
    to->cap = from->count;
    to->items = from->count ? mem_grow(NULL, from->count, sizeof(*to->items)) : NULL;
    for (size_t i = 0; i < from->count; i++)
        doc_copy(&to->items[i], &from->items[i]);
}

/* Forgets the value; key and positions stay. */
static void drop_value(struct doc *doc)
{
    for (size_t i = 0; i < doc->count; i++)
        doc_clear(&doc->items[i]);
    free(doc->items);
    doc->items = NULL;
    doc->count = doc->cap = 0;
    mem_clear_str(&doc->text);
    doc->plain = false;
    doc->kind = DOC_NULL;
}

void doc_set_str(struct doc *doc, const char *text)
{
    char *copy = mem_dup_str(text); /* text may be the node's own */
    drop_value(doc);
    doc->kind = DOC_STR;
    doc->text = copy;
}

void doc_set_int(struct doc *doc, int64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof(text), "%" PRId64, value);
    drop_value(doc);
    doc->kind = DOC_INT;
    doc->integer = value;
    doc->text = mem_dup_str(text);
}

/* The words of the core schema that are no numbers. */
static const struct core_word {
    const char *text;
    enum doc_kind kind;
    bool boolean;
} core_words[] = {
    { "", DOC_NULL, false },      { "~", DOC_NULL, false },     { "null", DOC_NULL, false },
    { "Null", DOC_NULL, false },  { "NULL", DOC_NULL, false },  { "true", DOC_BOOL, true },
    { "True", DOC_BOOL, true },   { "TRUE", DOC_BOOL, true },   { "false", DOC_BOOL, false },
    { "False", DOC_BOOL, false }, { "FALSE", DOC_BOOL, false },
};

static bool core_word(struct doc *doc)
{
    for (size_t i = 0; i < ARRAY_LEN(core_words); i++) {
        if (strcmp(doc->text, core_words[i].text) != 0)
            continue;
        doc->kind = core_words[i].kind;
        doc->boolean = core_words[i].boolean;
        return true;
    }
    return false;
}

/* "0o17" and "0xff": no sign, as YAML 1.2 has it. */
static bool core_based(struct doc *doc)
{
    const char *text = doc->text;
    bool is_hex = text[0] == '0' && text[1] == 'x';
    bool is_octal = text[0] == '0' && text[1] == 'o';
    if (!is_hex && !is_octal)
        return false;
    const char *digits = is_hex ? "0123456789abcdefABCDEF" : "01234567";
    size_t len = strlen(text + 2);
    if (len == 0 || len > (is_hex ? 15 : 20) || strspn(text + 2, digits) != len)
        return false;
    doc->kind = DOC_INT;
    doc->integer = strtoll(text + 2, NULL, is_hex ? 16 : 8);
    return true;
}

static bool core_non_finite(struct doc *doc)
{
    static const char *const infs[] = { ".inf", ".Inf", ".INF" };
    static const char *const nans[] = { ".nan", ".NaN", ".NAN" };
    bool is_negative = doc->text[0] == '-';
    const char *body = doc->text + (is_negative || doc->text[0] == '+');
    for (size_t i = 0; i < ARRAY_LEN(infs); i++) {
        bool is_inf = strcmp(body, infs[i]) == 0;
        if (!is_inf && strcmp(doc->text, nans[i]) != 0)
            continue;
        doc->kind = DOC_FLOAT;
        doc->number = is_inf ? (is_negative ? -INFINITY : INFINITY) : NAN;
        return true;
    }
    return false;
}

static size_t count_digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? — the grammar first, so that strtod sees nothing else.
 */
static bool is_core_float(const char *text)
{
    text += *text == '-' || *text == '+';
    size_t whole = count_digits(text);
    text += whole;
    if (*text == '.') {
        size_t fraction = count_digits(++text);
        if (whole + fraction == 0)
            return false;
        text += fraction;
    } else if (whole == 0) {
        return false;
    }
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '-' || *text == '+';
        size_t exponent = count_digits(text);
        if (exponent == 0)
            return false;
        text += exponent;
    }
    return *text == '\0';
}

static void core_number(struct doc *doc)
{
    const char *unsigned_text = doc->text + (doc->text[0] == '+');
    if (unsigned_text[0] != '+' && span_i64(span_of(unsigned_text), &doc->integer)) {
        if (unsigned_text != doc->text && unsigned_text[0] == '-')
            return; /* "+-1" is a word */
        doc->kind = DOC_INT;
        return;
    }
    if (!is_core_float(doc->text))
        return;
    double value = strtod(doc->text, NULL);
    if (isfinite(value)) {
        doc->kind = DOC_FLOAT;
        doc->number = value;
    }
}

void doc_core_scalar(struct doc *doc)
{
    if (doc->kind != DOC_STR || !doc->plain || core_word(doc) || core_based(doc) || core_non_finite(doc))
        return;
    core_number(doc);
}

void doc_core_tree(struct doc *doc)
{
    doc_core_scalar(doc);
    for (size_t i = 0; i < doc->count; i++)
        doc_core_tree(&doc->items[i]);
}

bool doc_is_null(const struct doc *doc)
{
    if (!doc || doc->kind == DOC_NULL)
        return true;
    if (doc->kind != DOC_STR || !doc->plain)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(core_words); i++) {
        if (core_words[i].kind == DOC_NULL && strcmp(doc->text, core_words[i].text) == 0)
            return true;
    }
    return false;
}

const char *doc_scalar_text(const struct doc *doc)
{
    if (!doc)
        return NULL;
    switch (doc->kind) {
    case DOC_BOOL:
        return doc->text ? doc->text : doc->boolean ? "true" : "false";
    case DOC_INT:
    case DOC_FLOAT:
    case DOC_STR:
        return doc->text;
    case DOC_NULL:
    case DOC_SEQ:
    case DOC_MAP:
        break;
    }
    return NULL;
}
