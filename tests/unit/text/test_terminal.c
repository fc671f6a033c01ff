#include "text/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void escapes(const char *text, unsigned mode, const char *want)
{
    auto_str struct str out = STR_MAX(1000);
    terminal_escape(&out, span_of(text), mode);
    assert_string_equal(str_text(&out), want);
}

static void controls_become_visible(void **state)
{
    (void)state;
    escapes("a\x1b]0;x\x07z", TERMINAL_CELL, "a\\x1b]0;x\\x07z");
    escapes("a\tb\nc\r", TERMINAL_CELL, "a\\x09b\\x0ac\\x0d");
    escapes("a\tb\r\nc\rd", TERMINAL_LINES, "a\tb\nc\\x0dd");
    escapes("\x7f\xc2\x9b\xff\xc3", TERMINAL_LINES, "\\x7f\\x9b\\xff\\xc3");
    escapes("x\xe2\x80\xaey\xd8\x9c\xe2\x81\xa6\xe2\x80\xa8", TERMINAL_CELL,
            "x\\u202ey\\u061c\\u2066\\u2028");
    escapes("\xc3\xa9 \xe4\xb8\xad \\", TERMINAL_CELL, "\xc3\xa9 \xe4\xb8\xad \\");
}

static void colours_stay_only_where_asked(void **state)
{
    (void)state;
    escapes("\x1b[1;31mred\x1b[m", TERMINAL_LINES, "\\x1b[1;31mred\\x1b[m");
    escapes("\x1b[1;31mred\x1b[m\x1b[2J\x1b[", TERMINAL_SGR, "\x1b[1;31mred\x1b[m\\x1b[2J\\x1b[");
}

static void nothing_dangerous_survives(void **state)
{
    (void)state;
    srand(1);
    for (int round = 0; round < 3000; round++) {
        char bytes[30];
        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = "\x1b[m0\x9b\xc2\xe2\x80\xae\x07\n\r\x7f z"[rand() % 15];
        auto_str struct str out = STR_MAX(1000);
        terminal_escape(&out, (struct span){ bytes, sizeof(bytes) }, TERMINAL_CELL);
        assert_true(span_is_utf8(str_span(&out)));
        for (size_t i = 0; i < out.len; i++)
            assert_true((unsigned char)out.buf[i] >= 0x20 && out.buf[i] != 0x7f);
        assert_false(span_has(str_span(&out), "\xc2\x9b"));
    }
}

static void width_counts_columns(void **state)
{
    (void)state;
    assert_int_equal(terminal_width(SPAN_LIT("abc")), 3);
    assert_int_equal(terminal_width(SPAN_LIT("\xc3\xa9")), 1);
    assert_int_equal(terminal_width(SPAN_LIT("e\xcc\x81")), 1);
    assert_int_equal(terminal_width(SPAN_LIT("\xe4\xb8\xad\xe6\x96\x87")), 4);
    assert_int_equal(terminal_width(SPAN_LIT("\xf0\x9f\x98\x80")), 2);
    assert_int_equal(terminal_width(SPAN_LIT("\x1b[31mx\x1b[0m")), 1);
}

static void cuts(const char *text, size_t columns, const char *want)
{
    auto_str struct str out = STR_MAX(1000);
    terminal_cut(&out, span_of(text), columns);
    assert_string_equal(str_text(&out), want);
}

static void cutting_leaves_room_for_the_ellipsis(void **state)
{
    (void)state;
    cuts("abcdef", 6, "abcdef");
    cuts("abcdef", 5, "abcd\xe2\x80\xa6");
    cuts("abcdef", 1, "\xe2\x80\xa6");
    cuts("abcdef", 0, "");
    cuts("\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad", 4, "\xe4\xb8\xad\xe2\x80\xa6");
    cuts("", 0, "");
}

static void what_looks_like_a_colour_and_is_none_is_shown(void **state)
{
    (void)state;
    escapes("\x1b[", TERMINAL_SGR, "\\x1b[");
    escapes("\x1b[1", TERMINAL_SGR, "\\x1b[1");
    escapes("\x1b]1m", TERMINAL_SGR, "\\x1b]1m");
    escapes("\x1b[1:2;3m", TERMINAL_SGR, "\x1b[1:2;3m");
    escapes("\x1b[1 m", TERMINAL_SGR, "\\x1b[1 m");
    escapes("\x1b[111111111111111111111111111111111111111111111111111111111111111111111m", TERMINAL_SGR,
            "\\x1b[111111111111111111111111111111111111111111111111111111111111111111111m");
}

static void bytes_that_are_no_text_have_a_width_too(void **state)
{
    (void)state;
    assert_int_equal(terminal_width(SPAN_LIT("\xff\xfe")), 2);
    assert_int_equal(terminal_width(SPAN_LIT("a\x01\x7f\xc2\x9b"
                                             "b")),
                     2);
    assert_int_equal(terminal_width(SPAN_LIT("\x1b[31ma\x1b[m")), 1);
    assert_int_equal(terminal_width(SPAN_LIT("\xc3\xa9\xe4\xb8\xad")), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(controls_become_visible),
        cmocka_unit_test(colours_stay_only_where_asked),
        cmocka_unit_test(nothing_dangerous_survives),
        cmocka_unit_test(width_counts_columns),
        cmocka_unit_test(cutting_leaves_room_for_the_ellipsis),
        cmocka_unit_test(what_looks_like_a_colour_and_is_none_is_shown),
        cmocka_unit_test(bytes_that_are_no_text_have_a_width_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
