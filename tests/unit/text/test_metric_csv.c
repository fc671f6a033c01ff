#include "text/metric_csv.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void note(void *ctx, const struct metric_row *row)
{
    str_addf(ctx, "%zu: %g", row->line, row->step);
    for (size_t i = 0; i < row->count; i++)
        str_addf(ctx, " %.*s=%g", SPAN_FMT(row->points[i].key), row->points[i].value);
    str_add_char(ctx, '\n');
}

static void assert_csv(const char *text, const char *expected, size_t bad)
{
    auto_str struct str out = STR_MAX(1 << 20), header = STR_MAX(MAX_CSV_HEADER_BYTES);
    size_t got = metric_csv(&header, span_of(text), note, &out);
    assert_string_equal(str_text(&out), expected);
    assert_int_equal(got, bad);
}

static void rows_under_a_header(void **state)
{
    (void)state;
    assert_csv("step,\"loss\", name,acc\r\n1,0.5,x,1\r\n2,nan,y\n\nrubbish\n3,-Infinity,,0\n",
               "1: 1 loss=0.5 acc=1\n2: 2 loss=nan\n5: 3 loss=-inf acc=0\n", 1);
}

static void empty_cells_are_no_points(void **state)
{
    (void)state;
    assert_csv("epoch,step,train_loss,val_loss\n0,10,0.5,\n0,20,,0.4\n1,,,\n",
               "1: 10 epoch=0 train_loss=0.5\n2: 20 epoch=0 val_loss=0.4\n3: nan epoch=1\n", 0);
}

static void cells_may_stand_in_quotes(void **state)
{
    (void)state;
    assert_csv("step,\"a,b\",\"say \"\"hi\"\"\"\n\"1\",\"0.5\", \"2\" \n2,\"x,\"\"y\"\"\",3\n",
               "1: 1 a,b=0.5 say \"hi\"=2\n2: 2 say \"hi\"=3\n", 0);
    assert_csv("a,b\n\"1,2\n1,\"2\"x\n", "", 2);
}

static void a_header_may_change(void **state)
{
    (void)state;
    assert_csv("step,loss\n1,0.5\nstep,loss,acc\n2,0.4,0.9\nstep,loss\n1,0.6\n",
               "1: 1 loss=0.5\n3: 2 loss=0.4 acc=0.9\n5: 1 loss=0.6\n", 0);
}

/* Of a run that was requeued with other code. */
static void a_header_may_have_nothing_in_common_with_the_one_before(void **state)
{
    (void)state;
    assert_csv("step,loss\n1,0.5\niter,val/acc,grad_norm\n2,0.4,0.9\n",
               "1: 1 loss=0.5\n3: nan iter=2 val/acc=0.4 grad_norm=0.9\n", 0);
    assert_csv("step,loss\n_step,_time,x\n1,2,3\n", "2: 1 _time=2 x=3\n", 0);
}

static void of_columns_of_one_name_the_last_counts(void **state)
{
    (void)state;
    assert_csv("step,loss,acc,loss\n1,0.5,9,0.25\n2,0.5,9,\n", "1: 1 loss=0.25 acc=9\n2: 2 loss=0.5 acc=9\n",
               0);
    assert_csv("loss,acc\n1,2\nloss,loss\n3,4\nloss,acc\n5,6\n",
               "1: nan loss=1 acc=2\n3: nan loss=4\n5: nan loss=5 acc=6\n", 0);
}

static void of_a_row_with_too_many_columns_the_first_are_told(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(1 << 16);
    for (int i = 0; i < MAX_METRIC_KEYS + 2; i++)
        str_addf(&text, "%sk%d", i ? "," : "", i);
    for (int i = 0; i < MAX_METRIC_KEYS + 2; i++)
        str_addf(&text, "%s%d", i ? "," : "\n", i);
    str_add(&text, "\n");
    auto_str struct str told = STR_MAX(1 << 16);
    str_add(&told, "1: nan");
    for (int i = 0; i < MAX_METRIC_KEYS; i++)
        str_addf(&told, " k%d=%d", i, i);
    str_add(&told, "\n");
    assert_csv(str_text(&text), str_text(&told), 0);
}

static void what_is_no_row_is_counted(void **state)
{
    (void)state;
    assert_csv("a,b\n1,2,3\nx y,z\n,\n", "", 3);
    assert_csv("a,b\nwarmup,done\n1,2\n", "2: nan a=1 b=2\n", 1); /* a row of words */
    assert_csv("a,b\nrubbish\n1,2\n", "2: nan a=1 b=2\n", 1);
    assert_csv("1,2\n3,4\n", "", 2); /* no header */
}

static void the_header_goes_on_in_the_next_call(void **state)
{
    (void)state;
    auto_str struct str out = STR_MAX(1000), header = STR_MAX(MAX_CSV_HEADER_BYTES);
    assert_int_equal(metric_csv(&header, SPAN_LIT("x,y\n"), note, &out), 0);
    assert_int_equal(metric_csv(&header, SPAN_LIT("1,2\n"), note, &out), 0);
    assert_string_equal(str_text(&out), "0: nan x=1 y=2\n");
    assert_string_equal(str_text(&header), "x,y");
}

static void any_rubbish_is_survived(void **state)
{
    (void)state;
    auto_str struct str out = STR_MAX(1 << 20);
    for (int i = 0; i < 100000; i++) {
        char text[40];
        size_t len = (size_t)rand() % sizeof(text); /* NOLINT */
        for (size_t k = 0; k < len; k++)
            text[k] = "\"\",,\n\n a1.b-N"[(size_t)rand() % 13]; /* NOLINT */
        char *copy = mem_dup_bytes(text, len);
        auto_str struct str header = STR_MAX(MAX_CSV_HEADER_BYTES);
        str_cut(&out, 0);
        str_add(&header, i % 2 ? "a,\"b" : "");
        (void)metric_csv(&header, (struct span){ copy, len }, note, &out);
        free(copy);
    }
}

static void blanks_before_a_cell_are_no_part_of_it(void **state)
{
    (void)state;
    assert_csv("a,\tb\n1, \t\"2\"\n", "1: nan a=1 b=2\n", 0);
}

static void a_quoted_cell_larger_than_the_rows_space_is_no_row(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(1 << 20);
    str_addf(&text, "a,b\n1,\"%0*d\"\n3,4\n", METRIC_SPACE_BYTES + 1, 0);
    assert_csv(str_text(&text), "2: nan a=3 b=4\n", 1);
}

/* Took minutes when each of them was looked for among all. */
static void lines_of_many_other_words_take_no_time(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(1 << 20);
    for (int i = 0; i < 15000; i++)
        str_addf(&text, "%sa", i ? "," : "");
    for (int line = 0; line < 8; line++)
        for (int i = 0; i < 30000; i++)
            str_addf(&text, "%sb!", i ? "," : "\n");
    assert_csv(str_text(&text), "", 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_under_a_header),
        cmocka_unit_test(empty_cells_are_no_points),
        cmocka_unit_test(cells_may_stand_in_quotes),
        cmocka_unit_test(a_header_may_change),
        cmocka_unit_test(a_header_may_have_nothing_in_common_with_the_one_before),
        cmocka_unit_test(of_columns_of_one_name_the_last_counts),
        cmocka_unit_test(of_a_row_with_too_many_columns_the_first_are_told),
        cmocka_unit_test(what_is_no_row_is_counted),
        cmocka_unit_test(the_header_goes_on_in_the_next_call),
        cmocka_unit_test(any_rubbish_is_survived),
        cmocka_unit_test(blanks_before_a_cell_are_no_part_of_it),
        cmocka_unit_test(a_quoted_cell_larger_than_the_rows_space_is_no_row),
        cmocka_unit_test(lines_of_many_other_words_take_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
