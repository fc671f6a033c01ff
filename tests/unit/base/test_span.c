#include "base/span.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void comparing_and_cutting(void **state)
{
    (void)state;
    struct span s = SPAN_LIT("a,b c");
    assert_true(span_is(s, "a,b c") && !span_is(s, "a,b") && !span_is(s, "a,b c "));
    assert_true(span_starts(s, "a,") && span_ends(s, " c") && !span_starts(s, "a,b c d") &&
                !span_ends(s, "xa,b c"));
    assert_true(span_is(span_skip(s, 2), "b c") && span_skip(s, 99).len == 0 &&
                span_is(span_head(s, 99), "a,b c"));
    assert_true(span_is(span_trim(SPAN_LIT(" \t\r\nx y\n ")), "x y") && span_trim(SPAN_LIT("  ")).len == 0);
    assert_int_equal(span_find(s, SPAN_LIT("b ")), 2);
    assert_int_equal(span_find(s, SPAN_LIT("zz")), s.len);
    assert_int_equal(span_find_char(s, ' '), 3);
    assert_true(span_has(s, ",b") && !span_has(s, "bc"));
    assert_true(span_of(NULL).len == 0 && span_eq(span_of(NULL), SPAN_LIT("")));
}

static void next_gives_each_part_once(void **state)
{
    (void)state;
    struct span rest = SPAN_LIT("a,,b,"), part;
    assert_true(span_next(&rest, ',', &part) && span_is(part, "a"));
    assert_true(span_next(&rest, ',', &part) && part.len == 0);
    assert_true(span_next(&rest, ',', &part) && span_is(part, "b"));
    assert_false(span_next(&rest, ',', &part));
    struct span text = SPAN_LIT("x\r\n\ny");
    assert_true(span_next_line(&text, &part) && span_is(part, "x\r"));
    assert_true(span_next_line(&text, &part) && part.len == 0);
    assert_true(span_next_line(&text, &part) && span_is(part, "y"));
    assert_false(span_next_line(&text, &part));
}

static void integers_fill_the_span_or_fail(void **state)
{
    (void)state;
    uint64_t u = 7;
    int64_t i = 7;
    assert_true(span_u64(SPAN_LIT("18446744073709551615"), &u) && u == UINT64_MAX);
    assert_true(span_i64(SPAN_LIT("-9223372036854775808"), &i) && i == INT64_MIN);
    assert_true(span_i64(SPAN_LIT("9223372036854775807"), &i) && i == INT64_MAX);
    static const char *const wrong[] = {
        "", "-", "+1", " 1", "1 ", "1x", "0x1", "9223372036854775808", "1.0"
    };
    for (size_t k = 0; k < ARRAY_LEN(wrong); k++)
        assert_false(span_i64(span_of(wrong[k]), &i));
    assert_false(span_i64(SPAN_LIT("-9223372036854775809"), &i));
    assert_false(span_u64(SPAN_LIT("18446744073709551616"), &u));
    assert_false(span_u64(SPAN_LIT("-1"), &u));
    assert_false(span_u64((struct span){ "1\0", 2 }, &u));
}

static void floats_are_decimal_and_finite(void **state)
{
    (void)state;
    double d = 0;
    assert_true(span_f64(SPAN_LIT("1e-3"), &d) && d == 1e-3);
    assert_true(span_f64(SPAN_LIT("-2.5"), &d) && d == -2.5);
    static const char *const wrong[] = { "", "nan", "inf", "0x1p3", "1e999", " 1", "1 ", "1.2.3", "e" };
    for (size_t k = 0; k < ARRAY_LEN(wrong); k++)
        assert_false(span_f64(span_of(wrong[k]), &d));
}

static void utf8_is_judged_strictly(void **state)
{
    (void)state;
    static const char *const good[] = {
        "", "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"
    };
    static const char *const bad[] = { "\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                       "\xc3", "a\xff" };
    for (size_t k = 0; k < ARRAY_LEN(good); k++)
        assert_true(span_is_utf8(span_of(good[k])));
    for (size_t k = 0; k < ARRAY_LEN(bad); k++)
        assert_false(span_is_utf8(span_of(bad[k])));
}

static void dup_ends_in_nul(void **state)
{
    (void)state;
    auto_free char *copy = span_dup((struct span){ "abc", 2 });
    assert_string_equal(copy, "ab");
    auto_free char *empty = span_dup((struct span){ 0 });
    assert_string_equal(empty, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparing_and_cutting),          cmocka_unit_test(next_gives_each_part_once),
        cmocka_unit_test(integers_fill_the_span_or_fail), cmocka_unit_test(floats_are_decimal_and_finite),
        cmocka_unit_test(utf8_is_judged_strictly),        cmocka_unit_test(dup_ends_in_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
