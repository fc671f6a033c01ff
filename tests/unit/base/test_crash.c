#include "base/crash.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* The wait status of a child that passes K1 and then K6 three times. */
static int passing(const char *spec)
{
    pid_t pid = fork();
    if (pid == 0) {
        crash_setup(spec);
        crash_point("K1");
        for (int i = 1; i <= 3; i++)
            crash_point("K6");
        _exit(7);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void other_points_and_none_go_on(void **state)
{
    (void)state;
    assert_int_equal(WEXITSTATUS(passing(NULL)), 7);
    assert_int_equal(WEXITSTATUS(passing("K")), 7);
    assert_int_equal(WEXITSTATUS(passing("K66")), 7);
    assert_int_equal(WEXITSTATUS(passing("K6:4")), 7);
}

static void the_named_point_kills_in_the_test_build_only(void **state)
{
    (void)state;
    static const char *const specs[] = { "K6", "K1", "K6:3" };
    for (size_t i = 0; i < sizeof(specs) / sizeof(*specs); i++) {
        int status = passing(specs[i]);
#ifdef SLUICE_FAULTS
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
#else
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
#endif
    }
}

static size_t part_at(const char *spec)
{
    int ends[2];
    size_t part = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        crash_setup(spec);
        part = crash_part("K7", 100);
        _exit(write(ends[1], &part, sizeof(part)) == sizeof(part) ? 0 : 1);
    }
    assert_int_equal(read(ends[0], &part, sizeof(part)), sizeof(part));
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    close(ends[0]);
    close(ends[1]);
    return part;
}

static void half_is_sent_before_the_end_alone(void **state)
{
    (void)state;
#ifdef SLUICE_FAULTS
    assert_int_equal(part_at("K7"), 50);
#else
    assert_int_equal(part_at("K7"), 100);
#endif
    assert_int_equal(part_at("K7:2"), 100);
    assert_int_equal(part_at("K6"), 100);
    assert_int_equal(part_at(NULL), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_points_and_none_go_on),
        cmocka_unit_test(the_named_point_kills_in_the_test_build_only),
        cmocka_unit_test(half_is_sent_before_the_end_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
