#include "text/plain.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void assert_plain(struct span text, const char *wanted)
{
    auto_str struct str plain = STR_MAX(1000);
    plain_add(&plain, text);
    assert_string_equal(str_text(&plain), wanted);
}

static void escape_sequences_go(void **state)
{
    (void)state;
    assert_plain(SPAN_LIT("\x1b[1;31mred\x1b[0m"), "red");
    assert_plain(SPAN_LIT("a\x1b]0;title\ab"), "ab");
    assert_plain(SPAN_LIT("a\x1b]0;title\x1b\\b"), "ab");
    assert_plain(SPAN_LIT("a\x1b]0;x\x1b"
                          "b\ac"),
                 "ac");                      /* an ESC that ends nothing */
    assert_plain(SPAN_LIT("a\x1b(b"), "ab"); /* two bytes, as most are */
}

static void a_hyperlink_leaves_its_address(void **state)
{
    (void)state;
    assert_plain(SPAN_LIT("see \x1b]8;id=1;https://x/y\x1b\\here\x1b]8;;\x1b\\!"),
                 "see  https://x/y here  !");
}

static void a_sequence_that_is_cut_shows_nothing(void **state)
{
    (void)state;
    assert_plain(SPAN_LIT("a\x1b"), "a");
    assert_plain(SPAN_LIT("a\x1b["), "a");
    assert_plain(SPAN_LIT("a\x1b[1;3"), "a");
    assert_plain(SPAN_LIT("a\x1b[1\nb"), "ab");
    assert_plain(SPAN_LIT("a\x1b[1\xc3\xa4"), "a\xa4"); /* a byte that is no parameter ends it */
    assert_plain(SPAN_LIT("a\x1b]0;never ended"), "a");
    assert_plain(SPAN_LIT("a\x1b]0;never ended\x1b"), "a");
}

static void a_nul_shows_nothing(void **state)
{
    (void)state;
    assert_plain(SPAN_LIT("a\0b\0"), "ab");
    assert_plain(SPAN_LIT("\x1b]8;;https://x\0/y\a"), " https://x/y ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escape_sequences_go),
        cmocka_unit_test(a_hyperlink_leaves_its_address),
        cmocka_unit_test(a_sequence_that_is_cut_shows_nothing),
        cmocka_unit_test(a_nul_shows_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
