#include "domain/job_state.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

static void every_state_reads_back_from_its_own_word(void **state)
{
    (void)state;
    for (int i = 1; i < JOB_STATE_COUNT; i++) {
        const char *word = job_state_word((enum job_state)i);
        assert_int_equal(job_state_of(span_of(word)), i);
        assert_int_not_equal(job_state_group((enum job_state)i), JOB_GROUP_NONE);
    }
}

static void words_and_short_forms_of_slurm_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum job_state expect;
    } words[] = {
        { "PENDING", JOB_STATE_PENDING },
        { "PD", JOB_STATE_PENDING },
        { "R", JOB_STATE_RUNNING },
        { "CG", JOB_STATE_COMPLETING },
        { "CD", JOB_STATE_COMPLETED },
        { "CA", JOB_STATE_CANCELLED },
        { "CF", JOB_STATE_CONFIGURING },
        { "NF", JOB_STATE_NODE_FAIL },
        { "OOM", JOB_STATE_OUT_OF_MEMORY },
        { "DL", JOB_STATE_DEADLINE },
        { "BF", JOB_STATE_BOOT_FAIL },
        { "RV", JOB_STATE_REVOKED },
        { "RQ", JOB_STATE_REQUEUED },
        { "PR", JOB_STATE_PREEMPTED },
        { "TO", JOB_STATE_TIMEOUT },
        { "F", JOB_STATE_FAILED },
        { "SE", JOB_STATE_SPECIAL_EXIT },
        { "RH", JOB_STATE_REQUEUE_HOLD },
        { "CANCELLED by 1000", JOB_STATE_CANCELLED },
        { "CANCELLED by 0", JOB_STATE_CANCELLED },
        { " COMPLETED\n", JOB_STATE_COMPLETED },
        { "RUNNING+COMPLETING", JOB_STATE_COMPLETING },
        { "PENDING,REQUEUED", JOB_STATE_REQUEUED },
        { "RUNNING+BRAND_NEW", JOB_STATE_RUNNING },
        { "POWER_UP_NODE", JOB_STATE_CONFIGURING },
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        assert_int_equal(job_state_of(span_of(words[i].word)), words[i].expect);
}

static void a_word_that_is_new_is_unknown(void **state)
{
    (void)state;
    static const char *const words[] = { "",        "HIBERNATING", "CANCELLED by", "r",      "RUNNINGX",
                                         "unknown", "+",           ",,,",          "\x1b[2J" };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        assert_int_equal(job_state_of(span_of(words[i])), JOB_STATE_UNKNOWN);
}

static void the_groups_part_live_from_ended(void **state)
{
    (void)state;
    assert_true(job_state_is_live(JOB_STATE_PENDING));
    assert_true(job_state_is_live(JOB_STATE_COMPLETING));
    assert_false(job_state_is_live(JOB_STATE_HELD));
    assert_false(job_state_is_live(JOB_STATE_SETTLING));
    assert_false(job_state_is_live(JOB_STATE_UNKNOWN));
    assert_true(job_state_is_terminal(JOB_STATE_LOST));
    assert_true(job_state_is_terminal(JOB_STATE_SUBMIT_FAILED));
    assert_false(job_state_is_terminal(JOB_STATE_COMPLETING));
    assert_true(job_state_is_ours(JOB_STATE_SETTLING));
    assert_false(job_state_is_ours(JOB_STATE_RUNNING));
    assert_string_equal(job_group_word(job_state_group(JOB_STATE_RUNNING)), "active");
}

static void a_refused_job_stays_refused(void **state)
{
    (void)state;
    for (int to = 1; to < JOB_STATE_COUNT; to++)
        assert_int_equal(job_state_may(JOB_STATE_SUBMIT_FAILED, (enum job_state)to),
                         to == JOB_STATE_SUBMIT_FAILED);
}

static void a_job_never_returns_to_before_its_submission(void **state)
{
    (void)state;
    for (int from = JOB_STATE_PENDING; from < JOB_STATE_LOST; from++) {
        assert_false(job_state_may((enum job_state)from, JOB_STATE_HELD));
        assert_false(job_state_may((enum job_state)from, JOB_STATE_SUBMITTING));
        assert_false(job_state_may((enum job_state)from, JOB_STATE_SUBMIT_FAILED));
    }
    assert_true(job_state_may(JOB_STATE_SUBMITTING, JOB_STATE_HELD));
    assert_true(job_state_may(JOB_STATE_LOST, JOB_STATE_RUNNING));
}

static void an_ended_job_does_not_become_settling_or_lost(void **state)
{
    (void)state;
    assert_false(job_state_may(JOB_STATE_COMPLETED, JOB_STATE_SETTLING));
    assert_false(job_state_may(JOB_STATE_FAILED, JOB_STATE_LOST));
    assert_false(job_state_may(JOB_STATE_RUNNING, JOB_STATE_UNKNOWN));
}

static void going_back_to_the_queue_is_a_requeue(void **state)
{
    (void)state;
    assert_true(job_state_is_requeue(JOB_STATE_RUNNING, JOB_STATE_PENDING));
    assert_true(job_state_is_requeue(JOB_STATE_NODE_FAIL, JOB_STATE_PENDING));
    assert_true(job_state_is_requeue(JOB_STATE_PREEMPTED, JOB_STATE_RUNNING));
    assert_false(job_state_is_requeue(JOB_STATE_PENDING, JOB_STATE_RUNNING));
    assert_false(job_state_is_requeue(JOB_STATE_RUNNING, JOB_STATE_COMPLETING));
    assert_false(job_state_is_requeue(JOB_STATE_SUBMITTING, JOB_STATE_PENDING));
    assert_false(job_state_is_requeue(JOB_STATE_SETTLING, JOB_STATE_PENDING));
}

static void numbers_outside_the_table_are_harmless(void **state)
{
    (void)state;
    assert_string_equal(job_state_word((enum job_state)999), "unknown");
    assert_false(job_state_may((enum job_state)999, JOB_STATE_RUNNING));
    assert_false(job_state_may(JOB_STATE_RUNNING, (enum job_state)999));
    assert_string_equal(job_group_word((enum job_group)77), "none");
}

static void what_is_no_state_may_nothing_and_is_nothing(void **state)
{
    (void)state;
    const enum job_state none = (enum job_state)99;
    assert_string_equal(job_state_word(none), "unknown");
    assert_string_equal(job_group_word((enum job_group)99), "none");
    assert_int_equal(job_state_of(span_of("")), JOB_STATE_UNKNOWN);
    assert_int_equal(job_state_group(none), JOB_GROUP_NONE);
    assert_false(job_state_is_ours(none) || job_state_is_ours(JOB_STATE_UNKNOWN) || job_state_is_live(none));
    assert_false(job_state_may(none, JOB_STATE_RUNNING) || job_state_may(JOB_STATE_RUNNING, none));
    assert_false(job_state_is_requeue(none, JOB_STATE_RUNNING) ||
                 job_state_is_requeue(JOB_STATE_RUNNING, none));
}

static void only_a_way_back_into_the_queue_is_a_requeue(void **state)
{
    (void)state;
    assert_false(job_state_is_requeue(JOB_STATE_RUNNING, JOB_STATE_RUNNING));
    assert_false(job_state_is_requeue(JOB_STATE_RUNNING, JOB_STATE_COMPLETED));
    assert_false(job_state_is_requeue(JOB_STATE_COMPLETED, JOB_STATE_SETTLING));
    assert_true(job_state_is_requeue(JOB_STATE_NODE_FAIL, JOB_STATE_RUNNING));
    assert_true(job_state_is_live(JOB_STATE_COMPLETING));
    assert_false(job_state_is_live(JOB_STATE_COMPLETED) || job_state_is_live(JOB_STATE_SETTLING));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_reads_back_from_its_own_word),
        cmocka_unit_test(words_and_short_forms_of_slurm_are_known),
        cmocka_unit_test(a_word_that_is_new_is_unknown),
        cmocka_unit_test(the_groups_part_live_from_ended),
        cmocka_unit_test(a_refused_job_stays_refused),
        cmocka_unit_test(a_job_never_returns_to_before_its_submission),
        cmocka_unit_test(an_ended_job_does_not_become_settling_or_lost),
        cmocka_unit_test(going_back_to_the_queue_is_a_requeue),
        cmocka_unit_test(numbers_outside_the_table_are_harmless),
        cmocka_unit_test(what_is_no_state_may_nothing_and_is_nothing),
        cmocka_unit_test(only_a_way_back_into_the_queue_is_a_requeue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
