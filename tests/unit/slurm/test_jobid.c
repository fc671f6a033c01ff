#include "slurm/jobid.h"

#include "sample.h"

static void ids_of_every_kind_are_read(void **state)
{
    (void)state;
    struct slurm_id id;
    assert_true(slurm_id_parse(span_of("27"), &id));
    assert_int_equal(id.job, 27);
    assert_int_equal(id.task, -1);
    assert_true(slurm_id_parse(span_of("27_3"), &id));
    assert_int_equal(id.task, 3);
    assert_true(slurm_id_parse(span_of("237_[2-5%2]"), &id));
    assert_span(id.ranges, "2-5%2");
    assert_int_equal(id.task, -1);
    assert_true(slurm_id_parse(span_of("243+1"), &id));
    assert_int_equal(id.het, 1);
    assert_true(slurm_id_parse(span_of("23_4.batch"), &id));
    assert_int_equal(id.task, 4);
    assert_span(id.step, "batch");
    assert_true(slurm_id_parse(span_of("243+0.0"), &id));
    assert_span(id.step, "0");
}

static void what_is_no_id_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",    "x",   "27_", "27_[", "27_[]", "27_[1",  "27x",
        "27+", "27.", "-1",  "27 ",  " 27",   "27_3_4", "9999999999999999999"
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slurm_id id;
        if (slurm_id_parse(span_of(rows[i]), &id))
            fail_msg("'%s' was read as an id", rows[i]);
    }
}

static void pending_ranges_are_expanded(void **state)
{
    (void)state;
    auto_slurm_tasks struct slurm_tasks tasks = { 0 };
    assert_int_equal(slurm_tasks_expand(span_of("2-5,9-20:4%2"), &tasks, NULL), 0);
    static const uint32_t expect[] = { 2, 3, 4, 5, 9, 13, 17 };
    assert_int_equal(tasks.count, ARRAY_LEN(expect));
    assert_memory_equal(tasks.tasks, expect, sizeof(expect));
    assert_int_equal(tasks.throttle, 2);
    assert_false(tasks.is_cut);
}

/* "--array 1,1" waited for a second task 1 for ever. */
static void a_task_named_twice_is_one(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t tasks[8];
        size_t count;
    } rows[] = {
        { "1,1", { 1 }, 1 },
        { "0-2,1-3%2", { 0, 1, 2, 3 }, 4 },
        { "0-4,0-8:2", { 0, 1, 2, 3, 4, 6, 8 }, 7 },
        { "7,3-4,0", { 0, 3, 4, 7 }, 4 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_slurm_tasks struct slurm_tasks tasks = { 0 };
        assert_int_equal(slurm_tasks_expand(span_of(rows[i].text), &tasks, NULL), 0);
        assert_int_equal(tasks.count, rows[i].count);
        assert_memory_equal(tasks.tasks, rows[i].tasks, rows[i].count * sizeof(uint32_t));
        assert_int_equal(tasks.throttle, i == 1 ? 2 : 0);
    }
}

static void a_cut_range_says_so_and_invents_nothing(void **state)
{
    (void)state;
    auto_slurm_tasks struct slurm_tasks tasks = { 0 };
    assert_int_equal(slurm_tasks_expand(span_of("1-3,50..."), &tasks, NULL), 0);
    assert_true(tasks.is_cut);
    assert_int_equal(tasks.count, 3);
    slurm_tasks_clear(&tasks);
    assert_int_equal(slurm_tasks_expand(span_of("123..."), &tasks, NULL), 0); /* perhaps of 1234 */
    assert_true(tasks.is_cut);
    assert_int_equal(tasks.count, 0);
}

static void an_array_beyond_the_limit_is_refused(void **state)
{
    (void)state;
    struct slurm_tasks tasks = { 0 };
    struct err err;
    assert_int_equal(slurm_tasks_expand(span_of("0-99999"), &tasks, &err), 0);
    assert_int_equal(tasks.count, 100000);
    slurm_tasks_clear(&tasks);
    assert_int_equal(slurm_tasks_expand(span_of("50000-99999,0-99999:2,0-99999"), &tasks, &err), 0);
    assert_int_equal(tasks.count, 100000);
    slurm_tasks_clear(&tasks);
    assert_int_equal(slurm_tasks_expand(span_of("0-99999,0-99999,0-99999,0-99999,0"), &tasks, &err), -1);
    assert_int_equal(err.code, ERR_TOO_LARGE); /* the work is bounded, too */
    assert_int_equal(slurm_tasks_expand(span_of("0-100000"), &tasks, &err), -1);
    assert_int_equal(err.code, ERR_TOO_LARGE);
    assert_int_equal(slurm_tasks_expand(span_of("0-50000,60000-120000"), &tasks, &err), -1);
    assert_int_equal(err.code, ERR_TOO_LARGE);
    assert_int_equal(slurm_tasks_expand(span_of("0-4294967296"), &tasks, &err), -1);
    assert_null(tasks.tasks);
}

static void what_is_no_range_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = { "",     "5-2", "a",   "1-",    "1,,2",          "1-2:0",
                                        "1-2:", "%2",  "1%x", "1-2-3", "1%99999999999", "1-99999999999" };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slurm_tasks tasks = { 0 };
        struct err err;
        if (slurm_tasks_expand(span_of(rows[i]), &tasks, &err) == 0)
            fail_msg("'%s' was read as ranges", rows[i]);
        assert_int_equal(err.code, ERR_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_of_every_kind_are_read),
        cmocka_unit_test(what_is_no_id_is_refused),
        cmocka_unit_test(pending_ranges_are_expanded),
        cmocka_unit_test(a_task_named_twice_is_one),
        cmocka_unit_test(a_cut_range_says_so_and_invents_nothing),
        cmocka_unit_test(an_array_beyond_the_limit_is_refused),
        cmocka_unit_test(what_is_no_range_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
