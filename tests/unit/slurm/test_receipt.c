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
    assert_int_equal(receipt_parse(span_of("rc -2\n27\n")).rc, -1);
    assert_int_equal(receipt_parse(span_of("rc 256\n27\n")).rc, -1);
}

/* Half an id is another job's, half a complaint another complaint. */
static void what_is_not_whole_says_nothing(void **state)
{
    (void)state;
    static const char *const whole[] = {
        "rc 0\n4711;bed\n\001errors\n\n",
        "rc 1\n\n\001errors\nsbatch: error: Batch job submission failed: Invalid qos specification\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
        struct span text = span_of(whole[i]);
        size_t mark = span_find_char(text, '\001') + strlen("\001errors\n");
        for (size_t len = 0; len < mark; len++)
            assert_int_equal(receipt_parse(span_head(text, len)).kind, LAUNCH_UNKNOWN);
        assert_int_not_equal(receipt_parse(text).kind, LAUNCH_UNKNOWN);
    }
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

static struct test_only_result dry_run(const char *text, int rc, bool is_complete)
{
    struct frame_section section = { SPAN_LIT("test"), span_of(text), rc, is_complete };
    return test_only_read(&(struct frame){ .items = &section, .count = 1 });
}

static void a_dry_run_that_says_neither_yes_nor_no_is_unknown(void **state)
{
    (void)state;
    static const char yes[] =
        "sbatch: Job 5 to start at 1795186400 using 4 processors on nodes n1 in partition gpu";
    assert_true(dry_run(yes, 0, true).would_run);
    assert_false(dry_run(yes, 0, false).is_known); /* cut */
    assert_false(dry_run("", 0, true).is_known);
    assert_false(dry_run(yes, 1, true).would_run);
    struct test_only_result no = dry_run("allocation failure: Invalid partition name specified", 1, true);
    assert_true(no.is_known && !no.would_run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_found_amid_chatter),
        cmocka_unit_test(no_id_or_two_are_none),
        cmocka_unit_test(real_receipts_are_read),
        cmocka_unit_test(a_receipt_file_holds_status_output_and_errors),
        cmocka_unit_test(what_is_not_whole_says_nothing),
        cmocka_unit_test(any_bytes_are_safe),
        cmocka_unit_test(a_dry_run_that_says_neither_yes_nor_no_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
