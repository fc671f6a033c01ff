#include "exec/process_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct process_gpu gpus[] = { { .index = { "0", 1 } }, { .index = { "1", 1 } } };

static struct machine laptop(int64_t slots_per_gpu)
{
    return (struct machine){ .gpus = gpus, .gpu_count = 2, .slots_per_gpu = slots_per_gpu, .cpu_slots = 2 };
}

static void default_cpus_run_alone_on_a_small_machine(void **state)
{
    (void)state;
    struct machine machine = laptop(1);
    struct plan_job jobs[] = { { .cpus = 8, .is_waiting = true }, { .cpus = 1, .is_waiting = true } };
    process_plan(&machine, jobs, 2);
    assert_int_equal(jobs[0].end, PLAN_START);
    assert_int_equal(jobs[1].end, PLAN_RESOURCES);
}

static void small_jobs_share_the_cpus(void **state)
{
    (void)state;
    struct machine machine = laptop(1);
    struct plan_job jobs[] = { { .cpus = 1, .is_running = true }, { .cpus = 1, .is_waiting = true } };
    process_plan(&machine, jobs, 2);
    assert_int_equal(jobs[1].end, PLAN_START);
}

static void nobody_overtakes_but_by_priority(void **state)
{
    (void)state;
    struct machine machine = laptop(1);
    struct plan_job jobs[] = {
        { .gpus = 1, .is_running = true, .held = { "0", 1 } },
        { .gpus = 2, .is_waiting = true },
        { .gpus = 1, .is_waiting = true },
        { .gpus = 1, .priority = 1, .is_waiting = true },
        { .cpus = 1, .is_waiting = true },
    };
    process_plan(&machine, jobs, 5);
    assert_int_equal(jobs[1].end, PLAN_RESOURCES);
    assert_int_equal(jobs[2].end, PLAN_EARLIER);
    assert_int_equal(jobs[3].end, PLAN_START);
    assert_string_equal(jobs[3].gpu_list, "1");
    assert_int_equal(jobs[4].end, PLAN_START); /* GPUs are not its concern */
}

static void why_it_waits_is_told_by_who_stands_before_it(void **state)
{
    (void)state;
    struct machine machine = laptop(1);
    struct plan_job jobs[] = {
        { .cpus = 2, .is_running = true },
        { .cpus = 1, .is_waiting = true },
        { .cpus = 1, .priority = 3, .is_waiting = true },
        { .cpus = 1, .priority = 3, .is_waiting = true },
    };
    process_plan(&machine, jobs, 4);
    assert_int_equal(jobs[1].end, PLAN_PRIORITY);
    assert_int_equal(jobs[2].end, PLAN_RESOURCES);
    assert_int_equal(jobs[3].end, PLAN_EARLIER);
}

static void sharing_begins_when_all_are_busy(void **state)
{
    (void)state;
    struct machine machine = laptop(2);
    struct plan_job jobs[] = {
        { .gpus = 1, .is_running = true, .held = { "0", 1 } },
        { .gpus = 1, .is_waiting = true },
        { .gpus = 2, .is_waiting = true },
        { .gpus = 3, .is_waiting = true },
    };
    process_plan(&machine, jobs, 4);
    assert_string_equal(jobs[1].gpu_list, "1");
    assert_string_equal(jobs[2].gpu_list, "0,1");
    assert_int_equal(jobs[3].end, PLAN_TOO_BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_cpus_run_alone_on_a_small_machine),
        cmocka_unit_test(small_jobs_share_the_cpus),
        cmocka_unit_test(nobody_overtakes_but_by_priority),
        cmocka_unit_test(why_it_waits_is_told_by_who_stands_before_it),
        cmocka_unit_test(sharing_begins_when_all_are_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
