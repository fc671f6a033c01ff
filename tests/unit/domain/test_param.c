#include "domain/param.h"

#include "base/mem.h"
#include "text/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/* "" where the value fits. */
static const char *said(const char *declaration, const char *value)
{
    static struct err err;
    auto_doc struct doc *d = NULL, *v = NULL;
    assert_int_equal(yaml_parse(span_of(declaration), NULL, &d, NULL), 0);
    assert_int_equal(yaml_parse(span_of(value), NULL, &v, NULL), 0);
    doc_core_tree(d);
    doc_core_tree(v);
    return param_check("p", v, d, &err) < 0 ? err.text : "";
}

static void values_have_their_declared_type(void **state)
{
    (void)state;
    assert_string_equal(said("{type: int}", "3"), "");
    assert_string_equal(said("{type: int}", "3.5"), "p is \"3.5\": expected a whole number");
    assert_string_equal(said("{type: float}", "1e-3"), "");
    assert_string_equal(said("{type: float}", "3"), "");
    assert_string_equal(said("{type: float}", "x"), "p is \"x\": expected a number");
    assert_string_equal(said("{type: bool}", "true"), "");
    assert_string_equal(said("{type: bool}", "yes"), "p is \"yes\": expected true or false");
    assert_string_equal(said("{type: str}", "12"), "");
    assert_string_equal(said("{type: path}", "/data/x y"), "");
    assert_string_equal(said("{}", "anything"), "");
    assert_string_equal(said("{type: int}", "null"), "");
}

static void bounds_and_choices_are_held(void **state)
{
    (void)state;
    assert_string_equal(said("{type: int, min: 1, max: 4}", "1"), "");
    assert_string_equal(said("{type: int, min: 1, max: 4}", "4"), "");
    assert_string_equal(said("{type: int, min: 1, max: 4}", "0"), "p is 0: at least 1");
    assert_string_equal(said("{type: float, max: 0.5}", "0.6"), "p is 0.6: at most 0.5");
    assert_string_equal(said("{type: choice, choices: [a, 2, true]}", "2"), "");
    assert_string_equal(said("{type: choice, choices: [a, 2, true]}", "true"), "");
    assert_string_equal(said("{type: choice, choices: [a, 2, true]}", "b"), "p is \"b\": one of a, 2, true");
}

static void without_a_declaration_anything_goes(void **state)
{
    struct doc value = { .kind = DOC_STR, .text = (char *)"x" };
    (void)state;
    assert_int_equal(param_check("p", &value, NULL, NULL), 0);
}

static void only_known_words_in_braces_are_placeholders(void **state)
{
    struct err err = { 0 };
    (void)state;
    assert_true(placeholder_is_known(SPAN_LIT("{run_dir}")));
    assert_true(placeholder_is_known(SPAN_LIT("{seed}")));
    assert_false(placeholder_is_known(SPAN_LIT("{trial}")));
    assert_false(placeholder_is_known(SPAN_LIT("{}")));
    assert_false(placeholder_is_known(SPAN_LIT("")));
    assert_int_equal(placeholder_check("{run_id}/${HOME}/{\"a\": {}}", &err), 0);
    assert_int_equal(placeholder_check("--ckpt={last_ckpt}", &err), -1);
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    assert_string_equal(err.text, "{last_ckpt} is not supported yet; so far: {run_id}, {run_dir}, {seed}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_their_declared_type),
        cmocka_unit_test(bounds_and_choices_are_held),
        cmocka_unit_test(without_a_declaration_anything_goes),
        cmocka_unit_test(only_known_words_in_braces_are_placeholders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
