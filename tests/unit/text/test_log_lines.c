/* Covers: text/log_pairs, text/step_words. */
#include "text/log_lines.h"

#include "base/mem.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void note(void *ctx, const struct metric_row *row)
{
    str_addf(ctx, "%g", row->step);
    for (size_t i = 0; i < row->count; i++)
        str_addf(ctx, " %.*s=%g", SPAN_FMT(row->points[i].key), row->points[i].value);
    str_add_char(ctx, '\n');
}

static void assert_reads(unsigned presets, const char *text, const char *expected)
{
    auto_str struct str out = STR_MAX(1 << 20);
    struct log_reader reader = { .presets = presets, .epoch = -1, .epochs = -1 };
    log_lines(&reader, span_of(text), note, &out);
    if (strcmp(str_text(&out), expected) != 0)
        fail_msg("%s\ngives\n%snot\n%s", text, str_text(&out), expected);
}

static void names_with_a_colon(void **state)
{
    (void)state;
    assert_reads(LOG_COLON, "epoch: 3, loss: 0.25, acc: 98%\n", "3 loss=0.25 acc=98\n");
    assert_reads(LOG_COLON, "step: 10 | Train Loss: 2.5e-1 | Val Loss: nan\n",
                 "10 Train Loss=0.25 Val Loss=nan\n");
    assert_reads(LOG_COLON, "Epoch [3/10], Step [50/100], Loss: 0.5432\n", "250 Loss=0.5432\n");
    assert_reads(LOG_COLON, "loss:0.5 lr:1e-3\n", "nan loss=0.5 lr=0.001\n");
    assert_reads(LOG_COLON, "loss: tensor(0.5, device='cuda:0')\n", "nan loss=0.5\n");
    assert_reads(LOG_COLON, "loss: 0.5.\n", "nan loss=0.5\n");
    assert_reads(LOG_COLON, "seen: 1,000 loss: 0.5\n", "nan loss=0.5\n");
    assert_reads(LOG_COLON, "Train Epoch: 1 [640/60000 (1%)]\tLoss: 1.25\n", "1 Loss=1.25\n");
    assert_reads(LOG_COLON, "train/loss: -inf val/top_5: Infinity\n", "nan train/loss=-inf val/top_5=inf\n");
}

static void what_only_looks_like_it(void **state)
{
    (void)state;
    static const char *const lines[] = { "2026-01-31 12:00:00 done",
                                         "INFO: 12 workers",
                                         "see http://a.b:80/x",
                                         "listening on host:8080",
                                         "version: 1.2.3",
                                         "took: 12s",
                                         "mem: 12GB",
                                         "ETA: 1:16",
                                         "a: b",
                                         "File \"x.py\", line 3: 4x",
                                         "python t.py --lr=1",
                                         "GET /a?id=5",
                                         "x == 5",
                                         "flag: True",
                                         ": 5",
                                         "=5",
                                         "12: 5" };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        assert_reads(LOG_ALL, lines[i], "");
}

static void names_with_an_equals_sign(void **state)
{
    (void)state;
    assert_reads(LOG_EQUALS, "step=3 loss=0.25 acc = 0.9\n", "3 loss=0.25 acc=0.9\n");
    assert_reads(LOG_EQUALS, "[12:00:00] iter 7: loss=inf, lr=-1e-3;x=(y=2)\n", "7 loss=inf lr=-0.001 y=2\n");
    assert_reads(LOG_EQUALS, "loss: 0.5\n", "");
    assert_reads(LOG_COLON, "loss=0.5\n", "");
}

static void keras(void **state)
{
    (void)state;
    assert_reads(LOG_KERAS,
                 "Epoch 2/5\n"
                 " 10/100 [=>....] - ETA: 1:16 - loss: 0.5000 - accuracy: 0.9\b\b\r"
                 "100/100 [======] - 12s 12ms/step - loss: 0.25 - accuracy: 0.95 - val_loss: nan\n",
                 "110 loss=0.5 accuracy=0.9\n200 loss=0.25 accuracy=0.95 val_loss=nan\n");
    assert_reads(LOG_KERAS,
                 "\x1b[1m100/100\x1b[0m \x1b[32m\xe2\x94\x81\xe2\x94\x81\x1b[0m\x1b[37m\x1b[0m "
                 "\x1b[1m1s\x1b[0m 2ms/step - accuracy: 0.9 - loss: 0.1\n",
                 "100 accuracy=0.9 loss=0.1\n");
    assert_reads(LOG_ALL & ~LOG_KERAS, "10/100 [=>....] - loss: 0.5\n", "");
}

static void lightning(void **state)
{
    (void)state;
    assert_reads(LOG_LIGHTNING,
                 "Epoch 1:  45%|####5     | 45/100 [00:01<00:02, 32.1it/s, v_num=3, train_loss=0.693]\r",
                 "145 train_loss=0.693\n");
    assert_reads(LOG_LIGHTNING,
                 "Epoch 2/9 \xe2\x94\x81\xe2\x94\x81\xe2\x94\x81 45/100 0:00:12 \xe2\x80\xa2 0:00:15 7.2it/s "
                 "v_num: 0.000 train_loss: 0.5\n",
                 "145 train_loss=0.5\n");
}

static void huggingface(void **state)
{
    (void)state;
    assert_reads(LOG_HUGGINGFACE, "{'loss': 0.5, 'grad_norm': nan, 'learning_rate': 5e-05, 'epoch': 0.5}\n",
                 "0.5 loss=0.5 grad_norm=nan learning_rate=5e-05\n");
    assert_reads(LOG_HUGGINGFACE, "{'eval_loss': '0.4', 'eval_x': None, \"step\": 7}\n", "7 eval_loss=0.4\n");
    assert_reads(LOG_HUGGINGFACE, "{'a': 1, 'b': {'c': 2}}\n{'a': 1\n{'a' 1}\n{}\n", "");
    assert_reads(LOG_COLON, "{'loss': 0.5}\n", "");
}

static void tqdm(void **state)
{
    (void)state;
    assert_reads(LOG_TQDM,
                 "\r 45%|####5     | 450/1000 [01:02<01:16,  7.20it/s, loss=0.123, acc=1e-2]"
                 "\r100%|##########| 1000/1000 [02:02<00:00,  7.20it/s]\n",
                 "450 loss=0.123 acc=0.01\n");
    assert_reads(LOG_TQDM, "Epoch 3/10:  45%|##| 45/100 [0:01<0:02, 7it/s, loss=inf]\n", "245 loss=inf\n");
    assert_reads(LOG_KERAS, "45%|##| 45/100 [0:01<0:02, loss=0.5]\n", "");
}

static void read_by(const char *pattern, const char *text, const char *expected)
{
    auto_str struct str out = STR_MAX(1 << 20);
    struct regex *regex = NULL;
    struct err err;
    if (regex_compile(span_of(pattern), &regex, &err) < 0 || log_regex_check(regex, &err) < 0)
        fail_msg("%s", err.text);
    struct log_reader reader = { .patterns = &regex, .pattern_count = 1, .epoch = -1, .epochs = -1 };
    log_lines(&reader, span_of(text), note, &out);
    assert_string_equal(str_text(&out), expected);
    regex_free(regex);
}

static void own_patterns(void **state)
{
    (void)state;
    read_by("it (?<step>\\d+) L(?<loss>\\S+) A(?<acc>\\S+)", "it 5 L0.5 Anan\nit 6 Lx A1\n",
            "5 loss=0.5 acc=nan\n6 acc=1\n");
    read_by("(?<key>\\w+)~(?<value>\\S+)", "a~1 b~2 c~x\n", "nan a=1 b=2\n");
    struct regex *regex = NULL;
    static const char *const useless[] = { "loss (\\d+)", "(?<step>\\d+)", "(?<key>a)" };
    for (size_t i = 0; i < ARRAY_LEN(useless); i++) {
        assert_int_equal(regex_compile(span_of(useless[i]), &regex, NULL), 0);
        assert_int_equal(log_regex_check(regex, NULL), -1);
        regex_free(regex);
    }
}

static void the_epoch_is_kept_from_call_to_call(void **state)
{
    (void)state;
    auto_str struct str out = STR_MAX(1000);
    struct log_reader reader = { .presets = LOG_KERAS, .epoch = -1, .epochs = -1 };
    log_lines(&reader, SPAN_LIT("Epoch 4/9\n"), note, &out);
    assert_int_equal(reader.epoch, 4);
    assert_int_equal(reader.epochs, 9);
    log_lines(&reader, SPAN_LIT("1/2 [=>..] - loss: 1\n"), note, &out);
    assert_string_equal(str_text(&out), "7 loss=1\n");
}

static void only_whole_lines_are_whole(void **state)
{
    (void)state;
    assert_int_equal(log_lines_whole(SPAN_LIT("a\nb\rc"), false), 4);
    assert_int_equal(log_lines_whole(SPAN_LIT("abc"), false), 0);
    assert_int_equal(log_lines_whole(SPAN_LIT("a\nb"), true), 3);
    assert_int_equal(log_lines_whole(SPAN_LIT("a\nb"), false), 2);
}

static void presets_have_names(void **state)
{
    (void)state;
    assert_int_equal(log_preset_of(SPAN_LIT("keras")), LOG_KERAS);
    assert_int_equal(log_preset_of(SPAN_LIT("all")), LOG_ALL);
    assert_int_equal(log_preset_of(SPAN_LIT("kera")), 0);
    struct span words = span_of(log_preset_words()), word;
    unsigned all = 0;
    while (span_next(&words, ',', &word))
        all |= log_preset_of(span_trim(word));
    assert_int_equal(all, LOG_ALL);
}

static void any_rubbish_is_survived(void **state)
{
    (void)state;
    static const char alphabet[] = "{}[]'\",:=%|/ 1.e-Nstepoch\x1b[m\n\r\b\xe2\x94\x81";
    auto_str struct str out = STR_MAX(1 << 20);
    struct log_reader reader = { .presets = LOG_ALL, .epoch = -1, .epochs = -1 };
    for (int i = 0; i < 200000; i++) {
        char text[48];
        size_t len = (size_t)rand() % sizeof(text); /* NOLINT */
        for (size_t k = 0; k < len; k++)
            text[k] = alphabet[(size_t)rand() % (sizeof(alphabet) - 1)]; /* NOLINT */
        char *copy = mem_dup_bytes(text, len); /* its end is the end of memory, for the sanitizer */
        str_cut(&out, 0);
        log_lines(&reader, (struct span){ copy, len }, note, &out);
        free(copy);
    }
}

/* Took minutes when each of them looked for a newline to the text's end. */
static void a_progress_bar_of_many_redraws_takes_no_time(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(32 << 20), out = STR_MAX(1 << 20);
    struct log_reader reader = { .presets = LOG_ALL, .epoch = -1, .epochs = -1 };
    while (text.len < (8U << 20))
        str_add(&text, "|#  |\r");
    str_add(&text, "loss: 0.5\n");
    log_lines(&reader, str_span(&text), note, &out);
    assert_non_null(strstr(str_text(&out), "loss"));
}

static void what_is_cut_off_is_read_as_far_as_it_goes(void **state)
{
    (void)state;
    assert_reads(LOG_HUGGINGFACE, "{'loss': 0.5,\n{'loss': 0.5, \n{'loss': 0.5, 'epoch'\n{'loss':\n", "");
    assert_reads(LOG_TQDM, " 45%|##| 45/100 [ =5]\n", "");
    assert_reads(LOG_TQDM, " 45%|##| 45/100 [00:01<00:01, loss=0.5\n", "45 loss=0.5\n");
    assert_reads(LOG_LIGHTNING | LOG_COLON, "Epoch 3/10 \xe2\x94\x81 45/100 0:00:12 loss: 0.5\n",
                 "3 loss=0.5\n");
    assert_reads(LOG_LIGHTNING | LOG_COLON, "Epoch 3/10 7it/s loss: 0.5 \xe2\x94\x81\n", "3 loss=0.5\n");
    assert_reads(LOG_LIGHTNING | LOG_COLON, "Epoch 3/10 loss: 0.5\n", "3 loss=0.5\n");
    assert_reads(LOG_KERAS | LOG_COLON, "45/100 [\n45/100 [x] loss: 0.5\n45/100\n", "nan loss=0.5\n");
}

static void the_epoch_may_stand_in_the_bars_own_line(void **state)
{
    (void)state;
    assert_reads(LOG_KERAS, "45/100 [=>..] - Epoch 2/5 - loss: 0.5\n", "145 loss=0.5\n");
    assert_reads(LOG_EQUALS, "Epoch 0/3 step 4/10 loss=0.5\n", "4 loss=0.5\n");
}

static void own_patterns_may_tell_more_than_a_key_and_a_value(void **state)
{
    (void)state;
    read_by("(?<step>\\d+) (?<key>\\w+) (x|y) (?<value>\\S+) (?<lr>\\S+)", "7 loss x 0.5 1e-3\n",
            "7 loss=0.5 lr=0.001\n");
    struct regex *regex = NULL;
    assert_int_equal(regex_compile(SPAN_LIT("(?<time>\\d+) (?<step>\\d+)"), &regex, NULL), 0);
    assert_int_equal(log_regex_check(regex, NULL), -1);
    regex_free(regex);
}

static void places_are_no_curves(void **state)
{
    (void)state;
    assert_reads(LOG_COLON, "Iteration: 5, loss: 0.5\n", "5 loss=0.5\n");
    assert_reads(LOG_COLON, "epoch: nan, loss: 0.5\n", "nan epoch=nan loss=0.5\n");
    assert_reads(LOG_EQUALS, "step=1234567890123456 loss=0.5\n", "1.23457e+15 loss=0.5\n");
    assert_reads(LOG_EQUALS, "step 5/0 loss=1\nstep 5. loss=2\nstep 5.5 loss=3\nstep 5% loss=4\n",
                 "nan loss=1\n5 loss=2\nnan loss=3\nnan loss=4\n");
}

static void note_time(void *ctx, const struct metric_row *row)
{
    str_addf(ctx, "%lld ", (long long)row->time_us);
}

static void a_time_is_a_point_in_time(void **state)
{
    (void)state;
    auto_str struct str out = STR_MAX(1000);
    struct log_reader reader = { .presets = LOG_EQUALS, .epoch = -1, .epochs = -1 };
    log_lines(&reader, SPAN_LIT("time=1700000000 loss=0.5\ntime=12 loss=0.25\n"), note_time, &out);
    assert_string_equal(str_text(&out), "1700000000000000 0 ");
}

static void bytes_of_a_terminal_are_no_part_of_names(void **state)
{
    (void)state;
    static const char line[] = "lo\0ss=0.5\n";
    auto_str struct str out = STR_MAX(1000);
    struct log_reader reader = { .presets = LOG_EQUALS, .epoch = -1, .epochs = -1 };
    log_lines(&reader, SPAN_LIT(line), note, &out);
    assert_string_equal(str_text(&out), "nan loss=0.5\n");
    assert_int_equal(log_lines_whole(SPAN_LIT("ab\bc"), false), 3);
    assert_reads(LOG_EQUALS, "a\tloss=0.5;acc=1\n  =5\n", "nan loss=0.5 acc=1\n");
    assert_reads(LOG_COLON, "x: True, y: False, z: 1.5\n", "nan z=1.5\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_with_a_colon),
        cmocka_unit_test(what_only_looks_like_it),
        cmocka_unit_test(names_with_an_equals_sign),
        cmocka_unit_test(keras),
        cmocka_unit_test(lightning),
        cmocka_unit_test(huggingface),
        cmocka_unit_test(tqdm),
        cmocka_unit_test(own_patterns),
        cmocka_unit_test(the_epoch_is_kept_from_call_to_call),
        cmocka_unit_test(only_whole_lines_are_whole),
        cmocka_unit_test(presets_have_names),
        cmocka_unit_test(any_rubbish_is_survived),
        cmocka_unit_test(a_progress_bar_of_many_redraws_takes_no_time),
        cmocka_unit_test(what_is_cut_off_is_read_as_far_as_it_goes),
        cmocka_unit_test(the_epoch_may_stand_in_the_bars_own_line),
        cmocka_unit_test(own_patterns_may_tell_more_than_a_key_and_a_value),
        cmocka_unit_test(places_are_no_curves),
        cmocka_unit_test(a_time_is_a_point_in_time),
        cmocka_unit_test(bytes_of_a_terminal_are_no_part_of_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
