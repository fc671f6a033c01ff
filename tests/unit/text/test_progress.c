#include "text/progress.h"

#include "base/mem.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

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

#define HEAVY "\xe2\x94\x81\xe2\x94\x81\xe2\x95\xb8"

static void drawn_bars_are_read(void **state)
{
    (void)state;
    assert_progress("45/100 " HEAVY " 5s 100ms/step - accuracy: 0.8 - loss: 0.5", 0.45, 5);
    assert_progress("100/100 " HEAVY " 9s 100ms/step - loss: 0.5\n", 1, 0);
    assert_progress("\x1b[1m 45/100\x1b[0m \x1b[32m" HEAVY "\x1b[0m\x1b[37m \x1b[1m5s\x1b[0m 100ms/step",
                    0.45, 5);
    assert_progress("Training " HEAVY "  45% 0:01:16", 0.45, 76);
    assert_progress("Epoch 3/10 " HEAVY " 450/1000 0:00:12 \xe2\x80\xa2 0:00:15 7.2it/s v_num: 0", 0.245, -1);
    assert_progress("\x1b[32m 45%\x1b[0m|####5     | 450/1000 [01:02<01:16, 7.21it/s]", 0.45, 76);
    struct progress got;
    assert_false(progress_find(SPAN_LIT("a table " HEAVY " of words"), &nothing_known, &got));
    assert_false(progress_find(SPAN_LIT(HEAVY), &nothing_known, &got));
    assert_false(progress_find(SPAN_LIT("x " HEAVY " 450% 5s"), &nothing_known, &got));
    assert_false(progress_find(SPAN_LIT("x " HEAVY " -5% 5s"), &nothing_known, &got));
}

static void the_last_one_counts(void **state)
{
    (void)state;
    assert_progress("\r 1%| | 1/100 [0:01<1:39]\r 2%| | 2/100 [0:02<1:38]\nother text\n", 0.02, 98);
}

static void a_time_that_cannot_be_is_not_told(void **state)
{
    (void)state;
    assert_progress(" 2%| | 2/100 [0:02<99999999999999999999s]\n", 0.02, -1);
    auto_str struct str colons = STR_MAX(4096);
    str_add(&colons, " 2%| | 2/100 [0:02<1");
    for (int i = 0; i < 500; i++)
        str_add(&colons, ":1");
    str_add(&colons, "]\n");
    assert_progress(str_text(&colons), 0.02, -1);
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

/* Bytes and seconds are drawn with a point: "0.50/1.00G" is half, not "50/1", and "0.5/10.0" no half. */
static void digits_behind_a_point_are_no_steps(void **state)
{
    (void)state;
    assert_progress("  5%|5         | 0.5/10.0 [00:01<00:19,  2.00s/it]", 0.05, 19);
    assert_progress(" 33%|###3      | 1.00/3.00 [00:01<00:02]", 0.33, 2);
    assert_progress("100%|##########| 1.00/1.00G [00:01<00:00]", 1, 0);
    assert_progress(" 45%|####5     | 450M/1.00G [01:02<01:16, 7.2MB/s]", 0.45, 76);
    assert_progress(" 50%|#####     | 500/1.00k [00:01<00:01]", 0.5, 1);
    assert_progress(" 50%|#####     | x50/100 [00:01<00:01]", 0.5, 1);
}

static void bars_without_the_usual_end(void **state)
{
    (void)state;
    assert_progress("450/1000 [=====>........] - loss: 0.5", 0.45, -1);
    assert_progress("450/1000 [=====>........] - ETA: 5x", 0.45, -1);
    assert_progress("450/1000 [=====>........] - ETA: ", 0.45, -1);
    assert_progress("450/1000 [...] ETA: s", 0.45, -1);
    assert_progress("1000/1000 [=====", 1, -1);
    struct progress got;
    assert_false(progress_find(SPAN_LIT("[=====>........] - ETA: 1:16"), &nothing_known, &got));
    assert_false(progress_find(SPAN_LIT("5/10 ETA: 1:16"), &nothing_known, &got)); /* no bar */
}

static void only_the_end_of_a_long_text_is_looked_at(void **state)
{
    (void)state;
    char text[6000];
    struct progress got;
    memset(text, '.', sizeof(text));
    memcpy(text, "step 9/10\n", 10);
    assert_false(progress_find((struct span){ text, sizeof(text) }, &nothing_known, &got));
    memcpy(text + sizeof(text) - 11, "\nstep 5/10\n", 11);
    assert_true(progress_find((struct span){ text, sizeof(text) }, &nothing_known, &got));
    assert_int_equal(got.step, 5);
}

static void words_that_tell_no_fraction(void **state)
{
    (void)state;
    static const char *const lines[] = { "step 500", "Epoch 3/10 step 450", "step 5/x", "step 0/0",
                                         "step 1/2/3" };
    struct progress_hint hint = { -1, -1, 100, NULL };
    struct progress got;
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        if (progress_find(span_of(lines[i]), i ? &nothing_known : &hint, &got))
            fail_msg("%g in %s", got.fraction, lines[i]);
    assert_progress("Epoch 0/10", 0, -1);
    assert_progress("Epoch 3/10 loss: 0.5", 0.3, -1);
}

static void epochs_that_cannot_be_are_not_believed(void **state)
{
    (void)state;
    static const struct {
        int64_t epoch, epochs;
        double fraction;
    } hints[] = { { -1, 10, 0.5 }, { 11, 10, 0.5 }, { 1, 1, 0.5 }, { 0, 10, 0.05 }, { 10, 10, 0.95 } };
    for (size_t i = 0; i < sizeof(hints) / sizeof(*hints); i++)
        assert_with(&(struct progress_hint){ hints[i].epoch, hints[i].epochs, 0, NULL }, "5/10 [==>..]",
                    hints[i].fraction);
}

static void a_pattern_that_finds_no_number_gives_none(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        double fraction; /* < 0: none */
    } cases[] = {
        { "at (\\S+)", "at x", -1 },
        { "at (?<step>\\S+)", "at nan", -1 },
        { "at (?<step>\\S+)", "at -1", -1 },
        { "at (?<step>\\S+)", "at 1001", -1 },
        { "(?<step>\\d+) of (?<total>\\S+)", "5 of 0", -1 },
        { "(?<step>\\d+) of (?<total>\\S+)", "5 of 1e16", -1 },
        { "(?<step>\\d+) of (?<total>\\S+)", "5 of x", 0.005 }, /* the hint's */
        { "(?<percent>\\S+)%", "101%", -1 },
        { "(?<fraction>\\S+)!", "nan!", -1 },
        { "(?<fraction>\\S+)!", "-0.5!", -1 },
        { "(?<fraction>\\S+)! (?<step>\\d+)", "0.25! 500", 0.25 },
        { "(?<fraction>\\S+)! (?<percent>\\d+)", "x! 50", 0.5 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct progress_hint hint = { -1, -1, 1000, NULL };
        struct progress got = { -1, -1, -1, -1 };
        assert_int_equal(regex_compile(span_of(cases[i].pattern), &hint.pattern, NULL), 0);
        if (progress_find(span_of(cases[i].text), &hint, &got) != (cases[i].fraction >= 0) ||
            fabs(got.fraction - cases[i].fraction) > 1e-9)
            fail_msg("%g in %s by %s", got.fraction, cases[i].text, cases[i].pattern);
        regex_free(hint.pattern);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_are_read),
        cmocka_unit_test(drawn_bars_are_read),
        cmocka_unit_test(the_last_one_counts),
        cmocka_unit_test(a_time_that_cannot_be_is_not_told),
        cmocka_unit_test(other_text_is_no_bar),
        cmocka_unit_test(words_are_read),
        cmocka_unit_test(a_bar_of_an_epoch_is_a_part_of_the_whole),
        cmocka_unit_test(a_known_total_makes_a_step_a_fraction),
        cmocka_unit_test(an_own_pattern_counts_alone),
        cmocka_unit_test(digits_behind_a_point_are_no_steps),
        cmocka_unit_test(bars_without_the_usual_end),
        cmocka_unit_test(only_the_end_of_a_long_text_is_looked_at),
        cmocka_unit_test(words_that_tell_no_fraction),
        cmocka_unit_test(epochs_that_cannot_be_are_not_believed),
        cmocka_unit_test(a_pattern_that_finds_no_number_gives_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
