#include "text/mime.h"

#include "base/mem.h"
#include "text/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void header_is(const char *text, const char *expected)
{
    auto_str struct str out = STR_MAX(8192);
    mime_header(&out, "Subject", span_of(text));
    assert_string_equal(str_text(&out), expected);
}

static void plain_text_stands_as_it_is(void **state)
{
    (void)state;
    header_is("train failed", "Subject: train failed\r\n");
    header_is("\xc3\xa4", "Subject: =?UTF-8?B?w6Q=?=\r\n");
    header_is("=?x", "Subject: =?UTF-8?B?PT94?=\r\n");
    header_is("\xff", "Subject: =?UTF-8?B?77+9?=\r\n");
}

/* Each line of the header but the first begins with a blank, and no byte of the text is a line of its own. */
static void nothing_ends_the_header_early(void **state)
{
    static const char *const hostile[] = {
        "a\r\nBcc: x@y.z", "a\nBcc: x@y.z", "a\rBcc: x@y.z",   "a\r\n\r\nbody", "\r\n",
        "a\x0b\x0c",       "x\x7f",         "\xe2\x80\xa8line"
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
        auto_str struct str out = STR_MAX(8192);
        mime_header(&out, "Subject", span_of(hostile[i]));
        struct span rest = str_span(&out), line;
        for (int n = 0; span_next_line(&rest, &line); n++) {
            assert_true(span_ends(line, "\r"));
            assert_true(n ? span_starts(line, " ") : span_starts(line, "Subject: "));
            assert_false(span_has(span_head(line, line.len - 1), "\r"));
        }
        assert_null(strstr(str_text(&out), "Bcc"));
    }
}

static void long_text_is_folded_between_characters(void **state)
{
    auto_str struct str text = STR_MAX(8192), out = STR_MAX(8192), back = STR_MAX(8192);
    (void)state;
    for (int i = 0; i < 100; i++)
        str_add(&text, "\xe2\x82\xac");
    mime_header(&out, "Subject", str_span(&text));
    struct span rest = str_span(&out), line;
    while (span_next_line(&rest, &line)) {
        size_t at = span_find(line, SPAN_LIT("=?UTF-8?B?"));
        struct span word = span_skip(line, at + 10);
        assert_true(line.len <= 77);
        assert_true(base64_decode(span_head(word, span_find(word, SPAN_LIT("?="))), &back));
        assert_true(span_is_utf8(str_span(&back)));
    }
    assert_string_equal(str_text(&back), str_text(&text));
}

static void a_body_has_short_lines(void **state)
{
    auto_str struct str out = STR_MAX(8192);
    char text[200];
    (void)state;
    memset(text, '.', sizeof(text));
    mime_body(&out, (struct span){ text, sizeof(text) });
    struct span rest = str_span(&out), line;
    while (span_next_line(&rest, &line))
        assert_true(line.len <= 77 && span_ends(line, "\r"));
}

static void words_alone_stand_on_one_line(void **state)
{
    (void)state;
    auto_str struct str plain = STR_MAX(1000), encoded = STR_MAX(4000), looks = STR_MAX(1000);
    mime_words(&plain, SPAN_LIT("plain words"));
    assert_string_equal(str_text(&plain), "plain words");
    mime_words(&looks, SPAN_LIT("=?x?="));
    assert_true(span_starts(str_span(&looks), "=?utf-8?B?") || span_starts(str_span(&looks), "=?UTF-8?B?"));
    char text[200];
    memset(text, 'x', sizeof(text)); /* too long to stand as it is */
    mime_words(&encoded, (struct span){ text, sizeof(text) });
    assert_true(span_has(str_span(&encoded), "?= =?"));
    assert_false(span_has(str_span(&encoded), "\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_stands_as_it_is),
        cmocka_unit_test(nothing_ends_the_header_early),
        cmocka_unit_test(long_text_is_folded_between_characters),
        cmocka_unit_test(a_body_has_short_lines),
        cmocka_unit_test(words_alone_stand_on_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
