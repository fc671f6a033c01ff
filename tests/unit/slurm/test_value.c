#include "slurm/value.h"

#include "sample.h"

static void durations_of_every_shape_are_seconds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds;
    } rows[] = {
        { "30:00", 1800 },    { "1:00:00", 3600 },  { "2-00:00:00", 172800 },
        { "1-02", 93600 },    { "1-02:03", 93780 }, { "00:00.043", 0 },
        { "05:07.500", 307 }, { "90", 5400 },       { "UNLIMITED", -1 },
        { "infinite", -1 },   { "0:00", 0 },        { "365-00:00:00", 31536000 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t seconds = -7;
        assert_true(slurm_duration_s(span_of(rows[i].text), &seconds));
        assert_int_equal(seconds, rows[i].seconds);
    }
}

static void what_is_no_duration_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",    "N/A", "Partition_Limit", "1:2:3:4", ":", "1:", "-5", "1-", "x",
        "1 0", "--",  "99999999999-00",  "1.5-2"
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t seconds = -7;
        assert_false(slurm_duration_s(span_of(rows[i]), &seconds));
        assert_int_equal(seconds, -7);
    }
}

static void sizes_and_counts(void **state)
{
    (void)state;
    uint64_t bytes = 0;
    int64_t count = 0;
    assert_true(slurm_bytes(span_of("2888K"), 1, &bytes));
    assert_int_equal(bytes, 2888 * 1024);
    assert_true(slurm_bytes(span_of("62.50G"), 1, &bytes));
    assert_int_equal(bytes, INT64_C(67108864000));
    assert_true(slurm_bytes(span_of("4Gn"), 1, &bytes));
    assert_int_equal(bytes, INT64_C(4) << 30);
    assert_true(slurm_bytes(span_of("64000"), 1024 * 1024, &bytes));
    assert_int_equal(bytes, INT64_C(64000) << 20);
    assert_true(slurm_bytes(span_of("2Gc"), 1, &bytes));
    assert_int_equal(bytes, INT64_C(2) << 30);
    assert_false(slurm_bytes((struct span){ "1\0", 2 }, 1, &bytes));
    assert_false(slurm_bytes(span_of(""), 1, &bytes));
    assert_false(slurm_bytes(span_of("-1"), 1, &bytes));
    assert_false(slurm_bytes(span_of("K"), 1, &bytes));
    assert_false(slurm_bytes(span_of("1e30"), 1, &bytes));
    assert_true(slurm_count(span_of("4K"), &count));
    assert_int_equal(count, 4000);
    assert_true(slurm_count(span_of("UNLIMITED"), &count));
    assert_int_equal(count, SLURM_UNLIMITED);
    assert_false(slurm_count(span_of("4294967294"), &count)); /* NO_VAL */
    assert_false(slurm_count(span_of("N/A"), &count));
}

static void texts_that_say_nothing_are_empty(void **state)
{
    (void)state;
    int64_t when = 5;
    assert_int_equal(slurm_text(span_of("(null)")).len, 0);
    assert_int_equal(slurm_text(span_of("None assigned")).len, 0);
    assert_int_equal(slurm_text(span_of("a100")).len, 4);
    assert_false(slurm_epoch_s(span_of("Unknown"), &when));
    assert_false(slurm_epoch_s(span_of("2026-11-20T14:40:28"), &when));
    assert_true(slurm_epoch_s(span_of("1795186490"), &when));
    assert_int_equal(when, 1795186490);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_of_every_shape_are_seconds),
        cmocka_unit_test(what_is_no_duration_is_refused),
        cmocka_unit_test(sizes_and_counts),
        cmocka_unit_test(texts_that_say_nothing_are_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
