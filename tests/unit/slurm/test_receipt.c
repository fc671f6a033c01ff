#include "slurm/sbatch.h"

#include "sample.h"

static const struct nonce frame_nonce = { "fedcba98765432100123456789abcdeX" };

static void ids_are_found_amid_chatter(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t id;
        const char *cluster;
    } rows[] = {
        { "3\n", 3, "" },
        { "12;bed", 12, "bed" },
        { "Quota: 20 of 100 GB\n77\nHave a nice day 5\n", 77, "" },
        { "Submitted batch job 18", 18, "" },
        { "Submitted batch job 18 on cluster bed", 18, "" },
        { " 9 \r\n", 9, "" },
        { "9\n9\n", 9, "" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint64_t id = 0;
        struct span cluster = { 0 };
        assert_true(sbatch_id(span_of(rows[i].text), &id, &cluster));
        assert_int_equal(id, rows[i].id);
        assert_span(cluster, rows[i].cluster);
    }
}

static void no_id_or_two_are_none(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "", "\n", "abc", "0", "-1", "1\n2", "99999999999999999999", "job 7", "Submitted batch job ", "7;a b"
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint64_t id = 0;
        struct span cluster;
        if (sbatch_id(span_of(rows[i]), &id, &cluster))
            fail_msg("'%s' gave %llu", rows[i], (unsigned long long)id);
    }
}

static void real_receipts_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t id;
    } rows[] = { { "sbatch-ok-parsable.out", 3 }, { "sbatch-ok.out", 2 }, { "sbatch-ok-stdin.out", 4 } };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_str struct str text = sample_read(rows[i].name);
        uint64_t id = 0;
        struct span cluster;
        assert_true(sbatch_id(str_span(&text), &id, &cluster));
        assert_int_equal(id, rows[i].id);
    }
}

static void a_receipt_file_holds_status_output_and_errors(void **state)
{
    (void)state;
    struct launch_result result = receipt_parse(span_of("rc 0\n27\n\001errors\nsbatch: note\n"));
    assert_int_equal(result.kind, LAUNCH_SUBMITTED);
    assert_int_equal(result.id, 27);
    assert_span(result.errors, "sbatch: note");
    assert_int_equal(receipt_parse(span_of("rc 0\n")).kind, LAUNCH_UNKNOWN);
    assert_int_equal(receipt_parse(span_of("27\n")).kind, LAUNCH_UNKNOWN);
    assert_int_equal(receipt_parse(span_of("")).kind, LAUNCH_UNKNOWN);
    assert_int_equal(receipt_parse(span_of("rc 7x\n27\n")).kind, LAUNCH_UNKNOWN);
}

static void read_any(struct span text)
{
    (void)receipt_parse(text);
    (void)launch_parse(text, &frame_nonce);
    (void)test_only_parse(text, &frame_nonce);
}

static void any_bytes_are_safe(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(10000);
    const char *f = frame_nonce.text;
    str_addf(&text, "\n%s BEGIN\n\n%s + launch\nkind receipt\nrc 0\n27;bed\n\001errors\nx\n\n%s - launch 0\n",
             f, f, f);
    str_addf(&text, "\n%s END 0\n", f);
    assert_int_equal(launch_parse(str_span(&text), &frame_nonce).kind, LAUNCH_SUBMITTED);
    sample_torture(str_span(&text), 3000, read_any);
    sample_torture(SPAN_LIT("rc 0\n27;bed\n\001errors\nx"), 3000, read_any);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_found_amid_chatter),
        cmocka_unit_test(no_id_or_two_are_none),
        cmocka_unit_test(real_receipts_are_read),
        cmocka_unit_test(a_receipt_file_holds_status_output_and_errors),
        cmocka_unit_test(any_bytes_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
