#include "unit/api/cm.h"

#include "api/target.h"
#include "base/mem.h"
#include "base/str.h"

static int parse(const char *raw, const char *base, struct target *target)
{
    *target = (struct target){ 0 };
    return target_parse(span_of(raw), base, target, NULL);
}

static void splits_path_and_parameters(void **state)
{
    (void)state;
    struct target target;
    assert_int_equal(parse("/api/v1/jobs?filter=state%3Afailed+x&limit=5&flag&empty=&&", "", &target), 0);
    assert_string_equal(target.path, "/api/v1/jobs");
    assert_string_equal(target_query(&target, "filter"), "state:failed x");
    assert_string_equal(target_query(&target, "limit"), "5");
    assert_string_equal(target_query(&target, "flag"), "");
    assert_string_equal(target_query(&target, "empty"), "");
    assert_null(target_query(&target, "other"));
    assert_int_equal(target.pair_count, 4);
    target_clear(&target);
    target_clear(&target);
}

static void decodes_names_in_paths(void **state)
{
    (void)state;
    struct target target;
    assert_int_equal(parse("/p/r%C3%A9sum%c3%a9%20x+y", "", &target), 0);
    assert_string_equal(target.path, "/p/r\xc3\xa9sum\xc3\xa9 x+y");
    target_clear(&target);
}

static void takes_the_base_path_off(void **state)
{
    (void)state;
    struct target target;
    static const char *const raw[] = { "/gate/x", "/x" };
    for (size_t i = 0; i < ARRAY_LEN(raw); i++) {
        assert_int_equal(parse(raw[i], "/gate", &target), 0);
        assert_string_equal(target.path, "/x");
        target_clear(&target);
    }
    assert_int_equal(parse("/gate?a=1", "/gate", &target), 0);
    assert_string_equal(target.path, "/");
    target_clear(&target);
}

static void refuses_what_could_be_read_two_ways(void **state)
{
    (void)state;
    static const char *const raw[] = {
        "",         "x",      "*",        "http://a/", "//",     "/a//b",    "/.",         "/..",
        "/a/../b",  "/%2e",   "/a/%2E./", "/a%2f",     "/a%2Fb", "/%5c",     "/a\\b",      "/%00",
        "/a?b=%00", "/a?%00", "/%",       "/%2",       "/%zz",   "/a?b=%4",  "/a b",       "/a#b",
        "/a\x7f",   "/%0a",   "/\x80",    "/a\tb",     "/%ff",   "/a?b=%ff", "/a?b=1&b=2", "/gate/..",
    };
    struct target target;
    for (size_t i = 0; i < ARRAY_LEN(raw); i++)
        if (parse(raw[i], "/gate", &target) == 0)
            fail_msg("taken: %s", raw[i]);
}

static void bounds_length_and_count(void **state)
{
    (void)state;
    struct target target;
    auto_str struct str raw = STR_MAX(20000);
    str_add_char(&raw, '/');
    for (int i = 0; i < MAX_TARGET_BYTES; i++)
        str_add_char(&raw, 'a');
    assert_int_equal(parse(str_text(&raw), "", &target), -1);
    str_cut(&raw, MAX_TARGET_BYTES);
    assert_int_equal(parse(str_text(&raw), "", &target), 0);
    target_clear(&target);
    str_clear(&raw);
    str_add(&raw, "/?");
    for (int i = 0; i <= TARGET_MAX_PAIRS; i++)
        str_addf(&raw, "p%d=1&", i);
    assert_int_equal(parse(str_text(&raw), "", &target), -1);
}

static void matches_patterns(void **state)
{
    (void)state;
    struct span params[2];
    assert_true(target_match("/api/v1/jobs/{job}/log", "/api/v1/jobs/last/log", params, 2));
    assert_true(span_is(params[0], "last"));
    assert_true(target_match("/a/{x}", "/a/b:c", params, 2));
    assert_false(target_match("/a/{x}", "/a/", params, 2));
    assert_false(target_match("/a/{x}", "/a/b/c", params, 2));
    assert_false(target_match("/a", "/ab", params, 2));
    assert_false(target_match("/ab", "/a", params, 2));
    assert_false(target_match("/{a}/{b}/{c}", "/1/2/3", params, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_path_and_parameters), cmocka_unit_test(decodes_names_in_paths),
        cmocka_unit_test(takes_the_base_path_off),    cmocka_unit_test(refuses_what_could_be_read_two_ways),
        cmocka_unit_test(bounds_length_and_count),    cmocka_unit_test(matches_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
