/* Covers: domain/series. */
#include "support/store_help.h"

#include "base/mem.h"
#include "store/metric_store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct store_help h;
static int64_t job;

static int setup(void **state)
{
    (void)state;
    store_help_init(&h);
    job = store_help_insert(h.store, 1, JOB_STATE_RUNNING);
    return store_flush(h.store, NULL);
}

static int teardown(void **state)
{
    (void)state;
    store_help_end(&h);
    return 0;
}

static void put(const char *name, double step, double value)
{
    struct bucket point = { step, step, value, value, 0 };
    struct err err;
    struct series_write write = { job, span_of(name), SERIES_OF_FILE, 0, &point, 1 };
    if (metric_store_append(h.store, &write, &err) < 0)
        fail_msg("%s", err.text);
}

/* count points step = i, value = wave(i), in appends of `piece`. */
static double wave(int i)
{
    return (double)(i * 7919 % 1009) * i - i;
}

static int64_t max_points;
static enum series_source source = SERIES_OF_FILE;

static void fill(const char *name, int count, int piece)
{
    struct bucket *points = mem_alloc((size_t)piece * sizeof(*points));
    for (int from = 0; from < count; from += piece) {
        int n = count - from < piece ? count - from : piece;
        for (int i = 0; i < n; i++)
            points[i] = (struct bucket){ from + i, from + i, wave(from + i), wave(from + i), 0 };
        struct series_write write = { job, span_of(name), source, max_points, points, (size_t)n };
        assert_int_equal(metric_store_append(h.store, &write, NULL), 0);
    }
    free(points);
    assert_int_equal(store_flush(h.store, NULL), 0);
}

static struct series_answer ask(const char *name, double from, double to, size_t max)
{
    struct series_answer answer;
    struct series_query query = { job, span_of(name), from, to, max };
    assert_int_equal(metric_store_read(h.store, &query, &answer, NULL), 0);
    return answer;
}

static void points_come_back_as_they_went_in(void **state)
{
    (void)state;
    fill("loss", 1000, 7);
    auto_series struct series_answer answer = ask("loss", (double)-INFINITY, (double)INFINITY, 0);
    assert_int_equal(answer.count, 1000);
    assert_true(answer.is_raw);
    for (int i = 0; i < 1000; i++) {
        assert_true(answer.buckets[i].step_lo == i);
        assert_true(answer.buckets[i].min == wave(i));
    }
}

static void every_way_of_appending_gives_the_same_roll_ups(void **state)
{
    (void)state;
    static const int pieces[] = { 1, 3, 16, 255, 256, 257, 5000 };
    static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g" };
    for (size_t p = 0; p < ARRAY_LEN(pieces); p++)
        fill(names[p], 5000, pieces[p]);
    auto_series struct series_answer first = ask("a", (double)-INFINITY, (double)INFINITY, 100);
    assert_true(first.count > 50 && first.count <= 100);
    assert_false(first.is_raw);
    for (size_t p = 1; p < ARRAY_LEN(pieces); p++) {
        auto_series struct series_answer other = ask(names[p], (double)-INFINITY, (double)INFINITY, 100);
        assert_int_equal(other.count, first.count);
        assert_memory_equal(other.buckets, first.buckets, first.count * sizeof(*first.buckets));
    }
}

static void no_zoom_loses_an_extreme(void **state)
{
    (void)state;
    fill("loss", 100000, 1000);
    for (int from = 0; from < 80000; from += 33333) {
        int to = from + 20000;
        double min = INFINITY, max = -INFINITY;
        for (int i = from; i <= to && i < 100000; i++) {
            min = series_min(min, wave(i));
            max = series_max(max, wave(i));
        }
        auto_series struct series_answer answer = ask("loss", from, to, 500);
        assert_true(answer.count <= 500 && answer.count >= 2);
        double low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < answer.count; i++) {
            low = series_min(low, answer.buckets[i].min);
            high = series_max(high, answer.buckets[i].max);
        }
        assert_true(low <= min && high >= max);
    }
}

static void a_narrow_zoom_shows_points(void **state)
{
    (void)state;
    fill("loss", 100000, 1000);
    auto_series struct series_answer answer = ask("loss", 50000, 50099, 1000);
    assert_int_equal(answer.count, 100);
    assert_true(answer.is_raw);
    assert_true(answer.buckets[0].step_lo == 50000);
    assert_int_equal(answer.total, 100000);
    auto_series struct series_answer none = ask("loss", 200000, 300000, 1000);
    assert_int_equal(none.count, 0);
}

static void steps_may_go_back_and_nan_survives(void **state)
{
    (void)state;
    put("x", 1, 0.5);
    put("x", 2, (double)NAN);
    put("x", 3, (double)-INFINITY);
    put("x", 2, 7); /* after a requeue */
    assert_int_equal(store_flush(h.store, NULL), 0);
    auto_series struct series_answer answer = ask("x", 2, 2, 100);
    assert_int_equal(answer.count, 2);
    assert_true(isnan(answer.buckets[0].min));
    assert_true(answer.buckets[1].min == 7);
    auto_series struct series_answer all = ask("x", (double)-INFINITY, (double)INFINITY, 100);
    assert_int_equal(all.count, 4);
    assert_true(isinf(all.buckets[2].min));
}

static int note(void *ctx, const struct series_row *row, struct err *err)
{
    (void)err;
    str_addf(ctx, "%.*s %lld %g %g %g %g\n", SPAN_FMT(row->name), (long long)row->count, row->last_step,
             row->last, row->min, row->max);
    return 0;
}

static void the_list_tells_last_and_extremes(void **state)
{
    (void)state;
    put("b", 1, 3);
    put("b", 2, 1);
    put("b", 3, 2);
    put("a", 1, (double)NAN);
    auto_str struct str out = STR_MAX(1000);
    assert_int_equal(metric_store_list(h.store, job, note, &out, NULL), 0);
    assert_string_equal(str_text(&out), "a 1 1 nan nan nan\nb 3 3 2 1 3\n");
}

static void a_series_that_is_none_is_empty(void **state)
{
    (void)state;
    auto_series struct series_answer answer = ask("none", 0, 1, 10);
    assert_int_equal(answer.count, 0);
    assert_int_equal(answer.total, 0);
}

static void old_points_live_on_in_their_roll_ups(void **state)
{
    (void)state;
    max_points = 512;
    fill("loss", 100000, 777);
    fill("all_at_once", 100000, 100000);
    max_points = 0;
    fill("unbounded", 100000, 5000);
    double min = INFINITY, max = -INFINITY, low = INFINITY, high = -INFINITY;
    for (int i = 0; i < 100000; i++) {
        min = series_min(min, wave(i));
        max = series_max(max, wave(i));
    }
    auto_series struct series_answer all = ask("loss", (double)-INFINITY, (double)INFINITY, 0);
    assert_false(all.is_raw);
    assert_int_equal(all.total, 100000);
    double next = 0;
    size_t points = 0;
    for (size_t i = 0; i < all.count; i++) {
        const struct bucket *b = &all.buckets[i];
        assert_true(b->step_lo == next); /* none twice, none missing */
        next = b->step_hi + 1;
        points += b->step_lo == b->step_hi;
        low = series_min(low, b->min);
        high = series_max(high, b->max);
    }
    assert_true(next == 100000);
    assert_true(low == min && high == max);
    assert_in_range(points, 512, 512 + SERIES_CHUNK);
    assert_true(all.count < 4 * (512 + SERIES_CHUNK));
    assert_true(all.buckets[all.count - 1].min == wave(99999));
    auto_series struct series_answer same = ask("all_at_once", (double)-INFINITY, (double)INFINITY, 0);
    assert_int_equal(same.count, all.count);
    assert_memory_equal(same.buckets, all.buckets, all.count * sizeof(*all.buckets));
    auto_series struct series_answer recent = ask("loss", 99900, 99999, 1000);
    assert_true(recent.is_raw);
    assert_int_equal(recent.count, 100);
    auto_series struct series_answer early = ask("loss", 100, 199, 1000);
    assert_false(early.is_raw);
    assert_true(early.count >= 1 && early.buckets[0].step_lo <= 100);
    auto_series struct series_answer whole = ask("unbounded", (double)-INFINITY, (double)INFINITY, 0);
    assert_int_equal(whole.count, 100000);
}

static void the_better_source_takes_the_place_of_the_log(void **state)
{
    (void)state;
    source = SERIES_OF_LOG;
    fill("loss", 5000, 1000);
    source = SERIES_OF_FILE;
    fill("loss", 10, 10);
    source = SERIES_OF_LOG;
    fill("loss", 5000, 1000); /* comes too late */
    source = SERIES_OF_FILE;
    auto_series struct series_answer answer = ask("loss", (double)-INFINITY, (double)INFINITY, 0);
    assert_int_equal(answer.total, 10);
    assert_int_equal(answer.count, 10);
    auto_str struct str out = STR_MAX(1000);
    assert_int_equal(metric_store_list(h.store, job, note, &out, NULL), 0);
    assert_true(span_starts(str_span(&out), "loss 10 9 "));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(points_come_back_as_they_went_in),
        TEST(every_way_of_appending_gives_the_same_roll_ups),
        TEST(no_zoom_loses_an_extreme),
        TEST(a_narrow_zoom_shows_points),
        TEST(steps_may_go_back_and_nan_survives),
        TEST(the_list_tells_last_and_extremes),
        TEST(a_series_that_is_none_is_empty),
        TEST(old_points_live_on_in_their_roll_ups),
        TEST(the_better_source_takes_the_place_of_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
