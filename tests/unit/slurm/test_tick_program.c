/* What the poll program may not do, beside what test_tick.c tries. */
#include "slurm/tick.h"

#include "rows.h"
#include "shell.h"

static const struct nonce frame_nonce = { "fedcba98765432100123456789abcdeX" };
static const struct nonce row_nonce = { SAMPLE_NONCE };

static void the_program_leaves_no_file_behind(void **state)
{
    (void)state;
    struct token a = rows_token(1);
    const struct slurm_tick_job jobs[] = { { .id = "27", .token = a.text } };
    struct tick_request request = { .frame = &frame_nonce,
                                    .rows = &row_nonce,
                                    .jobs = jobs,
                                    .job_count = 1,
                                    .recent_window_s = 60,
                                    .has_accounting = true,
                                    .want_queue = true,
                                    .want_nodes = true,
                                    .want_demand = true };
    auto_str struct str program = STR_MAX(100000);
    struct shell shell;
    shell_setup(&shell);
    shell_fake(&shell, "squeue", "exit 0");
    shell_fake(&shell, "sacct", "exit 0");
    shell_fake(&shell, "scontrol", "exit 0");
    assert_int_equal(tick_program(&program, &request, NULL), 0);
    str_add(&program, "echo; ls -A\n");
    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        auto_str struct str out = STR_MAX(100000);
        assert_int_equal(shell_run(&shell, shells[i], str_span(&program), &out), 0);
        const char *listing = strstr(str_text(&out), " END 0\n");
        assert_non_null(listing);
        assert_true(strncmp(listing, " END 0\n\nbin\nprogram", 19) == 0);
        assert_null(strstr(listing, "tmp"));
    }
    shell_teardown(&shell);
}

static void the_sections_can_stand_in_a_frame_with_others(void **state)
{
    (void)state;
    struct tick_request request = { .frame = &frame_nonce, .rows = &row_nonce };
    auto_str struct str program = STR_MAX(100000);
    assert_int_equal(tick_add_sections(&program, &request, NULL), 0);
    assert_false(span_has(str_span(&program), frame_nonce.text));
    assert_false(span_has(str_span(&program), "squeue"));
}

static void a_program_over_its_ceiling_is_an_error(void **state)
{
    (void)state;
    struct token a = rows_token(1);
    const struct slurm_tick_job jobs[] = { { .id = "27", .token = a.text } };
    struct tick_request request = {
        .frame = &frame_nonce, .rows = &row_nonce, .jobs = jobs, .job_count = 1, .want_queue = true
    };
    auto_str struct str program = STR_MAX(500);
    struct err err;
    assert_int_equal(tick_program(&program, &request, &err), -1);
    assert_int_equal(err.code, ERR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_program_leaves_no_file_behind),
        cmocka_unit_test(the_sections_can_stand_in_a_frame_with_others),
        cmocka_unit_test(a_program_over_its_ceiling_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
