#include "domain/schema_place.h"

#include "base/limits.h"
#include "base/mem.h"
#include "text/units.h"
#include "text/yaml.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_BYTES = 60, EXPECT_BYTES = 1024 };

static bool has_range(const struct schema_row *row)
{
    return row->min != 0 || row->max != 0;
}

bool schema_is_null(const struct doc *doc)
{
    if (doc->kind == DOC_NULL)
        return true;
    return doc->kind == DOC_STR && doc->plain && schema_word_in("|~|null|Null|NULL", doc->text);
}

/* A value in a message: cut, one line. */
static void add_shown(const struct doc *in, struct str *to)
{
    const char *text = doc_scalar_text(in);
    size_t len = strlen(text), cut = len > SHOWN_BYTES ? SHOWN_BYTES : len;
    while (cut < len && cut > 0 && ((unsigned char)text[cut] & 0xc0) == 0x80)
        cut--;
    for (size_t i = 0; i < cut; i++)
        str_add_char(to, (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i]);
    if (cut < len)
        str_add(to, "...");
}

/* Written plain, and a number or boolean to YAML: quotes would say the wrong thing of it. */
static bool looks_typed(const struct doc *in)
{
    struct doc copy = { 0 };
    doc_copy(&copy, in);
    doc_core_scalar(&copy);
    bool is_typed = copy.kind != DOC_STR;
    doc_clear(&copy);
    return is_typed;
}

static void add_got(const struct doc *in, struct str *to)
{
    if (in->kind == DOC_SEQ || in->kind == DOC_MAP)
        str_add(to, in->kind == DOC_SEQ ? "a list" : "a map");
    else if (schema_is_null(in))
        str_add(to, "null");
    else if (in->kind == DOC_STR && !looks_typed(in)) {
        str_add(to, "\"");
        add_shown(in, to);
        str_add(to, "\"");
    } else
        add_shown(in, to);
}

static int wrong(const struct schema_row *row, const struct doc *in, struct err *err)
{
    auto_str struct str text = STR_MAX(EXPECT_BYTES);
    str_add(&text, "expected ");
    schema_expects(row, &text);
    str_add(&text, ", got ");
    add_got(in, &text);
    return err_set(err, ERR_INVALID, "%s", str_text(&text));
}

static bool is_inside(const struct schema_row *row, double value)
{
    return !has_range(row) || (value >= row->min && value <= row->max);
}

static void set_int(const struct doc *in, int64_t value, struct doc *out)
{
    auto_free char *text = mem_dup_str(doc_scalar_text(in));
    doc_set_int(out, value);
    mem_replace_str(&out->text, text);
}

static int type_str(const struct schema_row *row, const struct doc *in, struct doc *out, struct err *err)
{
    if (in->kind != DOC_STR || !schema_pattern_ok(row->pattern, in->text))
        return wrong(row, in, err);
    if (row->max > 0 && strlen(in->text) > row->max)
        return wrong(row, in, err);
    if (row->check && row->check(in->text, err) < 0)
        return -1;
    doc_set_str(out, in->text);
    return 0;
}

static int type_int(const struct schema_row *row, const struct doc *in, struct doc *out, struct err *err)
{
    int64_t value;
    if (in->kind == DOC_INT)
        value = in->integer;
    else if (in->kind != DOC_STR || !in->plain || !span_i64(span_of(in->text), &value))
        return wrong(row, in, err);
    if (!is_inside(row, (double)value))
        return wrong(row, in, err);
    set_int(in, value, out);
    return 0;
}

static int type_float(const struct schema_row *row, const struct doc *in, struct doc *out, struct err *err)
{
    double value;
    if (in->kind == DOC_INT)
        value = (double)in->integer;
    else if (in->kind == DOC_FLOAT)
        value = in->number;
    else if (in->kind != DOC_STR || !in->plain || !span_f64(span_of(in->text), &value))
        return wrong(row, in, err);
    if (!isfinite(value) || !is_inside(row, value))
        return wrong(row, in, err);
    auto_free char *text = mem_dup_str(doc_scalar_text(in));
    doc_set_str(out, text);
    out->kind = DOC_FLOAT;
    out->number = value;
    return 0;
}

static int type_bool(const struct schema_row *row, const struct doc *in, struct doc *out, struct err *err)
{
    struct doc copy = { 0 };
    doc_copy(&copy, in);
    doc_core_scalar(&copy);
    if (copy.kind != DOC_BOOL) {
        doc_clear(&copy);
        return wrong(row, in, err);
    }
    *out = copy;
    return 0;
}

static bool is_bare_number(struct span text)
{
    uint64_t value;
    return span_u64(text, &value) && value != 0;
}

static int type_duration(const struct schema_row *row, const struct doc *in, struct doc *out, struct err *err)
{
    const char *text = doc_scalar_text(in);
    int64_t seconds;
    if (text && in->kind != DOC_FLOAT && is_bare_number(span_of(text)))
        return err_set(err, ERR_INVALID, "%s is a bare number: write a unit, %ss, %sm or %sh", text, text,
                       text, text);
    if (in->kind != DOC_STR || units_parse_duration(span_of(in->text), &seconds, NULL) < 0 ||
        !is_inside(row, (double)seconds))
        return wrong(row, in, err);
    set_int(in, seconds, out);
    return 0;
}

static int type_size(const struct schema_row *row, const struct doc *in, struct doc *out, struct err *err)
{
    const char *text = doc_scalar_text(in);
    uint64_t bytes;
    if (text && in->kind != DOC_FLOAT && is_bare_number(span_of(text)))
        return err_set(err, ERR_INVALID, "%s is a bare number: write a unit, %sM or %sG", text, text, text);
    if (!text || units_parse_size(span_of(text), UNITS_BARE_BYTES, &bytes, NULL) < 0 || bytes > INT64_MAX ||
        !is_inside(row, (double)bytes))
        return wrong(row, in, err);
    set_int(in, (int64_t)bytes, out);
    return 0;
}

static int type_choice(const struct schema_row *row, const struct doc *in, struct doc *out, struct err *err)
{
    if (in->kind == DOC_STR && schema_word_in(row->later_words, in->text)) {
        auto_str struct str words = STR_MAX(EXPECT_BYTES);
        schema_add_words(row, &words);
        return err_set(err, ERR_UNSUPPORTED, "%s is not supported yet; so far: %s", in->text,
                       str_text(&words));
    }
    (void)out;
    return wrong(row, in, err);
}

static int type_scalar(const struct schema_row *row, const struct doc *in, struct doc *out, struct err *err)
{
    if (in->kind == DOC_SEQ || in->kind == DOC_MAP)
        return wrong(row, in, err);
    doc_copy(out, in);
    doc_core_scalar(out);
    return 0;
}

/* Items as strings: `args: [--lr, 0.1]` means what it looks like. */
static bool fits(const struct schema_row *row, const struct doc *item, struct err *err)
{
    const char *text = doc_scalar_text(item);
    if (!text || !schema_pattern_ok(row->pattern, text) || (row->max > 0 && strlen(text) > row->max))
        return false;
    return !row->check || row->check(text, err) == 0;
}

bool schema_item_ok(const struct schema_row *row, const struct doc *item)
{
    return fits(row, item, NULL);
}

static int type_item(const struct schema_row *row, const struct doc *item, struct doc *out, struct err *err)
{
    const char *text = doc_scalar_text(item);
    if (!fits(row, item, err))
        return -1;
    struct doc *to = doc_push(out, NULL);
    doc_set_str(to, text);
    to->line = item->line;
    to->col = item->col;
    return 0;
}

/* own: what the row's own check said of it, or nothing. */
static int wrong_item(const struct schema_row *row, const struct doc *in, size_t index, const struct err *own,
                      struct err *err)
{
    if (own->code)
        return err_set(err, own->code, "item %zu: %s", index + 1, own->text);
    const struct schema_row one = { .type = row->type == SCHEMA_STRS ? SCHEMA_STR : SCHEMA_SCALAR,
                                    .pattern = row->pattern,
                                    .max = row->max };
    (void)wrong(&one, &in->items[index], err);
    return err_wrap(err, "item %zu", index + 1);
}

static int type_strs(const struct schema_row *row, const struct doc *in, struct doc *out, struct err *err)
{
    if (in->kind != DOC_SEQ)
        return wrong(row, in, err);
    struct doc list = { .kind = DOC_SEQ };
    for (size_t i = 0; i < in->count; i++) {
        struct err own = { 0 };
        if (type_item(row, &in->items[i], &list, &own) < 0) {
            doc_clear(&list);
            return wrong_item(row, in, i, &own, err);
        }
    }
    *out = list;
    return 0;
}

static int type_scalars(const struct schema_row *row, const struct doc *in, struct doc *out, struct err *err)
{
    if (in->kind != DOC_SEQ)
        return wrong(row, in, err);
    for (size_t i = 0; i < in->count; i++)
        if (!doc_scalar_text(&in->items[i]))
            return wrong_item(row, in, i, &(struct err){ 0 }, err);
    doc_copy(out, in);
    doc_core_tree(out);
    return 0;
}

static int type_dict(const struct schema_row *row, const struct doc *in, struct doc *out, struct err *err)
{
    if (in->kind != DOC_MAP)
        return wrong(row, in, err);
    if (in->count > MAX_ARGS)
        return err_set(err, ERR_TOO_LARGE, "%zu entries: at most %d", in->count, MAX_ARGS);
    for (size_t i = 0; i < in->count; i++) {
        if (!schema_pattern_ok(row->pattern, in->items[i].key))
            return err_set(err, ERR_INVALID, "expected a name %s, got \"%.60s\"",
                           schema_pattern_words(row->pattern), in->items[i].key);
        if (in->items[i].kind == DOC_SEQ || in->items[i].kind == DOC_MAP)
            return err_set(err, ERR_INVALID, "expected a string, number, true or false under %s, got a %s",
                           in->items[i].key, in->items[i].kind == DOC_SEQ ? "list" : "map");
    }
    doc_copy(out, in);
    doc_core_tree(out);
    return 0;
}

static int type_tree(const struct schema_row *row, const struct doc *in, struct doc *out, struct err *err)
{
    enum doc_kind kind = row->type == SCHEMA_OBJECTS ? DOC_SEQ : DOC_MAP;
    if (row->type != SCHEMA_FREE && in->kind != kind)
        return wrong(row, in, err);
    if (row->type == SCHEMA_NAMED && in->count > MAX_ARGS)
        return err_set(err, ERR_TOO_LARGE, "%zu entries: at most %d", in->count, MAX_ARGS);
    doc_copy(out, in);
    return 0;
}

typedef int type_fn(const struct schema_row *row, const struct doc *in, struct doc *out, struct err *err);
static type_fn *const types[] = {
    [SCHEMA_STR] = type_str,         [SCHEMA_INT] = type_int,           [SCHEMA_FLOAT] = type_float,
    [SCHEMA_BOOL] = type_bool,       [SCHEMA_DURATION] = type_duration, [SCHEMA_SIZE] = type_size,
    [SCHEMA_CHOICE] = type_choice,   [SCHEMA_SCALAR] = type_scalar,     [SCHEMA_STRS] = type_strs,
    [SCHEMA_SCALARS] = type_scalars, [SCHEMA_DICT] = type_dict,         [SCHEMA_OBJECT] = type_tree,
    [SCHEMA_OBJECTS] = type_tree,    [SCHEMA_NAMED] = type_tree,        [SCHEMA_FREE] = type_tree,
};
_Static_assert(ARRAY_LEN(types) == SCHEMA_TYPE_COUNT, "a function for each type");

static int type_value(const struct schema_row *row, const struct doc *in, struct doc *out, struct err *err)
{
    if (schema_is_null(in)) {
        out->kind = DOC_NULL;
        return 0;
    }
    bool is_word = in->kind == DOC_STR && row->words && schema_word_in(row->words, in->text) &&
                   !schema_word_in(row->later_words, in->text);
    if (is_word) {
        doc_set_str(out, in->text);
        return 0;
    }
    if ((row->flags & SCHEMA_OR_LIST) && in->kind == DOC_SEQ)
        return type_strs(row, in, out, err);
    return types[row->type](row, in, out, err);
}

/* Built beside, so that *out is written on success only. */
int schema_type(const struct schema_row *row, const struct doc *in, struct doc *out, struct err *err)
{
    struct doc value = { 0 };
    if (type_value(row, in, &value, err) < 0) {
        doc_clear(&value);
        return -1;
    }
    value.line = in->line;
    value.col = in->col;
    value.key_line = in->key_line;
    value.key_col = in->key_col;
    mem_replace_str(&value.key, NULL);
    *out = value;
    return 0;
}

void schema_default(const struct schema_row *row, struct doc *out)
{
    auto_doc struct doc *doc = NULL;
    struct doc value = { 0 };
    if (!row->fallback || yaml_parse(span_of(row->fallback), NULL, &doc, NULL) < 0 ||
        schema_type(row, doc, &value, NULL) < 0)
        value = (struct doc){ .kind = DOC_NULL };
    value.line = value.col = value.key_line = value.key_col = 0;
    *out = value;
}

static bool is_same_scalar(const struct doc *a, const struct doc *b)
{
    bool is_number =
        (a->kind == DOC_INT || a->kind == DOC_FLOAT) && (b->kind == DOC_INT || b->kind == DOC_FLOAT);
    if (is_number) {
        double x = a->kind == DOC_INT ? (double)a->integer : a->number;
        double y = b->kind == DOC_INT ? (double)b->integer : b->number;
        return x == y;
    }
    if (a->kind != b->kind)
        return false;
    if (a->kind == DOC_BOOL)
        return a->boolean == b->boolean;
    return a->kind == DOC_NULL || strcmp(a->text, b->text) == 0;
}

static bool is_same(const struct doc *a, const struct doc *b)
{
    if (a->kind != DOC_SEQ && a->kind != DOC_MAP)
        return is_same_scalar(a, b);
    if (a->kind != b->kind || a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct doc *other = a->kind == DOC_MAP ? doc_get(b, a->items[i].key) : &b->items[i];
        if (!other || !is_same(&a->items[i], other))
            return false;
    }
    return true;
}

bool schema_says_default(const struct schema_row *row, const struct doc *doc)
{
    struct doc value = { 0 }, fallback = { 0 };
    bool same = false;
    if (schema_type(row, doc, &value, NULL) == 0) {
        schema_default(row, &fallback);
        same = value.kind == DOC_NULL || is_same(&value, &fallback);
    }
    doc_clear(&value);
    doc_clear(&fallback);
    return same;
}
