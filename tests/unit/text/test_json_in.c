#include "text/json_in.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void refuses(struct span text, enum err_code code, const char *part)
{
    struct doc *doc = NULL;
    struct err err;
    assert_int_equal(json_parse(text, &doc, &err), -1);
    assert_null(doc);
    assert_int_equal(err.code, code);
    if (!strstr(err.text, part))
        fail_msg("%s", err.text);
}

static void values_come_typed_in_order(void **state)
{
    (void)state;
    auto_doc struct doc *doc = NULL;
    struct err err;
    assert_int_equal(
        json_parse(SPAN_LIT("{\"z\": 1, \"a\": [1.0, 1e-3, true, null, \"x\\u00e9\"], \"m\": {}}"), &doc,
                   &err),
        0);
    assert_string_equal(doc->items[0].key, "z");
    assert_string_equal(doc->items[1].key, "a");
    assert_string_equal(doc->items[2].key, "m");
    assert_int_equal(doc->items[0].integer, 1);
    const struct doc *list = &doc->items[1];
    assert_string_equal(doc_scalar_text(&list->items[0]), "1.0");
    assert_string_equal(doc_scalar_text(&list->items[1]), "0.001");
    assert_string_equal(doc_scalar_text(&list->items[2]), "true");
    assert_int_equal(list->items[3].kind, DOC_NULL);
    assert_string_equal(list->items[4].text, "x\xc3\xa9");
    assert_false(list->items[4].plain);
}

static void what_json_must_not_hold(void **state)
{
    (void)state;
    refuses((struct span){ 0 }, ERR_INVALID, "nothing was sent");
    refuses(SPAN_LIT(" \n"), ERR_INVALID, "nothing was sent");
    refuses(SPAN_LIT("{\"a\":1,\"a\":2}"), ERR_INVALID, "duplicate object key");
    refuses(SPAN_LIT("{\"a\":\n 9223372036854775808}"), ERR_INVALID, "line 2");
    refuses(SPAN_LIT("[1e999]"), ERR_INVALID, "overflow");
    refuses(SPAN_LIT("[NaN]"), ERR_INVALID, "line 1");
    refuses(SPAN_LIT("{} {}"), ERR_INVALID, "end of file expected");
    refuses(SPAN_LIT("[\"\\u0000\"]"), ERR_INVALID, "u0000");
    refuses(SPAN_LIT("[1]\0"), ERR_INVALID, "NUL");
    refuses(SPAN_LIT("[\"\xff\"]"), ERR_INVALID, "UTF-8");
}

static void depth_is_judged_before_parsing(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(1 << 20);
    for (int i = 0; i < MAX_DOC_DEPTH; i++)
        str_add(&text, "[");
    str_add(&text, "\"[[[[\\\"[[[[\"");
    for (int i = 0; i < MAX_DOC_DEPTH; i++)
        str_add(&text, "]");
    auto_doc struct doc *doc = NULL;
    assert_int_equal(json_parse(str_span(&text), &doc, NULL), 0);
    str_clear(&text);
    for (int i = 0; i < 500000; i++)
        str_add_char(&text, i % 2 ? '{' : '[');
    refuses(str_span(&text), ERR_TOO_LARGE, "deeper than 32");
}

static void memory_has_a_ceiling_and_is_given_back(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(8 << 20);
    str_add(&text, "[1");
    for (int i = 0; i < 2000000; i++)
        str_add(&text, ",1");
    str_add(&text, "]");
    refuses(str_span(&text), ERR_TOO_LARGE, "memory");
    auto_doc struct doc *doc = NULL;
    assert_int_equal(json_parse(SPAN_LIT("[1]"), &doc, NULL), 0);
}

static void mutations_are_judged(void **state)
{
    (void)state;
    static const char seed[] =
        "{\"a\": [1, -2.5e3, true, null, \"x\\u00e9\\n\"], \"b\": {\"c\": {}, \"d\": \"\\\\\"}}";
    srand(11);
    for (int round = 0; round < 5000; round++) {
        char text[sizeof(seed)];
        memcpy(text, seed, sizeof(seed));
        size_t len = sizeof(seed) - 1;
        for (int n = rand() % 4; n >= 0; n--)
            text[(size_t)rand() % len] = "[]{}:,\"\\u0e19-+. \n\xc3\xff"[rand() % 20];
        if (rand() % 3 == 0)
            len = (size_t)rand() % len;
        auto_doc struct doc *doc = NULL;
        struct err err;
        assert_true((json_parse((struct span){ text, len }, &doc, &err) == 0) == (doc != NULL));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_typed_in_order),
        cmocka_unit_test(what_json_must_not_hold),
        cmocka_unit_test(depth_is_judged_before_parsing),
        cmocka_unit_test(memory_has_a_ceiling_and_is_given_back),
        cmocka_unit_test(mutations_are_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
