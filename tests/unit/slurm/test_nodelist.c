#include "slurm/nodelist.h"

#include "sample.h"

static void write_names(struct str *to, const struct nodelist *list)
{
    for (size_t i = 0; i < list->count; i++)
        str_addf(to, "%s%s", i ? " " : "", list->names[i]);
}

static void lists_expand_in_their_order(void **state)
{
    (void)state;
    static const struct {
        const char *text, *names;
    } rows[] = {
        { "n[1-3,07]-x,gpu05", "n1-x n2-x n3-x n07-x gpu05" },
        { "cpu[08-11]", "cpu08 cpu09 cpu10 cpu11" },
        { "r[1-2]n[1-2]", "r1n1 r1n2 r2n1 r2n2" },
        { "login", "login" },
        { "a.b_c-9", "a.b_c-9" },
        { "", "" },
        { "(null)", "" },
        { "None assigned", "" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_nodelist struct nodelist list = { 0 };
        auto_str struct str names = STR_MAX(1000);
        assert_int_equal(nodelist_expand(span_of(rows[i].text), &list, NULL), 0);
        write_names(&names, &list);
        assert_string_equal(str_text(&names), rows[i].names);
    }
}

static void compressing_gives_the_shortest_text_that_expands_back(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shorter;
    } rows[] = {
        { "n1-x,n2-x,n3-x,n07-x,gpu05", "n[1-3,07]-x,gpu05" },
        { "cpu08,cpu09,cpu10,cpu11", "cpu[08-11]" },
        { "n9,n10", "n[9-10]" },
        { "n09,n010", "n[09,010]" },
        { "a,b", "a,b" },
        { "n1", "n1" },
        { "", "" },
        { "g[0001-0021,0035],h0001", "g[0001-0021,0035],h0001" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_nodelist struct nodelist list = { 0 }, again = { 0 };
        auto_str struct str shorter = STR_MAX(1000), first = STR_MAX(10000), second = STR_MAX(10000);
        assert_int_equal(nodelist_expand(span_of(rows[i].text), &list, NULL), 0);
        nodelist_compress(&list, &shorter);
        assert_string_equal(str_text(&shorter), rows[i].shorter);
        assert_int_equal(nodelist_expand(str_span(&shorter), &again, NULL), 0);
        write_names(&first, &list);
        write_names(&second, &again);
        assert_string_equal(str_text(&first), str_text(&second));
    }
}

static void what_is_no_list_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = { "n[1-3",
                                        "n[]",
                                        "n[3-1]",
                                        "n[a]",
                                        "n]1[",
                                        "a b",
                                        "a;id",
                                        ",a",
                                        "none,",
                                        "a,,b",
                                        "n[1234567890123456789]",
                                        "n[1-1234567890123456789]",
                                        "n]1[2]",
                                        "n[1][1][1][1][1]",
                                        "n[1-2][1]x[1",
                                        "n[[1]]",
                                        "n[1-99999999999999999999]",
                                        "a\nb",
                                        "n[1,]x[" };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct nodelist list = { 0 };
        struct err err;
        if (nodelist_expand(span_of(rows[i]), &list, &err) == 0)
            fail_msg("'%s' was expanded", rows[i]);
        assert_int_equal(err.code, ERR_INVALID);
        assert_null(list.names);
    }
}

static void a_list_without_end_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = { "n[0-65536]", "n[0-999]x[0-999]",
                                        "n[0-9999]x[0-9999]y[0-9999]z[0-9999]",
                                        "a2345678901234567890123456789012345678901234567890123456789012345678"
                                        "901234567890123456789012345678901234567890"
                                        "a2345678901234567890123456789012345678901234567890123456789012345678"
                                        "901234567890123456789012345678901234567890"
                                        "a2345678901234567890123456789012345678901234567890" };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct nodelist list = { 0 };
        struct err err;
        assert_int_equal(nodelist_expand(span_of(rows[i]), &list, &err), -1);
        assert_int_equal(err.code, ERR_TOO_LARGE);
    }
}

static void read_any(struct span text)
{
    auto_nodelist struct nodelist list = { 0 };
    auto_str struct str out = STR_MAX(1024 * 1024);
    if (nodelist_expand(text, &list, NULL) == 0)
        nodelist_compress(&list, &out);
}

static void any_bytes_are_safe(void **state)
{
    (void)state;
    sample_torture(SPAN_LIT("n[1-3,07]-x,gpu05,r[1-2]n[1-2]"), 3000, read_any);
}

static void families_differ_in_head_or_tail(void **state)
{
    (void)state;
    static const char *const same[] = { "n1a,n2b", "n1a,m2a",
                                        "x1234567890123456789012,x1234567890123456789013", "n09,n11", "a,b" };
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        auto_nodelist struct nodelist list = { 0 }, again = { 0 };
        auto_str struct str out = STR_MAX(1000), first = STR_MAX(1000), second = STR_MAX(1000);
        assert_int_equal(nodelist_expand(span_of(same[i]), &list, NULL), 0);
        nodelist_compress(&list, &out);
        assert_int_equal(nodelist_expand(str_span(&out), &again, NULL), 0);
        write_names(&first, &list);
        write_names(&second, &again);
        assert_string_equal(str_text(&first), str_text(&second));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_expand_in_their_order),
        cmocka_unit_test(compressing_gives_the_shortest_text_that_expands_back),
        cmocka_unit_test(what_is_no_list_is_refused),
        cmocka_unit_test(a_list_without_end_is_refused),
        cmocka_unit_test(any_bytes_are_safe),
        cmocka_unit_test(families_differ_in_head_or_tail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
