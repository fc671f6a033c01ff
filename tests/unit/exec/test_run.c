#include "exec/run_shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static struct run make_run(bool urgent)
{
    struct run run = { 0 };
    struct err err = { 0 };
    struct run_request request = { .what = "test",
                                   .nonce = nonce_new(),
                                   .program = SPAN_LIT("true"),
                                   .stream_fd = -1,
                                   .max_output_bytes = 1000,
                                   .urgent = urgent };
    assert_int_equal(run_init(&run, &request, &(struct run_place){ 0 }, &clock_real, &err), 0);
    return run;
}

static void the_end_mark_is_found_however_the_answer_is_sliced(void **state)
{
    (void)state;
    for (size_t slice = 1; slice < 60; slice++) {
        struct run run = make_run(false);
        auto_str struct str answer = STR_MAX(1000);
        str_addf(&answer, "noise %s END 0\n\n%s BEGIN\n\n%s END 0\n", run.nonce.text, run.nonce.text,
                 run.nonce.text);
        size_t at = 0;
        for (; at < answer.len; at += slice) {
            assert_false(run_has_answer(&run));
            run_add_output(&run, span_head(span_skip(str_span(&answer), at), slice));
        }
        assert_true(run_has_answer(&run));
        run_clear(&run);
    }
}

static void urgent_runs_go_before_the_others_and_keep_their_order(void **state)
{
    (void)state;
    struct run runs[5], *queue = NULL;
    for (size_t i = 0; i < 5; i++) {
        runs[i] = make_run(i == 2 || i == 4);
        run_queue_add(&queue, &runs[i]);
    }
    const size_t order[] = { 2, 4, 0, 1, 3 };
    for (size_t i = 0; i < 5; i++) {
        assert_ptr_equal(queue, &runs[order[i]]);
        run_queue_remove(&queue, queue);
    }
    assert_null(queue);
    for (size_t i = 0; i < 5; i++)
        run_clear(&runs[i]);
}

static void output_past_the_ceiling_is_told_error_text_is_cut(void **state)
{
    (void)state;
    struct run run = make_run(false);
    char block[600];
    memset(block, 'x', sizeof(block));
    assert_true(run_add_output(&run, (struct span){ block, 600 }));
    assert_false(run_add_output(&run, (struct span){ block, 600 }));
    for (int i = 0; i < 200; i++)
        run_add_error(&run, (struct span){ block, 600 });
    assert_int_equal(run.err_text.len, run.err_text.max);
    assert_false(run.err_text.failed);
    run_clear(&run);
}

static void on_done(void *ctx, const struct run_result *result)
{
    enum run_end *end = ctx;
    *end = result->end;
    assert_true((result->end == RUN_DONE) == (result->err.code == ERR_NONE));
}

static void only_a_whole_frame_is_done(void **state)
{
    (void)state;
    enum run_end end = RUN_CANCELLED;
    for (int is_whole = 0; is_whole < 2; is_whole++) {
        struct run run = make_run(false);
        run.done = on_done;
        run.ctx = &end;
        str_addf(&run.out, "\n%s BEGIN\n", run.nonce.text);
        if (is_whole)
            str_addf(&run.out, "\n%s END 3\n", run.nonce.text);
        run_finish(&run, RUN_DONE, NULL);
        assert_int_equal(end, is_whole ? RUN_DONE : RUN_CUT);
        run_clear(&run);
    }
}

/* --- a shell of many --- */

static struct run make_shared(void)
{
    struct run run = { 0 };
    struct err err = { 0 };
    struct run_request request = { .what = "test",
                                   .nonce = nonce_new(),
                                   .program = SPAN_LIT("true"),
                                   .stream_fd = -1,
                                   .max_output_bytes = 1000 };
    assert_int_equal(
        run_init(&run, &request, &(struct run_place){ .shares_shells = true }, &clock_real, &err), 0);
    assert_true(run.is_shared);
    return run;
}

static void says(struct run_shell *shell, enum run_shell_stream stream, struct run *run, const char *format)
{
    auto_str struct str text = STR_MAX(1000);
    for (const char *c = format; *c; c++) /* "@" is the run's nonce */
        str_add_span(&text, *c == '@' ? span_of(run->nonce.text) : (struct span){ c, 1 });
    assert_int_equal(run_shell_add(shell, stream, run, str_span(&text), NULL), 0);
}

static void a_shell_is_free_when_both_streams_said_so(void **state)
{
    (void)state;
    struct run_shell shell = { .since_ms = 1000 };
    struct run run = make_shared(), next = make_shared();
    run_shell_give(&shell, &run);
    assert_false(run_shell_is_over(&shell));
    says(&shell, RUN_SHELL_OUT, &run, "\n@ BEGIN\n\n@ END 0\n\n@ NEXT 3\n");
    assert_true(run_has_answer(&run));
    assert_false(run_shell_is_over(&shell) || run_shell_may_go_on(&shell, 1000));
    says(&shell, RUN_SHELL_ERR, &run, "late words\n@ NEXT 3\n");
    assert_true(run_shell_is_over(&shell) && run_shell_may_go_on(&shell, 1000));
    struct err err;
    run_shell_why(&shell, &run, &err);
    assert_string_equal(err.text, "test ended with status 3 and without its end mark: late words");
    run_shell_give(&shell, &next); /* the mark of the one before does not count for it */
    says(&shell, RUN_SHELL_OUT, &run, "\n@ NEXT 0\n");
    says(&shell, RUN_SHELL_ERR, &run, "\n@ NEXT 0\n");
    assert_false(run_shell_is_over(&shell));
    run_clear(&run);
    run_clear(&next);
}

static void bytes_that_belong_to_no_run_end_a_shell(void **state)
{
    (void)state;
    for (int stream = RUN_SHELL_OUT; stream < RUN_SHELL_STREAMS; stream++) {
        struct run_shell shell = { 0 };
        struct run run = make_shared();
        run_shell_give(&shell, &run);
        says(&shell, RUN_SHELL_OUT, &run, "\n@ BEGIN\n\n@ END 0\n\n@ NEXT 0\n");
        says(&shell, RUN_SHELL_ERR, &run, "\n@ NEXT 0\n");
        assert_true(run_shell_may_go_on(&shell, 0));
        assert_int_equal(run_shell_add(&shell, (enum run_shell_stream)stream, NULL, SPAN_LIT("x"), NULL), 0);
        assert_true(run_shell_is_odd(&shell));
        assert_false(run_shell_may_go_on(&shell, 0));
        run_clear(&run);
    }
}

static void a_shell_is_renewed_by_age_and_by_number(void **state)
{
    (void)state;
    struct run_shell shell = { .since_ms = 5000 };
    struct run run = make_shared();
    do {
        str_cut(&run.out, 0);
        run_shell_give(&shell, &run);
        says(&shell, RUN_SHELL_OUT, &run, "\n@ NEXT 0\n");
        says(&shell, RUN_SHELL_ERR, &run, "\n@ NEXT 0\n");
    } while (run_shell_may_go_on(&shell, 5000) && shell.given < 1000);
    assert_in_range(shell.given, 50, 500);
    shell.given = 1;
    assert_true(run_shell_may_go_on(&shell, 5000));
    assert_false(run_shell_may_go_on(&shell, 5000 + (int64_t)24 * 3600 * 1000));
    run_clear(&run);
}

static void keep_errors(void *ctx, const struct run_result *result)
{
    str_add_span(ctx, result->err_text);
}

static void the_mark_of_a_shell_is_no_complaint_even_in_part(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < 30; cut++) {
        auto_str struct str errors = STR_MAX(1000), text = STR_MAX(1000);
        struct run run = make_shared();
        run.done = keep_errors;
        run.ctx = &errors;
        str_addf(&text, "warning\n%s NEXT 0\n", run.nonce.text);
        run_add_error(&run, span_head(str_span(&text), text.len - cut));
        run_finish(&run, RUN_DONE, NULL);
        assert_string_equal(str_text(&errors), "warning");
        run_clear(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shell_is_free_when_both_streams_said_so),
        cmocka_unit_test(bytes_that_belong_to_no_run_end_a_shell),
        cmocka_unit_test(a_shell_is_renewed_by_age_and_by_number),
        cmocka_unit_test(the_mark_of_a_shell_is_no_complaint_even_in_part),
        cmocka_unit_test(the_end_mark_is_found_however_the_answer_is_sliced),
        cmocka_unit_test(urgent_runs_go_before_the_others_and_keep_their_order),
        cmocka_unit_test(output_past_the_ceiling_is_told_error_text_is_cut),
        cmocka_unit_test(only_a_whole_frame_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
