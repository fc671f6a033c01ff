#include "base/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void tokens_are_valid_distinct_and_sort_by_time(void **state)
{
    (void)state;
    struct token before = token_new(0);
    for (int64_t us = 1000; us < INT64_C(4000000000000000); us = us * 3 + 1000) {
        struct token token = token_new(us);
        assert_int_equal(strlen(token.text), TOKEN_CHARS);
        assert_true(token_is_valid(span_of(token.text)));
        assert_true(strcmp(before.text, token.text) < 0);
        before = token;
    }
    assert_string_not_equal(token_new(5).text, token_new(5).text);
}

static void what_is_no_token(void **state)
{
    (void)state;
    struct token token = token_new(1);
    char text[TOKEN_CHARS + 2];
    assert_false(token_is_valid(span_of("")));
    assert_false(token_is_valid(span_head(span_of(token.text), TOKEN_CHARS - 1)));
    (void)snprintf(text, sizeof(text), "%sx", token.text);
    assert_false(token_is_valid(span_of(text)));
    static const char wrong[] = "iluoA -\n";
    for (size_t i = 0; i < sizeof(wrong) - 1; i++) {
        (void)snprintf(text, sizeof(text), "%s", token.text);
        text[10] = wrong[i];
        assert_false(token_is_valid(span_of(text)));
    }
    (void)snprintf(text, sizeof(text), "%s", token.text);
    text[2] = '8'; /* more than 128 bits */
    assert_false(token_is_valid(span_of(text)));
}

static void tokens_are_found_as_whole_words(void **state)
{
    (void)state;
    struct token token = token_new(1);
    char text[200];
    (void)snprintf(text, sizeof(text), "/home/u/runs/%s/script.sh", token.text);
    assert_true(span_is(token_find(span_of(text)), token.text));
    (void)snprintf(text, sizeof(text), "x%s %sx a_%s", token.text, token.text, token.text);
    assert_int_equal(token_find(span_of(text)).len, 0);
    (void)snprintf(text, sizeof(text), "jx jx%s", token.text);
    assert_int_equal(token_find(span_of(text)).len, 0);
    assert_true(span_is(token_find(span_of(token.text)), token.text));
    assert_int_equal(token_find(span_of("")).len, 0);
}

static void nonces_are_hex_and_distinct(void **state)
{
    (void)state;
    struct nonce a = nonce_new(), b = nonce_new();
    assert_int_equal(strspn(a.text, "0123456789abcdef"), NONCE_CHARS);
    assert_int_equal(strlen(a.text), NONCE_CHARS);
    assert_string_not_equal(a.text, b.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_valid_distinct_and_sort_by_time),
        cmocka_unit_test(what_is_no_token),
        cmocka_unit_test(tokens_are_found_as_whole_words),
        cmocka_unit_test(nonces_are_hex_and_distinct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
