#include "text/quote.h"

#include "base/mem.h"
#include "support/spawn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void one_form_always(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(1000);
    quote_argv(&text, (const char *const[]){ "plain", "", "it's", "$(x) `y` \\ \"z\"\n!", "'" }, 5);
    assert_string_equal(str_text(&text), "'plain' '' 'it'\\''s' '$(x) `y` \\ \"z\"\n!' ''\\'''");
}

static void nul_is_refused_and_adds_nothing(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(1000);
    struct err err;
    assert_int_equal(quote_shell(&text, (struct span){ "a\0b", 3 }, &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    assert_int_equal(text.len, 0);
}

/* Hostile characters are common, so that pairs of them meet. */
static size_t random_bytes(char *to, size_t max)
{
    static const char hostile[] = "'\"\\$`!\n\r\t ;&|<>(){}[]*?~#=%-^@,\x1b\x7f\xff\xc3\xa9";
    size_t len = (size_t)rand() % max;
    for (size_t i = 0; i < len; i++)
        to[i] = rand() % 3 ? hostile[(size_t)rand() % (sizeof(hostile) - 1)] : (char)(1 + rand() % 255);
    return len;
}

/* All values as arguments of one function call that prints each with a NUL behind. */
static void round_trip(const char *shell)
{
    enum { VALUES = 300 };
    auto_str struct str program = STR_MAX(1 << 20), want = STR_MAX(1 << 20), got = STR_MAX(1 << 20);
    str_add(&program, "f() { for v; do printf '%s\\0' \"$v\"; done; }; f");
    for (int i = 0; i < VALUES; i++) {
        char bytes[60];
        struct span value = { bytes, random_bytes(bytes, sizeof(bytes)) };
        str_add_char(&program, ' ');
        assert_int_equal(quote_shell(&program, value, NULL), 0);
        str_add_span(&want, value);
        str_add_char(&want, '\0');
    }
    str_add_char(&program, '\n');
    const char *const argv[] = { shell, "-s", NULL };
    assert_int_equal(spawn_collect(argv, str_span(&program), &got), 0);
    assert_int_equal(got.len, want.len);
    assert_memory_equal(got.buf, want.buf, want.len);
}

static void random_bytes_come_through_every_shell(void **state)
{
    (void)state;
    static const char *const shells[] = { "dash", "bash", "zsh", "ksh", "mksh", "yash" };
    srand(42);
    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        for (int round = 0; round < 3 && spawn_has(shells[i]); round++)
            round_trip(shells[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_form_always),
        cmocka_unit_test(nul_is_refused_and_adds_nothing),
        cmocka_unit_test(random_bytes_come_through_every_shell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
