#include "io/loop.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

struct seen {
    struct loop *loop;
    struct loop_timer *timer;
    struct loop_watch *watch;
    char order[64];
    unsigned count, turns, stop_at;
    bool is_dirty, is_other_thread, is_resolved;
    pthread_t self;
    int fd, to_fd;
};

static void note(struct seen *s, char c)
{
    size_t n = strlen(s->order);
    if (n + 1 < sizeof(s->order))
        s->order[n] = c;
}

static void on_deferred(void *ctx)
{
    struct seen *s = ctx;
    note(s, 'd');
    if (++s->count < 3)
        loop_defer(s->loop, on_deferred, s);
    else
        loop_stop(s->loop);
}

static void deferred_calls_run_later_and_in_order(void **state)
{
    (void)state;
    struct seen s = { .loop = loop_new() };
    loop_defer(s.loop, on_deferred, &s);
    assert_string_equal(s.order, "");
    loop_run(s.loop);
    assert_string_equal(s.order, "ddd");
    loop_free(s.loop);
}

static void dropped_calls_do_not_run(void **state)
{
    (void)state;
    struct seen s = { .loop = loop_new() };
    loop_defer(s.loop, on_deferred, &s);
    loop_defer_drop(s.loop, &s);
    loop_step(s.loop);
    assert_int_equal(s.count, 0);
    loop_free(s.loop);
}

static void on_commit(void *ctx)
{
    struct seen *s = ctx;
    if (!s->is_dirty)
        return;
    s->is_dirty = false;
    s->turns++;
    note(s, 'C');
    if (s->count == s->stop_at)
        loop_stop(s->loop);
}

static void on_change(void *ctx)
{
    struct seen *s = ctx;
    s->count++;
    s->is_dirty = true;
    note(s, 'c');
}

static void on_timer(void *ctx)
{
    struct seen *s = ctx;
    on_change(s);
    assert_int_equal(write(s->to_fd, "x", 1), 1);
}

static void on_readable(void *ctx, unsigned events)
{
    struct seen *s = ctx;
    char byte;
    assert_true(events & LOOP_READ);
    if (read(s->fd, &byte, 1) == 1)
        on_change(s);
    loop_defer(s->loop, on_change, s);
}

/* From a timer, a descriptor and a deferred call: the commit comes before the loop sleeps. */
static void changes_are_committed_before_the_loop_sleeps(void **state)
{
    (void)state;
    struct seen s = { .loop = loop_new(), .stop_at = 3 };
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    s.fd = fds[0];
    s.to_fd = fds[1];
    loop_on_turn(s.loop, on_commit, &s);
    s.timer = loop_timer_new(s.loop, on_timer, &s);
    loop_timer_start(s.timer, 1);
    s.watch = loop_watch_fd(s.loop, fds[0], LOOP_READ, on_readable, &s);
    assert_non_null(s.watch);
    loop_run(s.loop);
    assert_int_equal(s.count, 3);
    assert_false(s.is_dirty);
    assert_string_equal(s.order + strlen(s.order) - 1, "C");
    loop_timer_free(s.timer);
    loop_watch_free(s.watch);
    loop_off_turn(s.loop, on_commit, &s);
    loop_free(s.loop);
    close(fds[0]);
    close(fds[1]);
}

static void on_repeat(void *ctx)
{
    struct seen *s = ctx;
    if (++s->count == 3) {
        loop_timer_free(s->timer);
        loop_stop(s->loop);
    }
}

static void a_timer_repeats_and_may_free_itself(void **state)
{
    (void)state;
    struct seen s = { .loop = loop_new() };
    s.timer = loop_timer_new(s.loop, on_repeat, &s);
    assert_false(loop_timer_is_running(s.timer));
    loop_timer_repeat(s.timer, 1, 1);
    assert_true(loop_timer_is_running(s.timer));
    loop_run(s.loop);
    assert_int_equal(s.count, 3);
    loop_free(s.loop);
}

static void in_pool(void *ctx)
{
    struct seen *s = ctx;
    s->is_other_thread = !pthread_equal(s->self, pthread_self());
}

static void after_pool(void *ctx)
{
    struct seen *s = ctx;
    assert_true(pthread_equal(s->self, pthread_self()));
    s->count++;
}

static void work_runs_elsewhere_and_ends_here(void **state)
{
    (void)state;
    struct seen s = { .loop = loop_new(), .self = pthread_self() };
    loop_work(s.loop, in_pool, after_pool, &s);
    loop_run(s.loop);
    assert_true(s.is_other_thread);
    assert_int_equal(s.count, 1);
    loop_free(s.loop);
}

static void on_hup(void *ctx)
{
    struct seen *s = ctx;
    s->count++;
    loop_stop(s->loop);
}

static void a_signal_is_a_callback(void **state)
{
    (void)state;
    struct seen s = { .loop = loop_new() };
    loop_on_signal(s.loop, SIGHUP, on_hup, &s);
    s.timer = loop_timer_new(s.loop, on_hup, &s); /* keeps the loop waiting: signals alone do not */
    loop_timer_start(s.timer, 60000);
    raise(SIGHUP);
    loop_run(s.loop);
    assert_int_equal(s.count, 1);
    loop_timer_free(s.timer);
    loop_free(s.loop);
}

static void on_resolved(void *ctx, const struct addrinfo *addrs, const struct err *err)
{
    struct seen *s = ctx;
    s->is_resolved = addrs != NULL;
    s->count++;
    assert_true((addrs == NULL) == (err != NULL));
}

static void names_are_resolved_or_say_why_not(void **state)
{
    (void)state;
    struct seen s = { .loop = loop_new() };
    loop_resolve(s.loop, "127.0.0.1", 22, on_resolved, &s);
    loop_run(s.loop);
    assert_true(s.is_resolved);
    loop_resolve(s.loop, "a b", 22, on_resolved, &s);
    loop_run(s.loop);
    assert_false(s.is_resolved);
    assert_int_equal(s.count, 2);
    loop_resolve_cancel(loop_resolve(s.loop, "127.0.0.1", 22, on_resolved, &s));
    loop_run(s.loop);
    assert_int_equal(s.count, 2);
    loop_free(s.loop);
}

static void loop_free_closes_what_is_left(void **state)
{
    (void)state;
    struct seen s = { .loop = loop_new(), .self = pthread_self() };
    loop_timer_start(loop_timer_new(s.loop, on_change, &s), 60000);
    loop_defer(s.loop, on_change, &s);
    loop_work(s.loop, in_pool, after_pool, &s);
    loop_free(s.loop);
    assert_int_equal(s.is_other_thread, true);
}

static void a_regular_file_cannot_be_watched(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    FILE *file = tmpfile();
    assert_null(loop_watch_fd(loop, fileno(file), LOOP_READ, on_readable, NULL));
    fclose(file);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deferred_calls_run_later_and_in_order),
        cmocka_unit_test(dropped_calls_do_not_run),
        cmocka_unit_test(changes_are_committed_before_the_loop_sleeps),
        cmocka_unit_test(a_timer_repeats_and_may_free_itself),
        cmocka_unit_test(work_runs_elsewhere_and_ends_here),
        cmocka_unit_test(a_signal_is_a_callback),
        cmocka_unit_test(names_are_resolved_or_say_why_not),
        cmocka_unit_test(loop_free_closes_what_is_left),
        cmocka_unit_test(a_regular_file_cannot_be_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
