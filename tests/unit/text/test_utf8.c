#include "text/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void every_code_point_round_trips(void **state)
{
    (void)state;
    for (uint32_t point = 0; point <= 0x10ffff; point++) {
        if (point >= 0xd800 && point <= 0xdfff)
            continue;
        auto_str struct str text = STR_MAX(8);
        utf8_add(&text, point);
        uint32_t back = 0;
        assert_int_equal(utf8_decode(str_span(&text), &back), text.len);
        assert_int_equal(back, point);
        assert_int_equal(utf8_len(span_head(str_span(&text), text.len - 1)), 0);
        if (point > 0x3000)
            point += 37;
    }
}

static void bad_sequences_are_none(void **state)
{
    (void)state;
    static const char *const rows[] = { "\x80",
                                        "\xc0\x80",
                                        "\xc1\xbf",
                                        "\xe0\x80\x80",
                                        "\xed\xa0\x80",
                                        "\xf4\x90\x80\x80",
                                        "\xf8\x88\x80\x80\x80",
                                        "\xff",
                                        "\xe2\x28\xa1" };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        assert_int_equal(utf8_len(span_of(rows[i])), 0);
        assert_false(span_is_utf8(span_of(rows[i])));
    }
}

static void cleaning_replaces_each_bad_byte(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(100);
    utf8_add_clean(&text, SPAN_LIT("a\xff\xc3\xa9\xe2\x82z"));
    assert_string_equal(str_text(&text), "a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbdz");
    str_clear(&text);
    utf8_add(&text, 0xd800);
    assert_string_equal(str_text(&text), UTF8_REPLACEMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_round_trips),
        cmocka_unit_test(bad_sequences_are_none),
        cmocka_unit_test(cleaning_replaces_each_bad_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
