#include "text/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

static const struct progress_hint nothing_known = { -1, -1, 0, NULL };

static void assert_progress(const char *text, double fraction, double eta_s)
{
    struct progress got;
    if (!progress_find(span_of(text), &nothing_known, &got))
        fail_msg("no bar in %s", text);
    assert_true(got.fraction > fraction - 1e-9 && got.fraction < fraction + 1e-9);
    assert_true(got.eta_s > eta_s - 1e-9 && got.eta_s < eta_s + 1e-9);
}

static void bars_are_read(void **state)
{
    (void)state;
    assert_progress(" 45%|####5     | 450/1000 [01:02<01:16,  7.20it/s]", 0.45, 76);
    assert_progress("Epoch 3:  12%|#2  | 12/99 [00:00<1:02:03, 4it/s, loss=0.5]", 12 / 99.0, 3723);
    assert_progress("100%|##########| 5/5 [00:00<00:00, 9.2it/s]", 1, 0);
    assert_progress("450/1000 [=====>........] - ETA: 1:16 - loss: 0.5", 0.45, 76);
    assert_progress("450/1000 [=====>........] - ETA: 16s", 0.45, 16);
    assert_progress(" 45%|####5     | 45/100 [00:01<?, ?it/s]", 0.45, -1);
}

static void the_last_one_counts(void **state)
{
    (void)state;
    assert_progress("\r 1%| | 1/100 [0:01<1:39]\r 2%| | 2/100 [0:02<1:38]\nother text\n", 0.02, 98);
}

static void other_text_is_no_bar(void **state)
{
    (void)state;
    static const char *const texts[] = { "",   "loss 5/10", "100%",  "accuracy 45% | lr", "see a/b [x]",
                                         "%|", "9999%|",    "\r\r\n" };
    struct progress got;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        if (progress_find(span_of(texts[i]), &nothing_known, &got))
            fail_msg("a bar in %s", texts[i]);
}

static void assert_with(const struct progress_hint *hint, const char *text, double fraction)
{
    struct progress got;
    if (!progress_find(span_of(text), hint, &got))
        fail_msg("nothing in %s", text);
    if (fabs(got.fraction - fraction) > 1e-9)
        fail_msg("%g in %s", got.fraction, text);
}

static void words_are_read(void **state)
{
    (void)state;
    assert_progress("step 450/1000 loss 0.5\n", 0.45, -1);
    assert_progress("Epoch [3/10], Step [50/100], Loss: 0.5\n", 0.25, -1);
    assert_progress("Epoch 3/10\n", 0.2, -1);
    assert_progress("Epoch 3/10: loss=0.5\n", 0.3, -1);
    assert_progress("iter: [7 / 70]", 0.1, -1);
    struct progress got;
    assert_true(progress_find(SPAN_LIT("step 450/1000"), &nothing_known, &got));
    assert_int_equal(got.step, 450);
    assert_int_equal(got.total, 1000);
    assert_false(progress_find(SPAN_LIT("step 11/10"), &nothing_known, &got));
    assert_false(progress_find(SPAN_LIT("step 450 loss 0.5"), &nothing_known, &got));
}

static void a_bar_of_an_epoch_is_a_part_of_the_whole(void **state)
{
    (void)state;
    struct progress_hint hint = { 3, 10, 0, NULL };
    assert_with(&hint, "450/1000 [=====>........] - ETA: 1:16 - loss: 0.5", 0.245);
    assert_with(&nothing_known, "Epoch 3/10:  45%|####5     | 450/1000 [01:02<01:16]", 0.245);
    struct progress got;
    assert_true(progress_find(SPAN_LIT("450/1000 [===>....] - ETA: 1:16"), &hint, &got));
    assert_true(got.eta_s < 0); /* that was the epoch's */
}

static void a_known_total_makes_a_step_a_fraction(void **state)
{
    (void)state;
    struct progress_hint hint = { -1, -1, 2000, NULL };
    assert_with(&hint, "step: 500 loss: 0.5", 0.25);
    assert_with(&hint, "step 500/1000", 0.5);
}

static void an_own_pattern_counts_alone(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        double fraction;
    } cases[] = {
        { "seen (\\d+) samples", "seen 250 samples\nstep 9/10\n", 0.25 },
        { "(?<step>\\d+) of (?<total>\\d+)", "5 of 50", 0.1 },
        { "at (?<percent>[\\d.]+)%", "at 12.5%", 0.125 },
        { "f=(?<fraction>[\\d.]+)", "f=0.75", 0.75 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct progress_hint hint = { -1, -1, 1000, NULL };
        assert_int_equal(regex_compile(span_of(cases[i].pattern), &hint.pattern, NULL), 0);
        assert_with(&hint, cases[i].text, cases[i].fraction);
        struct progress got;
        assert_false(progress_find(SPAN_LIT("45%|##| 45/100 [0:1<0:1]"), &hint, &got));
        regex_free(hint.pattern);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_are_read),
        cmocka_unit_test(the_last_one_counts),
        cmocka_unit_test(other_text_is_no_bar),
        cmocka_unit_test(words_are_read),
        cmocka_unit_test(a_bar_of_an_epoch_is_a_part_of_the_whole),
        cmocka_unit_test(a_known_total_makes_a_step_a_fraction),
        cmocka_unit_test(an_own_pattern_counts_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
