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

static void names_and_notes_keep_their_limits(void **state)
{
    (void)state;
    char name[130], why[300], note[ROW_REJECT_BYTES];
    size_t rejected = 0;
    memset(name, 'a', sizeof(name));
    memset(why, 'w', sizeof(why));
    why[sizeof(why) - 1] = '\0';
    assert_true(row_is_plain_name((struct span){ name, 128 }));
    assert_false(row_is_plain_name((struct span){ name, 129 }));
    assert_false(row_is_plain_name(span_of("a{b")));
    assert_false(row_is_plain_name(span_of("a[b")));
    row_reject(&rejected, note, why, span_of("text"));
    assert_int_equal(strlen(note), ROW_REJECT_BYTES - 1);
    why[ROW_REJECT_BYTES - 5] = '\0';
    rejected = 0;
    row_reject(&rejected, note, why, span_of("text")); /* it fills what is left */
    assert_true(span_ends(span_of(note), "w: te"));
}

static void an_empty_folder_is_none(void **state)
{
    (void)state;
    auto_str struct str sh = STR_MAX(100);
    assert_int_equal(row_add_tool(&sh, "", "squeue", NULL), 0);
    assert_string_equal(str_text(&sh), "squeue");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_reject_is_noted_without_control_bytes),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(only_plain_names_stand_in_a_command),
        cmocka_unit_test(a_tool_comes_from_path_or_an_absolute_folder),
        cmocka_unit_test(names_and_notes_keep_their_limits),
        cmocka_unit_test(an_empty_folder_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
