#include "text/needles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static struct needles needles;

static size_t all_of(struct span text, size_t places[], size_t max)
{
    size_t count = 0, word;
    for (size_t at = 0; count < max && needles_next(&needles, text, &at, &word); at++)
        places[count++] = at * 16 + word;
    return count;
}

static void words_are_found_in_order_the_first_of_the_list_where_two_fit(void **state)
{
    (void)state;
    static const char *const words[] = { "abc", "ab", "cd" };
    size_t places[8];
    needles_init(&needles, words, 3);
    assert_int_equal(all_of(SPAN_LIT("xxabxabcd"), places, 8), 3);
    assert_int_equal(places[0], 2 * 16 + 1);
    assert_int_equal(places[1], 5 * 16 + 0);
    assert_int_equal(places[2], 7 * 16 + 2);
}

static void a_word_fills_the_text_or_does_not_fit_it(void **state)
{
    (void)state;
    static const char *const words[] = { "Killed", "longer than that" };
    size_t places[2];
    needles_init(&needles, words, 2);
    assert_int_equal(all_of(SPAN_LIT("Killed"), places, 2), 1);
    assert_int_equal(all_of(SPAN_LIT("Kille"), places, 2), 0);
    assert_int_equal(all_of((struct span){ 0 }, places, 2), 0);
    assert_int_equal(all_of(SPAN_LIT("......longer than tha"), places, 2), 0);
}

/* Against the plain way, over texts of few letters, where everything nearly fits. */
static void nothing_is_jumped_over(void **state)
{
    (void)state;
    static const char *const words[] = { "abca", "bcab", "aabb", "cabcabca", "bbbbb" };
    uint32_t seed = 12345;
    char text[64];
    needles_init(&needles, words, 5);
    for (int round = 0; round < 20000; round++) {
        size_t places[64], want[64], count = 0;
        for (size_t i = 0; i < sizeof(text); i++)
            text[i] = (char)('a' + (seed = seed * 1664525 + 1013904223) / 0x60000000u);
        struct span whole = { text, sizeof(text) - (size_t)round % 40 };
        for (size_t at = 0; at < whole.len; at++) {
            for (size_t i = 0; i < 5; i++) {
                if (!span_starts(span_skip(whole, at), words[i]))
                    continue;
                want[count++] = at * 16 + i;
                break;
            }
        }
        assert_int_equal(all_of(whole, places, 64), count);
        assert_memory_equal(places, want, count * sizeof(*want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_found_in_order_the_first_of_the_list_where_two_fit),
        cmocka_unit_test(a_word_fills_the_text_or_does_not_fit_it),
        cmocka_unit_test(nothing_is_jumped_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
