/* The sign of life on every stream of events, by a clock that moves when the test says so. Covers:
 * svc/fanout. */
#include "support/store_help.h"

#include "io/loop.h"
#include "svc/fanout.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static time_t ahead_s; /* of the real clocks */

/* Stands for libc's, libuv's timers go by it, too. */
int clock_gettime(clockid_t id, struct timespec *now)
{
    int rc = (int)syscall(SYS_clock_gettime, id, now);
    now->tv_sec += ahead_s;
    return rc;
}

static void wake(void *ctx)
{
    ++*(int *)ctx;
}

static void nothing(void *ctx)
{
    (void)ctx;
}

static void pass(struct loop *loop, time_t seconds)
{
    ahead_s += seconds;
    loop_defer(loop, nothing, NULL); /* the loop need not wait for its next timer */
    loop_step(loop);
}

static void a_comment_every_15_s_wakes_who_hears_nothing(void **state)
{
    struct store_help help;
    struct fanout_filter filter;
    char got[1000];
    int wakes = 0;
    (void)state;
    store_help_init(&help);
    struct gateway gw = { .clock = &help.clock.clock, .store = help.store, .loop = loop_new() };
    struct fanout *fanout = fanout_new(&gw);
    assert_int_equal(fanout_filter_parse("log:7", &filter, NULL), 0);
    struct listener *listener = fanout_listen(fanout, &filter, -1, wake, &wakes);
    while (listener_read(listener, got, sizeof(got)) > 0) /* its greeting */
        ;
    pass(gw.loop, 5);
    assert_int_equal(wakes, 0);
    for (int beat = 1; beat <= 3; beat++) {
        pass(gw.loop, 15);
        assert_int_equal(wakes, beat);
        assert_int_equal(listener_read(listener, got, sizeof(got)), 3);
        assert_memory_equal(got, ":\n\n", 3);
        assert_true(listener_read(listener, got, sizeof(got)) <= 0);
    }
    listener_free(listener);
    fanout_free(fanout);
    loop_free(gw.loop);
    store_help_end(&help);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_comment_every_15_s_wakes_who_hears_nothing) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
