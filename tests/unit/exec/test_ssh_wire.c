#include "exec/ssh_wire.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void numbers_and_strings_come_back(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(64);
    ssh_wire_add_u32(&text, 0xfedcba98U);
    ssh_wire_add_string(&text, SPAN_LIT("a\0b"));
    ssh_wire_add_string(&text, SPAN_LIT(""));
    static const char bytes[] = "\xfe\xdc\xba\x98\0\0\0\3a\0b\0\0\0\0";
    assert_int_equal(text.len, sizeof(bytes) - 1);
    assert_memory_equal(text.buf, bytes, sizeof(bytes) - 1);
    struct span rest = str_span(&text), string = { 0 };
    uint32_t number = 0;
    assert_true(ssh_wire_take_u32(&rest, &number));
    assert_int_equal(number, 0xfedcba98U);
    assert_true(ssh_wire_take_string(&rest, &string));
    assert_true(span_eq(string, SPAN_LIT("a\0b")));
    assert_true(ssh_wire_take_string(&rest, &string));
    assert_int_equal(string.len, 0);
    assert_int_equal(rest.len, 0);
}

static void what_is_not_whole_is_left_alone(void **state)
{
    (void)state;
    const struct span cut[] = { SPAN_LIT(""), SPAN_LIT("\0\0\0"), SPAN_LIT("\0\0\0\2a"),
                                SPAN_LIT("\xff\xff\xff\xff"
                                         "abcd") };
    for (size_t i = 0; i < ARRAY_LEN(cut); i++) {
        struct span rest = cut[i], string = SPAN_LIT("before");
        assert_false(ssh_wire_take_string(&rest, &string));
        assert_true(span_eq(rest, cut[i]) && span_is(string, "before"));
    }
    struct span rest = SPAN_LIT("abc");
    uint32_t number = 7;
    assert_false(ssh_wire_take_u32(&rest, &number));
    assert_int_equal(number, 7);
    assert_int_equal(rest.len, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_strings_come_back),
        cmocka_unit_test(what_is_not_whole_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
