#include "text/regex.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static struct regex *compiled(const char *pattern)
{
    struct regex *regex = NULL;
    struct err err;
    if (regex_compile(span_of(pattern), &regex, &err) < 0)
        fail_msg("%s", err.text);
    return regex;
}

static void groups_are_found_by_name(void **state)
{
    (void)state;
    struct regex *regex = compiled("loss=(?<loss>\\S+)(?: acc=(?<acc>\\S+))?");
    struct regex_match match;
    assert_int_equal(regex_group_count(regex), 2);
    assert_int_equal(regex_group(regex, "acc"), 2);
    assert_int_equal(regex_group(regex, "none"), 0);
    assert_string_equal(regex_group_name(regex, 1), "loss");
    assert_true(regex_match(regex, SPAN_LIT("x loss=0.5 y"), 0, &match));
    assert_true(span_is(match.groups[1], "0.5"));
    assert_int_equal(match.groups[2].len, 0);
    assert_false(regex_match(regex, SPAN_LIT("x loss=0.5 y"), match.end, &match));
    regex_free(regex);
}

static void an_empty_match_goes_on(void **state)
{
    (void)state;
    struct regex *regex = compiled("x*");
    struct regex_match match;
    size_t at = 0, count = 0;
    while (regex_match(regex, SPAN_LIT("abc"), at, &match)) {
        at = match.end;
        count++;
    }
    assert_int_equal(count, 4);
    regex_free(regex);
}

static void what_is_wrong_is_said_with_its_place(void **state)
{
    (void)state;
    static const char *const wrong[] = { "", "(", "a{2", "[", "(?<n>", "\\C", "(?<a>x)(?<a>y)" };
    struct err err;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct regex *regex = NULL;
        int rc = regex_compile(span_of(wrong[i]), &regex, &err);
        if (strcmp(wrong[i], "a{2") == 0) { /* literal to PCRE2 */
            assert_int_equal(rc, 0);
            regex_free(regex);
            continue;
        }
        assert_int_equal(rc, -1);
        assert_null(regex);
    }
    assert_int_equal(regex_compile(SPAN_LIT("ab(c"), &(struct regex *){ NULL }, &err), -1);
    assert_non_null(strstr(err.text, "at character 5"));
    char *unended = mem_dup_bytes("ab(c", 4); /* a span need not end in NUL */
    char *tight = realloc(unended, 4);
    assert_non_null(tight);
    assert_int_equal(regex_compile((struct span){ tight, 4 }, &(struct regex *){ NULL }, &err), -1);
    assert_non_null(strstr(err.text, "\"ab(c\""));
    free(tight);
}

static void sizes_are_bounded(void **state)
{
    (void)state;
    struct regex *regex = NULL;
    auto_str struct str text = STR_MAX(1 << 20);
    for (int i = 0; i < 33; i++)
        str_add(&text, "(a)");
    assert_int_equal(regex_compile(str_span(&text), &regex, NULL), -1);
    str_cut(&text, 96);
    assert_int_equal(regex_compile(str_span(&text), &regex, NULL), 0);
    regex_free(regex);
    str_cut(&text, 0);
    for (int i = 0; i <= MAX_REGEX_BYTES; i++)
        str_add_char(&text, 'a');
    assert_int_equal(regex_compile(str_span(&text), &regex, NULL), -1);
}

/* Exponential without limits: 2^4000 steps. */
static void no_pattern_hangs_the_gateway(void **state)
{
    (void)state;
    struct regex *regex = compiled("^(a+)+(a+)+$");
    char text[4001];
    struct regex_match match;
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = 'b';
    for (int i = 0; i < 100; i++)
        assert_false(regex_match(regex, (struct span){ text, sizeof(text) }, 0, &match));
    assert_true(regex_is_spent(regex));
    assert_false(regex_match(regex, SPAN_LIT("aa"), 0, &match)); /* it has had its chances */
    regex_free(regex);
}

static void bytes_that_are_no_text_do_no_harm(void **state)
{
    (void)state;
    struct regex *regex = compiled("loss (?<loss>\\d+)");
    struct regex_match match;
    assert_true(regex_match(regex, SPAN_LIT("\xff\xfe loss 5 \x80"), 0, &match));
    assert_true(span_is(match.groups[1], "5"));
    assert_false(regex_match(regex, (struct span){ 0 }, 0, &match));
    regex_free(regex);
}

static void only_groups_that_there_are_have_names(void **state)
{
    (void)state;
    struct regex *regex = compiled("(a)|(?<b>b)");
    struct regex_match match;
    assert_null(regex_group_name(regex, 1));
    assert_null(regex_group_name(regex, REGEX_MAX_GROUPS + 1));
    regex_free(NULL);
    assert_true(regex_match(regex, SPAN_LIT("xb"), 0, &match));
    assert_null(match.groups[1].ptr); /* the other way was taken */
    assert_true(span_is(match.groups[2], "b"));
    regex_free(regex);
}

/* \K says where a match begins; called from a look-around even behind its end, or before where it was asked
 * from. */
static void a_match_that_begins_elsewhere_goes_on(void **state)
{
    (void)state;
    static const char *const patterns[] = { "(?=(?1))a(?(DEFINE)(ab\\K))", "(?<=(?1))(?(DEFINE)(\\Ka))" };
    for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
        struct regex *regex = compiled(patterns[i]);
        struct regex_match match;
        size_t at = 0, count = 0;
        for (; regex_match(regex, SPAN_LIT("abab"), at, &match); at = match.end, count++) {
            assert_true(match.end > at);
            assert_true(match.groups[0].len <= 1);
        }
        assert_in_range(count, 2, 4);
        regex_free(regex);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_found_by_name),
        cmocka_unit_test(an_empty_match_goes_on),
        cmocka_unit_test(what_is_wrong_is_said_with_its_place),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(no_pattern_hangs_the_gateway),
        cmocka_unit_test(bytes_that_are_no_text_do_no_harm),
        cmocka_unit_test(only_groups_that_there_are_have_names),
        cmocka_unit_test(a_match_that_begins_elsewhere_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
