#include "slurm/refusals.h"

#include "sample.h"

static void what_sbatch_really_said_is_understood(void **state)
{
    (void)state;
    static const struct {
        const char *sample;
        int rc;
        enum refusal_kind kind;
        const char *field;
    } rows[] = {
        { "sbatch-err-partition.err", 1, REFUSAL_PERMANENT, "slurm.partition" },
        { "sbatch-err-account.err", 1, REFUSAL_PERMANENT, "slurm.account" },
        { "sbatch-err-account-not-mine.err", 1, REFUSAL_PERMANENT, "slurm.account" },
        { "sbatch-err-qos.err", 1, REFUSAL_PERMANENT, "slurm.qos" },
        { "sbatch-err-gres-type.err", 1, REFUSAL_PERMANENT, "resources" },
        { "sbatch-err-gres-count.err", 1, REFUSAL_PERMANENT, "resources" },
        { "sbatch-err-gres-on-cpu.err", 1, REFUSAL_PERMANENT, "resources" },
        { "sbatch-err-gres-name.err", 1, REFUSAL_PERMANENT, "resources.gpu_type" },
        { "sbatch-err-gres-syntax.err", 1, REFUSAL_PERMANENT, "resources.gpu_type" },
        { "sbatch-err-mem.err", 1, REFUSAL_PERMANENT, "resources.mem" },
        { "sbatch-err-constraint.err", 1, REFUSAL_PERMANENT, "slurm.constraint" },
        { "sbatch-err-nodelist.err", 1, REFUSAL_PERMANENT, "slurm.exclude" },
        { "sbatch-err-array-big.err", 1, REFUSAL_PERMANENT, "slurm.array" },
        { "sbatch-err-array-syntax.err", 1, REFUSAL_PERMANENT, "slurm.array" },
        { "sbatch-err-dependency-syntax.err", 1, REFUSAL_PERMANENT, "slurm.dependency" },
        { "sbatch-err-qos-strict-wall.err", 1, REFUSAL_PERMANENT, "resources.time" },
        { "sbatch-err-qos-strict-gpu.err", 1, REFUSAL_PERMANENT, "resources.gpus" },
        { "sbatch-err-qos-submit-limit.err", 1, REFUSAL_TRANSIENT, "slurm.qos" },
        { "sbatch-err-time-syntax.err", 255, REFUSAL_PERMANENT, "resources.time" },
        { "sbatch-err-begin.err", 255, REFUSAL_PERMANENT, "slurm.begin" },
        { "sbatch-err-option.err", 255, REFUSAL_PERMANENT, "slurm.extra" },
        { "sbatch-err-directive.err", 255, REFUSAL_PERMANENT, "slurm.extra" },
        { "sbatch-err-crlf.err", 1, REFUSAL_PERMANENT, "template" },
        { "sbatch-err-empty.err", 1, REFUSAL_PERMANENT, "template" },
        { "sbatch-err-no-shebang.err", 1, REFUSAL_PERMANENT, "template" },
        { "sbatch-err-no-file.err", 1, REFUSAL_PERMANENT, NULL },
        { "sbatch-resv.err", 1, REFUSAL_PERMANENT, "resources" },
        { "ctld-down.sbatch.err", 1, REFUSAL_TRANSIENT, NULL },
        { "munge-down.sbatch.err", 1, REFUSAL_TRANSIENT, NULL },
        { "conf-missing.sbatch.err", 1, REFUSAL_TRANSIENT, NULL },
        { "ctld-hung.sbatch.err", 1, REFUSAL_AMBIGUOUS, NULL },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_str struct str text = sample_read(rows[i].sample);
        struct refusal refusal = refusal_read(rows[i].rc, str_span(&text));
        if (refusal.kind != rows[i].kind)
            fail_msg("%s is %d", rows[i].sample, (int)refusal.kind);
        assert_non_null(refusal.sentence);
        assert_true(refusal.words.len > 0);
        assert_false(span_starts(refusal.words, "sbatch:"));
        if (rows[i].field)
            assert_string_equal(refusal.field, rows[i].field);
        else
            assert_null(refusal.field);
    }
}

/* Slurm since 23.02 with rl_enable: its clients wait and ask again; what still comes through is a no. */
static void a_rate_limit_is_a_definite_no_for_now(void **state)
{
    (void)state;
    struct refusal refusal = refusal_read(1, span_of("sbatch: error: Batch job submission failed: "
                                                     "Rate limit exceeded, please retry momentarily\n"));
    assert_int_equal(refusal.kind, REFUSAL_TRANSIENT);
    assert_non_null(strstr(refusal.sentence, "how often"));
}

static void what_is_not_listed_is_ambiguous(void **state)
{
    (void)state;
    static const struct {
        int rc;
        const char *text;
    } rows[] = {
        { 1, "" },
        { 1, "sbatch: error: something new" },
        { 124,
          "sbatch: error: Batch job submission failed: Invalid qos specification" }, /* ended under way */
        { 137, "" },
        { 141, "" },
        { 1, "sbatch: error: Batch job submission failed: Protocol authentication error" },
        { 1, "sbatch: error: Batch job submission failed: Zero Bytes were transmitted or received" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(refusal_read(rows[i].rc, span_of(rows[i].text)).kind, REFUSAL_AMBIGUOUS);
}

/* All of Slurm 22.05, each seen as the end of a job that was sent again and again. */
static void values_that_slurm_does_not_take_are_a_definite_no(void **state)
{
    (void)state;
    static const struct {
        int rc;
        const char *text, *field;
    } rows[] = {
        { 1, "Batch job submission failed: Invalid --nice value", "slurm.nice" },
        { 1, "Batch job submission failed: Incompatible begin and deadline time specification",
          "slurm.extra" },
        { 1,
          "Batch job submission failed: Invalid time-min specification (exceeds job's time or other limits)",
          "slurm.extra" },
        { 1, "Batch job submission failed: Invalid preferred feature specification", "slurm.extra" },
        { 1, "Batch job submission failed: Requested operation not supported on this system", NULL },
        { 1, "Invalid --bbf specification", "slurm.extra" },
        { 1, "Bad rlimit name: NOSUCH", "slurm.extra" },
        { 1, "unrecognized --hint argument \"nosuch\", see --hint=help", "slurm.extra" },
        { 255, "Invalid --signal specification", "slurm.extra" },
        { 255, "invalid --profile=nosuch option", "slurm.extra" },
        { 255, "Priority must be < 4294967294", "slurm.extra" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_str struct str text = STR_MAX(300);
        str_addf(&text, "sbatch: error: %s\n", rows[i].text);
        struct refusal refusal = refusal_read(rows[i].rc, str_span(&text));
        assert_int_equal(refusal.kind, REFUSAL_PERMANENT);
        assert_span(refusal.words, rows[i].text);
        assert_true(rows[i].field ? strcmp(refusal.field, rows[i].field) == 0 : !refusal.field);
    }
}

static void only_words_that_no_row_knows_are_new(void **state)
{
    (void)state;
    assert_true(refusal_read(1, span_of("sbatch: error: something new")).is_new);
    assert_false(refusal_read(1, span_of("")).is_new);
    assert_false(refusal_read(137, span_of("sbatch: error: something new")).is_new);
    assert_false(refusal_read(1, span_of("sbatch: error: Protocol authentication error")).is_new);
    assert_false(refusal_read(1, span_of("sbatch: error: Connection reset by peer")).is_new);
}

static void a_timeout_beside_a_listed_text_stays_ambiguous(void **state)
{
    (void)state;
    struct refusal refusal =
        refusal_read(1, span_of("sbatch: error: Socket timed out on send/recv operation\n"
                                "sbatch: error: Unable to contact slurm controller\n"));
    assert_int_equal(refusal.kind, REFUSAL_AMBIGUOUS);
}

static void no_sbatch_at_all_is_a_definite_no(void **state)
{
    (void)state;
    struct refusal refusal = refusal_read(127, span_of("sh: 1: sbatch: not found\n"));
    assert_int_equal(refusal.kind, REFUSAL_PERMANENT);
    assert_string_equal(refusal.field, "prelude");
    refusal = refusal_read(126, span_of("sh: 1: sbatch: Permission denied\n"));
    assert_int_equal(refusal.kind, REFUSAL_PERMANENT);
}

static void a_plugins_own_words_are_kept(void **state)
{
    (void)state;
    struct refusal refusal = refusal_read(
        1, span_of("sbatch: error: Please set --account\nsbatch: error: Batch job submission failed: "
                   "Unspecified error\n"));
    assert_int_equal(refusal.kind, REFUSAL_PERMANENT);
    assert_span(refusal.words, "Please set --account");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_sbatch_really_said_is_understood),
        cmocka_unit_test(a_rate_limit_is_a_definite_no_for_now),
        cmocka_unit_test(what_is_not_listed_is_ambiguous),
        cmocka_unit_test(a_timeout_beside_a_listed_text_stays_ambiguous),
        cmocka_unit_test(values_that_slurm_does_not_take_are_a_definite_no),
        cmocka_unit_test(only_words_that_no_row_knows_are_new),
        cmocka_unit_test(no_sbatch_at_all_is_a_definite_no),
        cmocka_unit_test(a_plugins_own_words_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
