#include "text/glob.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

static void patterns_match_as_in_gitignore(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *path;
        bool is_dir, want;
    } rows[] = {
        { "*.pt", "a.pt", false, true },
        { "*.pt", "x/y/a.pt", false, true },
        { "*.pt", "a.pth", false, false },
        { "/a", "a", false, true },
        { "/a", "x/a", false, false },
        { "x/a", "x/a", false, true },
        { "x/a", "z/x/a", false, false },
        { "data/", "data", true, true },
        { "data/", "data", false, false },
        { "data/", "x/data", true, true },
        { "**/foo", "foo", false, true },
        { "**/foo", "a/b/foo", false, true },
        { "a/**", "a/b/c", false, true },
        { "a/**", "a", true, false },
        { "a/**/b", "a/b", false, true },
        { "a/**/b", "a/x/y/b", false, true },
        { "a/**/b", "a/x/y/c", false, false },
        { "a/*/b", "a/x/y/b", false, false },
        { "a*b*c", "aXbYbc", false, true },
        { "a?c", "abc", false, true },
        { "a?c",
          "a\xc3\xa9"
          "c",
          false, true },
        { "a/?", "a//", false, false },
        { "[a-c]x", "bx", false, true },
        { "[!a-c]x", "bx", false, false },
        { "[]]", "]", false, true },
        { "[a", "[a", false, true },
        { "[^a-c]x", "dx", false, true },
        { "\\*", "*", false, true },
        { "\\*", "a", false, false },
        { "a**b", "axxb", false, true },
        { "*", ".hidden", false, true },
        { "", "a", false, false },
        { "/", "a", true, false },
        { "**", "a/b", false, true },
        { "a/**/**/b", "a/b", false, true },
        { "[\\]]", "]", false, true },
        { "*/b", "a/b", false, true },
        { "**/a/**/b/**", "x/a/y/b/z", false, true },
        { "\\#x", "#x", false, true },
        { "foo/**/", "foo/a", true, true },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (glob_match(rows[i].pattern, rows[i].path, rows[i].is_dir) != rows[i].want)
            fail_msg("%s against %s", rows[i].pattern, rows[i].path);
}

static void the_last_match_decides(void **state)
{
    (void)state;
    auto_glob_list struct glob_list list = { 0 };
    assert_int_equal(
        glob_list_add_lines(&list, SPAN_LIT("# weights\n*.pt  \r\n!best.pt\n\ndata/\n!data/keep.txt\n\\!x\n"),
                            NULL),
        0);
    assert_int_equal(list.count, 5);
    assert_true(glob_list_match(&list, "a/last.pt", false));
    assert_false(glob_list_match(&list, "a/best.pt", false));
    assert_true(glob_list_match(&list, "data/keep.txt", false));
    assert_true(glob_list_match(&list, "x/data/y/z", false));
    assert_true(glob_list_match(&list, "!x", false));
    assert_false(glob_list_match(&list, "train.py", false));
}

static void limits_are_errors(void **state)
{
    (void)state;
    auto_glob_list struct glob_list list = { 0 };
    struct err err;
    char *text = mem_zalloc(3000);
    memset(text, 'a', 2999);
    assert_int_equal(glob_list_add_lines(&list, span_of(text), &err), -1);
    assert_int_equal(err.code, ERR_TOO_LARGE);
    mem_clear_str(&text);
    assert_int_equal(glob_list_add(&list, (struct span){ "a\0", 2 }, &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
}

static void hostile_patterns_end_soon(void **state)
{
    (void)state;
    char pattern[1024] = "", path[4096] = "";
    for (size_t i = 0; i + 8 < sizeof(pattern); i += 2)
        memcpy(pattern + i, "*a", 2);
    memset(path, 'a', sizeof(path) - 1);
    path[sizeof(path) - 2] = 'b';
    clock_t start = clock();
    assert_false(glob_match(pattern, path, false));
    for (size_t i = 0; i + 8 < sizeof(pattern); i += 6)
        memcpy(pattern + i, "**/*a/", 6);
    for (size_t i = 1; i < sizeof(path) - 3; i += 2)
        path[i] = '/';
    (void)glob_match(pattern, path, false);
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 1);
}

static void classes_and_escapes_at_their_edges(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *path;
        bool is_match;
    } rows[] = { { "[", "[", true },      { "a[", "ab", false },    { "[ab]", "a", true },
                 { "[ab]", "b", true },   { "[^a]", "b", true },    { "[a-]", "-", true },
                 { "[a-]", "a", true },   { "[a-", "a", false },    { "[\\", "[\\", true },
                 { "[\\]]", "]", true },  { "[a-\\c]", "b", true }, { "[a-c]", "d", false },
                 { "[b-c]", "a", false }, { "[a-\\", "a", false },  { "[a\\", "a", false },
                 { "a\\", "a\\", true },  { "\\a", "a", true },     { "\\a", "b", false },
                 { "a*", "a", true },     { "a**", "a", true },     { "a", "ab", false },
                 { "a*b", "ac", false },  { "?", "\xff", true },    { "", "a", false },
                 { "a", "", false },      { "/", "a", false } };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (glob_match(rows[i].pattern, rows[i].path, false) != rows[i].is_match)
            fail_msg("%s against %s", rows[i].pattern, rows[i].path);
}

static void so_many_patterns_and_no_more(void **state)
{
    (void)state;
    auto_glob_list struct glob_list list = { 0 };
    struct err err;
    assert_false(glob_list_match(&list, "x", false));                    /* there is none yet */
    assert_int_equal(glob_list_add(&list, (struct span){ 0 }, NULL), 0); /* matches nothing */
    for (int i = 1; i < MAX_GLOB_PATTERNS; i++)
        assert_int_equal(glob_list_add(&list, span_of("x"), NULL), 0);
    assert_int_equal(glob_list_add(&list, span_of("x"), &err), -1);
    assert_int_equal(err.code, ERR_TOO_LARGE);
}

static void blanks_at_the_end_of_a_line_go_but_for_a_kept_one(void **state)
{
    (void)state;
    auto_glob_list struct glob_list list = { 0 };
    assert_int_equal(glob_list_add_lines(&list, span_of("tab\t\r\n \nkept\\ \ncut \n"), NULL), 0);
    assert_true(glob_list_match(&list, "tab", false));
    assert_true(glob_list_match(&list, "kept ", false));
    assert_true(glob_list_match(&list, "cut", false));
    assert_false(glob_list_match(&list, "kept", false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_as_in_gitignore),
        cmocka_unit_test(the_last_match_decides),
        cmocka_unit_test(limits_are_errors),
        cmocka_unit_test(hostile_patterns_end_soon),
        cmocka_unit_test(classes_and_escapes_at_their_edges),
        cmocka_unit_test(so_many_patterns_and_no_more),
        cmocka_unit_test(blanks_at_the_end_of_a_line_go_but_for_a_kept_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
