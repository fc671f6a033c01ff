#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void the_real_clock_runs(void **state)
{
    (void)state;
    int64_t mono = clock_mono_us(&clock_real);
    assert_true(clock_mono_us(&clock_real) >= mono);
    assert_true(clock_wall_us(&clock_real) > INT64_C(1700000000) * US_PER_S);
}

static void the_fake_clock_stands_still_until_moved(void **state)
{
    (void)state;
    struct clock_fake fake;
    clock_fake_init(&fake, 5 * US_PER_S);
    int64_t mono = clock_mono_us(&fake.clock);
    assert_int_equal(clock_wall_us(&fake.clock), 5 * US_PER_S);
    assert_true(mono > 0);
    clock_fake_advance(&fake, 3 * US_PER_MS);
    assert_int_equal(clock_wall_us(&fake.clock), 5 * US_PER_S + 3 * US_PER_MS);
    assert_int_equal(clock_mono_us(&fake.clock), mono + 3 * US_PER_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_real_clock_runs),
        cmocka_unit_test(the_fake_clock_stands_still_until_moved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
