#include "exec/transport_local.h"

#include "base/mem.h"
#include "io/file.h"
#include "support/runs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static struct loop *loop;
static struct transport *t;

static int open_all(void **state)
{
    (void)state;
    loop = loop_new();
    t = transport_local_new(&(struct local_options){ .loop = loop, .clock = &clock_real, .max_children = 3 });
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    transport_free(t);
    loop_free(loop);
    return 0;
}

static void output_comes_back_byte_for_byte_with_its_status(void **state)
{
    (void)state;
    struct answer a = runs_one(loop, t, "printf 'a\\0b\\n\\nc'; echo noise >&2; exit 5");
    assert_int_equal(a.end, RUN_DONE);
    assert_int_equal(a.rc, 5);
    assert_int_equal(a.len, 6);
    assert_memory_equal(a.text, "a\0b\n\nc", 6);
    assert_string_equal(a.err_text, "noise\n");
    runs_clear(&a);
}

static void no_end_mark_is_no_information(void **state)
{
    (void)state;
    struct answer a = runs_one(loop, t, "echo half; kill -9 $$");
    assert_int_equal(a.end, RUN_CUT);
    assert_int_equal(a.err.code, ERR_IO);
    runs_clear(&a);
}

static void many_runs_share_a_few_children(void **state)
{
    (void)state;
    struct answer a[20] = { { 0 } };
    for (size_t i = 0; i < ARRAY_LEN(a); i++)
        runs_start(t, &a[i], "echo x; sleep 0.01");
    bool is_bounded = true;
    while (!a[19].calls) {
        struct transport_status status;
        transport_status(t, &status);
        is_bounded = is_bounded && status.channels <= 3;
        loop_step(loop);
    }
    runs_wait(loop, a, ARRAY_LEN(a));
    assert_true(is_bounded);
    for (size_t i = 0; i < ARRAY_LEN(a); i++) {
        assert_int_equal(a[i].end, RUN_DONE);
        runs_clear(&a[i]);
    }
}

static void a_deadline_is_a_timeout_in_the_queue_it_is_not_sent(void **state)
{
    (void)state;
    struct answer a[4] = { { 0 } };
    struct err err = { 0 };
    for (size_t i = 0; i < 4; i++) {
        struct run_request request = runs_request(&a[i], "sleep 30");
        request.timeout_ms = i < 3 ? 200 : 50;
        assert_int_equal(transport_run(t, &request, runs_done, &a[i], NULL, &err), 0);
    }
    runs_wait(loop, a, 4);
    assert_int_equal(a[0].end, RUN_TIMEOUT);
    assert_int_equal(a[3].end, RUN_NOT_SENT);
    for (size_t i = 0; i < 4; i++)
        runs_clear(&a[i]);
}

static void cancelled_runs_say_so_once(void **state)
{
    (void)state;
    struct answer a[4] = { { 0 } };
    for (size_t i = 0; i < 4; i++)
        runs_start(t, &a[i], "sleep 30");
    transport_cancel(t, a[3].run);
    assert_int_equal(a[3].calls, 0);
    loop_step(loop);
    transport_cancel(t, a[0].run);
    runs_wait(loop, &a[0], 1);
    runs_wait(loop, &a[3], 1);
    assert_int_equal(a[0].end, RUN_CANCELLED);
    assert_int_equal(a[3].end, RUN_CANCELLED);
    transport_free(t); /* the rest */
    t = NULL;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(a[i].calls, 1);
        assert_int_equal(a[i].end, RUN_CANCELLED);
        runs_clear(&a[i]);
    }
}

static void too_much_output_is_an_error(void **state)
{
    (void)state;
    struct answer a = { 0 };
    struct err err = { 0 };
    struct run_request request = runs_request(&a, "yes");
    request.max_output_bytes = 100000;
    assert_int_equal(transport_run(t, &request, runs_done, &a, NULL, &err), 0);
    runs_wait(loop, &a, 1);
    assert_int_equal(a.end, RUN_CUT);
    assert_int_equal(a.err.code, ERR_TOO_LARGE);
    runs_clear(&a);
}

static void a_stream_follows_the_program(void **state)
{
    (void)state;
    struct answer a = { 0 };
    struct err err = { 0 };
    int fd;
    assert_int_equal(file_temp(NULL, &fd, &err), 0);
    assert_int_equal(ftruncate(fd, 5000000), 0);
    struct run_request request = runs_request(&a, "head -c 5000000 | wc -c");
    request.stream_fd = fd;
    request.stream_bytes = 5000000;
    assert_int_equal(transport_run(t, &request, runs_done, &a, NULL, &err), 0);
    runs_wait(loop, &a, 1);
    assert_int_equal(a.end, RUN_DONE);
    assert_string_equal(a.text, "5000000\n");
    runs_clear(&a);
}

static void a_nul_in_a_program_is_refused(void **state)
{
    (void)state;
    struct answer a = { 0 };
    struct err err = { 0 };
    struct run_request request = { .program = { "a\0b", 3 }, .stream_fd = -1 };
    assert_int_equal(transport_run(t, &request, runs_done, &a, NULL, &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    assert_int_equal(a.calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(output_comes_back_byte_for_byte_with_its_status, open_all, close_all),
        cmocka_unit_test_setup_teardown(no_end_mark_is_no_information, open_all, close_all),
        cmocka_unit_test_setup_teardown(many_runs_share_a_few_children, open_all, close_all),
        cmocka_unit_test_setup_teardown(a_deadline_is_a_timeout_in_the_queue_it_is_not_sent, open_all,
                                        close_all),
        cmocka_unit_test_setup_teardown(cancelled_runs_say_so_once, open_all, close_all),
        cmocka_unit_test_setup_teardown(too_much_output_is_an_error, open_all, close_all),
        cmocka_unit_test_setup_teardown(a_stream_follows_the_program, open_all, close_all),
        cmocka_unit_test_setup_teardown(a_nul_in_a_program_is_refused, open_all, close_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
