#include "exec/process_rows.h"

#include "base/mem.h"
#include "domain/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TOKEN "jx01h455vb4pex5vsknk084sn02q"

static void row_is_read(void **state)
{
    (void)state;
    struct process_row row;
    assert_true(process_row_parse(SPAN_LIT(TOKEN " ended 3 - 5 9 timeout 0,2 -"), &row));
    assert_int_equal(row.word, PROCESS_ENDED);
    assert_int_equal(row.code, 3);
    assert_int_equal(row.signal, SEEN_ABSENT);
    assert_int_equal(row.ended_s, 9);
    assert_true(span_is(row.how, "timeout"));
    assert_true(span_is(row.gpus, "0,2"));
    assert_int_equal(row.reason.len, 0);
}

static void numbers_that_cannot_be_are_not_known(void **state)
{
    (void)state;
    struct process_row row;
    assert_true(process_row_parse(
        SPAN_LIT(TOKEN " ended 9223372036854775807 99 9223372036854775807 -5 exited - -"), &row));
    assert_int_equal(row.code, SEEN_ABSENT);
    assert_int_equal(row.signal, SEEN_ABSENT);
    assert_int_equal(row.started_s, SEEN_ABSENT);
    assert_int_equal(row.ended_s, SEEN_ABSENT);
}

static void what_is_no_row_says_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = { "",
                                       TOKEN,
                                       TOKEN " ended 3 - 5 9 timeout 0",
                                       TOKEN " dancing - - - - - - -",
                                       "jx0 queued - - - - - - -",
                                       TOKEN " queued - - - - - - - more" };
    struct process_row row;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(process_row_parse(span_of(bad[i]), &row));
}

static void gpu_line_of_nvidia_smi_is_read(void **state)
{
    (void)state;
    struct process_gpu gpu;
    assert_true(process_gpu_parse(SPAN_LIT("1, GPU-5f, NVIDIA A100-SXM4-80GB, 81920 MiB"), &gpu));
    assert_true(span_is(gpu.index, "1"));
    assert_true(span_is(gpu.name, "NVIDIA A100-SXM4-80GB"));
    assert_int_equal(gpu.mem_mb, 81920);
    assert_false(process_gpu_parse(SPAN_LIT("No devices were found"), &gpu));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_is_read),
        cmocka_unit_test(numbers_that_cannot_be_are_not_known),
        cmocka_unit_test(what_is_no_row_says_nothing),
        cmocka_unit_test(gpu_line_of_nvidia_smi_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
