#include "slurm/row.h"

#include "sample.h"

static void the_first_reject_is_noted_without_control_bytes(void **state)
{
    (void)state;
    size_t rejected = 0;
    char note[ROW_REJECT_BYTES] = "";
    row_reject(&rejected, note, "no job id", span_of("a\x1b[2Jb\nc"));
    row_reject(&rejected, note, "other", span_of("x"));
    assert_int_equal(rejected, 2);
    assert_string_equal(note, "no job id: a?[2Jb?c");
}

static void a_long_text_is_cut(void **state)
{
    (void)state;
    size_t rejected = 0;
    char note[ROW_REJECT_BYTES], text[1000];
    memset(text, 'x', sizeof(text));
    row_reject(&rejected, note, "why", (struct span){ text, sizeof(text) });
    assert_true(strlen(note) < 80);
}

static void only_plain_names_stand_in_a_command(void **state)
{
    (void)state;
    assert_true(row_is_plain_name(span_of("ada.l-2_x@site")));
    assert_false(row_is_plain_name(span_of("")));
    assert_false(row_is_plain_name(span_of("-x")));
    assert_false(row_is_plain_name(span_of("a b")));
    assert_false(row_is_plain_name(span_of("$(id)")));
    assert_false(row_is_plain_name((struct span){ "a\0b", 3 }));
}

static void a_tool_comes_from_path_or_an_absolute_folder(void **state)
{
    (void)state;
    auto_str struct str sh = STR_MAX(100);
    struct err err;
    assert_int_equal(row_add_tool(&sh, NULL, "squeue", &err), 0);
    str_add(&sh, "|");
    assert_int_equal(row_add_tool(&sh, "/opt/slurm/bin", "squeue", &err), 0);
    assert_string_equal(str_text(&sh), "squeue|/opt/slurm/bin/squeue");
    assert_int_equal(row_add_tool(&sh, "bin", "squeue", &err), -1);
    assert_int_equal(row_add_tool(&sh, "/opt/$(id)", "squeue", &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_reject_is_noted_without_control_bytes),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(only_plain_names_stand_in_a_command),
        cmocka_unit_test(a_tool_comes_from_path_or_an_absolute_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
