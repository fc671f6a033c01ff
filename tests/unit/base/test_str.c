#include "base/str.h"

#include <stdint.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void appends_grow_up_to_the_ceiling(void **state)
{
    (void)state;
    auto_str struct str s = STR_MAX(10);
    assert_string_equal(str_text(&s), "");
    str_add(&s, "12345");
    str_addf(&s, "%d", 678);
    str_add_char(&s, '9');
    assert_string_equal(str_text(&s), "123456789");
    str_add(&s, "ab");
    assert_true(s.failed);
    assert_string_equal(str_text(&s), "123456789");
    str_add_char(&s, 'x'); /* would fit, but failure sticks */
    assert_int_equal(s.len, 9);
    str_clear(&s);
    assert_false(s.failed);
    assert_int_equal(s.max, 10);
    str_add(&s, "1234567890");
    assert_false(s.failed);
}

static void bytes_may_hold_nul(void **state)
{
    (void)state;
    auto_str struct str s = STR_MAX(100);
    str_add_span(&s, (struct span){ "a\0b", 3 });
    assert_int_equal(s.len, 3);
    assert_int_equal(s.buf[3], '\0');
    assert_true(span_eq(str_span(&s), (struct span){ "a\0b", 3 }));
}

static void cut_only_shortens(void **state)
{
    (void)state;
    auto_str struct str s = STR_MAX(100);
    str_cut(&s, 5);
    str_add(&s, "abc");
    str_cut(&s, 5);
    assert_int_equal(s.len, 3);
    str_cut(&s, 1);
    assert_string_equal(str_text(&s), "a");
}

static void steal_leaves_an_empty_string(void **state)
{
    (void)state;
    auto_str struct str s = STR_MAX(100);
    char *empty = str_steal(&s);
    assert_string_equal(empty, "");
    str_add(&s, "abc");
    char *text = str_steal(&s);
    assert_string_equal(text, "abc");
    assert_int_equal(s.len, 0);
    str_add(&s, "d");
    assert_string_equal(str_text(&s), "d");
    free(text);
    free(empty);
}

static void formats_longer_than_the_ceiling_add_nothing(void **state)
{
    (void)state;
    auto_str struct str s = STR_MAX(4);
    str_addf(&s, "%s", "12345");
    assert_true(s.failed);
    assert_string_equal(str_text(&s), "");
    auto_str struct str none = { 0 };
    str_add(&none, "");
    assert_false(none.failed);
    str_add_char(&none, 'x');
    assert_true(none.failed);
}

/* Else AddressSanitizer would end the program where malloc gives NULL. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void what_memory_cannot_hold_fails_like_what_is_past_the_ceiling(void **state)
{
    (void)state;
    auto_str struct str s = STR_MAX(SIZE_MAX / 2);
    str_add(&s, "kept");
    str_add_span(&s, (struct span){ "never read", SIZE_MAX / 16 });
    assert_true(s.failed);
    str_add(&s, " no more");
    assert_string_equal(str_text(&s), "kept");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_grow_up_to_the_ceiling),
        cmocka_unit_test(bytes_may_hold_nul),
        cmocka_unit_test(cut_only_shortens),
        cmocka_unit_test(steal_leaves_an_empty_string),
        cmocka_unit_test(what_memory_cannot_hold_fails_like_what_is_past_the_ceiling),
        cmocka_unit_test(formats_longer_than_the_ceiling_add_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
