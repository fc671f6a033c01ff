#include "text/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* RFC 4648, section 10. */
static const char *const pairs[][2] = {
    { "", "" },
    { "f", "Zg==" },
    { "fo", "Zm8=" },
    { "foo", "Zm9v" },
    { "foob", "Zm9vYg==" },
    { "fooba", "Zm9vYmE=" },
    { "foobar", "Zm9vYmFy" },
};

static void the_rfc_s_examples_go_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
        auto_str struct str text = STR_MAX(100), bytes = STR_MAX(100);
        base64_encode(span_of(pairs[i][0]), true, &text);
        assert_string_equal(str_text(&text), pairs[i][1]);
        assert_true(base64_decode(str_span(&text), &bytes));
        assert_string_equal(str_text(&bytes), pairs[i][0]);
    }
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    const struct span bad[] = { SPAN_LIT("Zg\n="), SPAN_LIT("Z"),     SPAN_LIT("Zm9vY"),
                                SPAN_LIT("Z=g="),  SPAN_LIT("Zg==="), SPAN_LIT("Z\0g=") };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        auto_str struct str bytes = STR_MAX(100);
        assert_false(base64_decode(bad[i], &bytes));
    }
}

static void padding_is_a_choice(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(100);
    base64_encode(SPAN_LIT("\xff\xfe"), false, &text);
    assert_string_equal(str_text(&text), "//4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rfc_s_examples_go_both_ways),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(padding_is_a_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
