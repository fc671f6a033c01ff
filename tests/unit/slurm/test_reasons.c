#include "slurm/reasons.h"

#include "sample.h"
#include "slurm/value.h"

static void every_reason_that_a_real_squeue_showed_has_a_sentence(void **state)
{
    (void)state;
    auto_str struct str sample = sample_read("t3-end.squeue-states-all.out");
    struct span rest = str_span(&sample), line, part;
    while (span_next_line(&rest, &line)) {
        (void)span_next(&line, '|', &part);
        (void)span_next(&line, '|', &part);
        (void)span_next(&line, '|', &part);
        if (!slurm_is_null(part) && !reason_read(part).sentence)
            fail_msg("no sentence for '%.*s'", SPAN_FMT(part));
    }
}

static void what_can_never_run_is_known(void **state)
{
    (void)state;
    static const char *const never[] = { "PartitionTimeLimit",
                                         "PartitionNodeLimit",
                                         "PartitionDown",
                                         "PartitionConfig",
                                         "BadConstraints",
                                         "DependencyNeverSatisfied",
                                         "(QOSMaxWallDurationPerJobLimit)",
                                         "Job's account not permitted to use this partition (private allows "
                                         "nobody not ml)" };
    static const char *const waits[] = { "Resources",
                                         "Priority",
                                         "(Priority)",
                                         "JobHeldUser",
                                         "QOSMaxGRESPerUser",
                                         "AssocGrpGRES",
                                         "BeginTime",
                                         "ReqNodeNotAvail, UnavailableNodes:gpu02",
                                         "None",
                                         "SomethingNew" };
    for (size_t i = 0; i < ARRAY_LEN(never); i++)
        if (!reason_read(span_of(never[i])).never_runs)
            fail_msg("%s could run", never[i]);
    for (size_t i = 0; i < ARRAY_LEN(waits); i++)
        if (reason_read(span_of(waits[i])).never_runs)
            fail_msg("%s could not run", waits[i]);
}

static void a_field_says_what_to_change(void **state)
{
    (void)state;
    assert_string_equal(reason_read(span_of("PartitionTimeLimit")).field, "resources.time");
    assert_string_equal(reason_read(span_of("QOSMaxGRESPerUser")).field, "slurm.qos");
    assert_null(reason_read(span_of("Resources")).field);
}

static void free_text_is_kept_and_cleaned(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(1000);
    reason_add_sentence(&text, span_of("site \x1b[2Jrule\n(7)"));
    assert_string_equal(str_text(&text), "site ?[2Jrule?(7)");
    str_cut(&text, 0);
    reason_add_sentence(&text, span_of("EarlierJobs"));
    assert_string_equal(str_text(&text), "It waits for slots or GPUs behind jobs that came earlier.");
    str_cut(&text, 0);
    reason_add_sentence(&text, span_of("None"));
    reason_add_sentence(&text, span_of(""));
    assert_int_equal(text.len, 0);
    reason_add_sentence(&text, span_of("\xff"));
    assert_string_equal(str_text(&text), "?");
}

static void what_no_terminal_should_see_is_a_question_mark(void **state)
{
    (void)state;
    auto_str struct str out = STR_MAX(100);
    reason_add_sentence(&out, span_of("(odd\x7f\x01"));
    reason_add_sentence(&out, span_of("|\xff|\xc3\xa4"));
    reason_add_sentence(&out, span_of("|\xc3\xa4"));
    reason_add_sentence(&out, span_of("TimeLimit"));
    assert_string_equal(str_text(&out), "(odd??|?|\?\?|\xc3\xa4It ran out of its time.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reason_that_a_real_squeue_showed_has_a_sentence),
        cmocka_unit_test(what_can_never_run_is_known),
        cmocka_unit_test(a_field_says_what_to_change),
        cmocka_unit_test(free_text_is_kept_and_cleaned),
        cmocka_unit_test(what_no_terminal_should_see_is_a_question_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
