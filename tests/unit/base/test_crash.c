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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_points_and_none_go_on),
        cmocka_unit_test(the_named_point_kills_in_the_test_build_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
