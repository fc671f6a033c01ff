#include "exec/run.h"

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
    assert_int_equal(run_init(&run, &request, false, &clock_real, &err), 0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_mark_is_found_however_the_answer_is_sliced),
        cmocka_unit_test(urgent_runs_go_before_the_others_and_keep_their_order),
        cmocka_unit_test(output_past_the_ceiling_is_told_error_text_is_cut),
        cmocka_unit_test(only_a_whole_frame_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
