#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
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

static void the_wall_clock_is_shifted_in_the_test_builds_only(void **state)
{
    (void)state;
    char path[] = "/tmp/sluice-clock-XXXXXX";
    const int64_t day_us = 86400 * US_PER_S;
    int fd = mkstemp(path);
    assert_int_equal(write(fd, &day_us, sizeof(day_us)), sizeof(day_us));
    int64_t before = clock_wall_us(&clock_real), mono = clock_mono_us(&clock_real);
    clock_shift(path);
    int64_t moved = clock_wall_us(&clock_real) - before;
#ifdef SLUICE_FAULTS
    assert_true(moved >= day_us && moved < 2 * day_us);
#else
    assert_true(moved < day_us);
#endif
    assert_true(clock_mono_us(&clock_real) - mono < day_us);
    const int64_t none = 0;
    assert_int_equal(pwrite(fd, &none, sizeof(none), 0), sizeof(none)); /* the next read sees it */
    assert_true(clock_wall_us(&clock_real) - before < day_us);
    clock_shift("/nowhere");
    unlink(path);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_real_clock_runs),
        cmocka_unit_test(the_fake_clock_stands_still_until_moved),
        cmocka_unit_test(the_wall_clock_is_shifted_in_the_test_builds_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
