#include "text/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

static void assert_progress(const char *text, double fraction, double eta_s)
{
    struct progress got;
    if (!progress_find(span_of(text), &got))
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
        if (progress_find(span_of(texts[i]), &got))
            fail_msg("a bar in %s", texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_are_read),
        cmocka_unit_test(the_last_one_counts),
        cmocka_unit_test(other_text_is_no_bar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
