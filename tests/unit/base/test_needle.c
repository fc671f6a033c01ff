#include "base/needle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static void it_finds_what_span_find_finds(void **state)
{
    (void)state;
    char text[48], what[6];
    srand(7);
    for (int round = 0; round < 20000; round++) {
        size_t len = (size_t)rand() % sizeof(text), n = 1 + (size_t)rand() % sizeof(what);
        for (size_t i = 0; i < len; i++)
            text[i] = (char)('a' + rand() % 3);
        for (size_t i = 0; i < n; i++)
            what[i] = (char)('a' + rand() % 3);
        struct needle needle;
        struct span in = { text, len }, mark = { what, n };
        needle_init(&needle, mark);
        assert_int_equal(needle_find(&needle, in), span_find(in, mark));
    }
}

static void bytes_of_any_value_are_only_bytes(void **state)
{
    (void)state;
    static const char mark[] = { '\xff', '\0', '\x80' };
    static const char text[] = { '\0', '\xff', '\xff', '\0', '\x80', '\xff' };
    struct needle needle;
    needle_init(&needle, (struct span){ mark, sizeof(mark) });
    assert_int_equal(needle_find(&needle, (struct span){ text, sizeof(text) }), 2);
    assert_int_equal(needle_find(&needle, (struct span){ text, 4 }), 4);
    assert_int_equal(needle_find(&needle, (struct span){ NULL, 0 }), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_finds_what_span_find_finds),
        cmocka_unit_test(bytes_of_any_value_are_only_bytes),
    };
    return cmocka_run_group_tests_name("base/needle", tests, NULL, NULL);
}
