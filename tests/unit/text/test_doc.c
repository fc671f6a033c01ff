#include "text/doc.h"

#include "base/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static struct doc typed(const char *text)
{
    struct doc doc = { .kind = DOC_STR, .plain = true, .text = mem_dup_str(text) };
    doc_core_scalar(&doc);
    return doc;
}

static void core_schema_types_plain_scalars(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum doc_kind kind;
    } rows[] = {
        { "", DOC_NULL },      { "~", DOC_NULL },       { "null", DOC_NULL },
        { "nULL", DOC_STR },   { "true", DOC_BOOL },    { "False", DOC_BOOL },
        { "yes", DOC_STR },    { "no", DOC_STR },       { "12", DOC_INT },
        { "-3", DOC_INT },     { "+3", DOC_INT },       { "012", DOC_INT },
        { "0o17", DOC_INT },   { "0xfF", DOC_INT },     { "0x", DOC_STR },
        { "1_000", DOC_STR },  { "1e-3", DOC_FLOAT },   { ".5", DOC_FLOAT },
        { "5.", DOC_FLOAT },   { ".", DOC_STR },        { "-.inf", DOC_FLOAT },
        { ".NaN", DOC_FLOAT }, { "inf", DOC_STR },      { "nan", DOC_STR },
        { "1:30", DOC_STR },   { "24:00:00", DOC_STR }, { "+-1", DOC_STR },
        { "-", DOC_STR },      { "1e", DOC_STR },       { "1e999", DOC_STR },
        { "0x1p3", DOC_STR },  { "++1", DOC_STR },      { "12 ", DOC_STR },
        { "0xfg", DOC_STR },   { "0o18", DOC_STR },     { "0xfffffffffffffffff", DOC_STR },
        { "1E5", DOC_FLOAT },  { "1e+5", DOC_FLOAT },   { "1.e-5", DOC_FLOAT },
        { "-.5", DOC_FLOAT },  { ".inf", DOC_FLOAT },   { "+.INF", DOC_FLOAT },
        { "1.5.2", DOC_STR },  { "-.nan", DOC_STR },    { "99999999999999999999", DOC_FLOAT },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct doc doc = typed(rows[i].text);
        if (doc.kind != rows[i].kind)
            fail_msg("%s is kind %d", rows[i].text, (int)doc.kind);
        assert_string_equal(doc.text, rows[i].text);
        doc_clear(&doc);
    }
}

static void core_schema_values_are_right(void **state)
{
    (void)state;
    struct doc hex = typed("0xff"), octal = typed("0o17"), down = typed("-.inf"), plus = typed("+7");
    assert_int_equal(hex.integer, 255);
    assert_int_equal(octal.integer, 15);
    assert_true(isinf(down.number) && down.number < 0);
    assert_int_equal(plus.integer, 7);
    doc_clear(&hex);
    doc_clear(&octal);
    doc_clear(&down);
    doc_clear(&plus);
}

static void quoted_scalars_stay_strings(void **state)
{
    (void)state;
    struct doc doc = { .kind = DOC_STR, .text = mem_dup_str("12") };
    doc_core_scalar(&doc);
    assert_int_equal(doc.kind, DOC_STR);
    assert_false(doc_is_null(&doc));
    doc_clear(&doc);
    doc_clear(&doc);
}

static void copy_is_deep_and_keeps_positions(void **state)
{
    (void)state;
    struct doc map = { .kind = DOC_MAP, .line = 3 };
    struct doc *list = doc_push(&map, "list");
    list->kind = DOC_SEQ;
    doc_set_int(doc_push(list, NULL), 42);
    doc_set_str(doc_push(list, NULL), "x");
    struct doc copy;
    doc_copy(&copy, &map);
    doc_clear(&map);
    const struct doc *got = doc_get(&copy, "list");
    assert_int_equal(copy.line, 3);
    assert_int_equal(got->count, 2);
    assert_string_equal(doc_scalar_text(&got->items[0]), "42");
    assert_string_equal(doc_scalar_text(&got->items[1]), "x");
    assert_null(doc_get(&copy, "other"));
    assert_null(doc_get(got, "list"));
    assert_null(doc_get(NULL, "list"));
    doc_clear(&copy);
}

static void set_replaces_a_tree_and_keeps_the_key(void **state)
{
    (void)state;
    struct doc map = { .kind = DOC_MAP };
    struct doc *item = doc_push(&map, "k");
    item->kind = DOC_SEQ;
    doc_set_int(doc_push(item, NULL), 1);
    doc_set_str(item, "text");
    assert_string_equal(item->key, "k");
    doc_set_str(item, item->text);
    assert_string_equal(item->text, "text");
    doc_clear(&map);
}

static void null_has_three_faces(void **state)
{
    (void)state;
    struct doc empty = { .kind = DOC_STR, .plain = true, .text = (char *)"" };
    struct doc word = { .kind = DOC_STR, .plain = true, .text = (char *)"nothing" };
    assert_true(doc_is_null(NULL));
    assert_true(doc_is_null(&empty));
    assert_false(doc_is_null(&word));
}

static void only_scalars_have_a_text(void **state)
{
    (void)state;
    struct doc yes = { .kind = DOC_BOOL, .boolean = true }, no = { .kind = DOC_BOOL };
    struct doc list = { .kind = DOC_SEQ }, map = { .kind = DOC_MAP }, null = { .kind = DOC_NULL };
    assert_string_equal(doc_scalar_text(&yes), "true");
    assert_string_equal(doc_scalar_text(&no), "false");
    struct doc said = { .kind = DOC_BOOL, .text = (char[]){ "True" } };
    assert_string_equal(doc_scalar_text(&said), "True");
    assert_null(doc_scalar_text(&list));
    assert_null(doc_scalar_text(&map));
    assert_null(doc_scalar_text(&null));
    assert_null(doc_scalar_text(NULL));
}

static void a_whole_tree_is_typed(void **state)
{
    (void)state;
    struct doc map = { .kind = DOC_MAP };
    struct doc *list = doc_push(&map, "list"), *item;
    list->kind = DOC_SEQ;
    item = doc_push(list, NULL);
    *item = typed("3");
    item->kind = DOC_STR;
    item->plain = true;
    doc_core_tree(&map);
    assert_int_equal(item->kind, DOC_INT);
    doc_clear(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(core_schema_types_plain_scalars),
        cmocka_unit_test(core_schema_values_are_right),
        cmocka_unit_test(quoted_scalars_stay_strings),
        cmocka_unit_test(copy_is_deep_and_keeps_positions),
        cmocka_unit_test(set_replaces_a_tree_and_keeps_the_key),
        cmocka_unit_test(null_has_three_faces),
        cmocka_unit_test(only_scalars_have_a_text),
        cmocka_unit_test(a_whole_tree_is_typed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
