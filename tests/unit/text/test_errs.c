#include "text/errs.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void lines_name_place_path_and_hint(void **state)
{
    (void)state;
    auto_errs struct errs errs = { 0 };
    auto_str struct str text = STR_MAX(4096);
    errs_add(&errs, &(struct errs_item){ .file = "c.yaml",
                                         .line = 3,
                                         .col = 5,
                                         .path = "clusters[0].host",
                                         .text = "wrong",
                                         .hint = "did you mean right?" });
    errs_addf(&errs, &(struct errs_item){ .path = "a" }, "%d is too many", 7);
    errs_addf(&errs, &(struct errs_item){ .file = "c.yaml" }, "empty");
    errs_text(&errs, &text);
    assert_string_equal(str_text(&text), "c.yaml:3:5: clusters[0].host: wrong (did you mean right?)\n"
                                         "a: 7 is too many\nc.yaml: empty\n");
    str_cut(&text, 0);
    errs_line(&errs, &text);
    assert_string_equal(str_text(&text), "c.yaml:3:5: clusters[0].host: wrong (did you mean right?); "
                                         "a: 7 is too many; c.yaml: empty");
    assert_int_equal(errs.items[0].code, ERR_INVALID);
}

static void only_so_many_are_kept(void **state)
{
    (void)state;
    auto_errs struct errs errs = { 0 };
    for (int i = 0; i < MAX_CONFIG_ERRORS + 3; i++)
        errs_addf(&errs, &(struct errs_item){ .line = 1 }, "e%d", i);
    assert_int_equal(errs.count, MAX_CONFIG_ERRORS);
    assert_int_equal(errs.more, 3);
    auto_str struct str text = STR_MAX(8192);
    errs_text(&errs, &text);
    assert_true(span_ends(str_span(&text), "and 3 more\n"));
    str_cut(&text, 0);
    errs_line(&errs, &text);
    assert_true(span_ends(str_span(&text), "; and 3 more"));
    struct err err;
    errs_first(&errs, &err);
    assert_string_equal(err.text, "1:0: e0 (and 52 more)");
}

static void sort_is_by_position_and_stable(void **state)
{
    (void)state;
    auto_errs struct errs errs = { 0 };
    errs_add(&errs, &(struct errs_item){ .line = 2, .col = 1, .text = "c" });
    errs_add(&errs, &(struct errs_item){ .line = 1, .col = 9, .text = "a" });
    errs_add(&errs, &(struct errs_item){ .line = 1, .col = 9, .text = "b" });
    errs_sort(&errs);
    assert_string_equal(errs.items[0].text, "a");
    assert_string_equal(errs.items[1].text, "b");
    assert_string_equal(errs.items[2].text, "c");
}

static void pointer_escapes_what_rfc6901_says(void **state)
{
    (void)state;
    auto_str struct str dotted = STR_MAX(100), pointer = STR_MAX(100);
    errs_path_key(&dotted, &pointer, "a/b~");
    errs_path_index(&dotted, &pointer, 3);
    errs_path_key(&dotted, &pointer, "c");
    assert_string_equal(str_text(&dotted), "a/b~[3].c");
    assert_string_equal(str_text(&pointer), "/a~1b~0/3/c");
}

static void a_list_without_a_reason_says_so(void **state)
{
    (void)state;
    auto_errs struct errs errs = { 0 };
    struct err err;
    assert_int_equal(errs_first(&errs, &err), -1);
    assert_int_equal(err.code, ERR_INTERNAL);
    assert_int_equal(errs_add(&errs, &(struct errs_item){ .code = ERR_INVALID }), -1);
    assert_string_equal(errs.items[0].text, "");
    assert_int_equal(errs_first(&errs, &err), -1);
    assert_null(strstr(err.text, "more"));
    assert_int_equal(errs_add(NULL, &(struct errs_item){ .code = ERR_INVALID }), -1);
}

static void either_path_may_be_unwanted(void **state)
{
    (void)state;
    auto_str struct str dotted = STR_MAX(100), pointer = STR_MAX(100);
    errs_path_key(&dotted, NULL, "a");
    errs_path_index(&dotted, NULL, 3);
    errs_path_key(NULL, &pointer, "a");
    errs_path_index(NULL, &pointer, 3);
    assert_string_equal(str_text(&dotted), "a[3]");
    assert_string_equal(str_text(&pointer), "/a/3");
}

static void files_come_before_lines(void **state)
{
    (void)state;
    auto_errs struct errs errs = { 0 };
    errs_add(&errs, &(struct errs_item){ .code = ERR_INVALID, .file = "b", .line = 1, .text = "third" });
    errs_add(&errs, &(struct errs_item){ .code = ERR_INVALID, .file = "a", .line = 9, .text = "second" });
    errs_add(&errs, &(struct errs_item){ .code = ERR_INVALID, .line = 20, .text = "first" });
    errs_sort(&errs);
    assert_string_equal(errs.items[0].text, "first");
    assert_string_equal(errs.items[1].text, "second");
    assert_string_equal(errs.items[2].text, "third");
}

static void a_fault_lies_within_what_holds_it(void **state)
{
    (void)state;
    auto_errs struct errs errs = { 0 };
    assert_false(errs_within(&errs, "a"));
    errs_add(&errs, &(struct errs_item){ .path = "a.b[1].c", .text = "x" });
    errs_add(&errs, &(struct errs_item){ .text = "of the whole" });
    assert_true(errs_within(&errs, "a"));
    assert_true(errs_within(&errs, "a.b"));
    assert_true(errs_within(&errs, "a.b[1].c"));
    assert_false(errs_within(&errs, "a.b[1].cd"));
    assert_false(errs_within(&errs, "a.bc"));
    assert_false(errs_within(&errs, "a.b[1")); /* a part of a name is none */
    assert_false(errs_within(&errs, "b"));
    errs.more = 1; /* who knows */
    assert_true(errs_within(&errs, "b"));
    assert_true(errs_within(NULL, "b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_name_place_path_and_hint),
        cmocka_unit_test(only_so_many_are_kept),
        cmocka_unit_test(sort_is_by_position_and_stable),
        cmocka_unit_test(pointer_escapes_what_rfc6901_says),
        cmocka_unit_test(a_list_without_a_reason_says_so),
        cmocka_unit_test(either_path_may_be_unwanted),
        cmocka_unit_test(files_come_before_lines),
        cmocka_unit_test(a_fault_lies_within_what_holds_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
