#include "svc/cluster/budget.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const int64_t start_us = 1000 * US_PER_S;

static void the_last_minute_is_counted(void **state)
{
    (void)state;
    struct budget b = { 0 };
    budget_note(&b, start_us, 3);
    budget_note(&b, start_us + 10 * US_PER_S, 5);
    assert_int_equal(budget_used(&b, start_us + 10 * US_PER_S), 5);
    assert_int_equal(budget_used(&b, start_us + 59 * US_PER_S), 5);
    assert_int_equal(budget_used(&b, start_us + 60 * US_PER_S), 2);
    assert_int_equal(budget_used(&b, start_us + 70 * US_PER_S), 0);
    budget_note(&b, start_us + 500 * US_PER_S, 6);
    assert_int_equal(budget_used(&b, start_us + 500 * US_PER_S), 1);
}

static void a_counter_that_fell_begins_anew(void **state)
{
    (void)state;
    struct budget b = { 0 };
    budget_note(&b, start_us, 30);
    budget_note(&b, start_us + US_PER_S, 2);
    assert_int_equal(budget_used(&b, start_us + US_PER_S), 32);
}

static void the_wait_is_until_there_is_room(void **state)
{
    (void)state;
    struct budget b = { 0 };
    budget_note(&b, start_us, 2);
    assert_int_equal(budget_wait_us(&b, start_us, 3), 0);
    budget_note(&b, start_us + 20 * US_PER_S, 4);
    int64_t now = start_us + 30 * US_PER_S;
    int64_t wait = budget_wait_us(&b, now, 3);
    assert_int_equal(wait, 30 * US_PER_S);
    assert_true(budget_used(&b, now + wait) < 3);
    assert_true(budget_used(&b, now + wait - US_PER_S) >= 3);
    assert_int_equal(budget_wait_us(&b, now, 1), 50 * US_PER_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_minute_is_counted),
        cmocka_unit_test(a_counter_that_fell_begins_anew),
        cmocka_unit_test(the_wait_is_until_there_is_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
