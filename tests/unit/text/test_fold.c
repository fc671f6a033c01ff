#include "text/fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_folds(const char *text, const char *expected)
{
    auto_str struct str out = STR_MAX(1000);
    fold_text(span_of(text), &out);
    assert_string_equal(str_text(&out), expected);
}

static void a_progress_bar_is_its_last_state(void **state)
{
    (void)state;
    assert_folds("\r 0%|\r 50%|\r100%|\ndone\n", "100%|\ndone\n");
    assert_folds("a\rb\r", "b");
    assert_folds("x\r\ny\r\n", "x\ny\n");
}

static void other_text_stays_as_it_is(void **state)
{
    (void)state;
    assert_folds("", "");
    assert_folds("\n\n", "\n\n");
    assert_folds("no end", "no end");
    assert_folds("\x1b[31mred\x1b[0m\n", "\x1b[31mred\x1b[0m\n");
    assert_folds("\r\r\r", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_progress_bar_is_its_last_state),
        cmocka_unit_test(other_text_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
