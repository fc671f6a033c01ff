/* Covers: io/feed, io/process. */
#include "io/spawn.h"

#include "io/file.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "support/valgrind.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

struct seen {
    unsigned calls;
    struct spawn_result result;
    char *output, *error;
    struct loop *loop;
};

static void on_done(void *ctx, const struct spawn_result *result)
{
    struct seen *s = ctx;
    s->calls++;
    s->result = *result;
    free(s->output);
    free(s->error);
    s->output = span_dup(result->output);
    s->error = span_dup(result->error);
}

static struct spawn_request sh(const char *const argv[])
{
    return (struct spawn_request){ .argv = argv, .max_output_bytes = 1 << 20, .max_error_bytes = 1 << 10 };
}
#define SH(text) sh((const char *const[]){ "/bin/sh", "-c", (text), NULL })

static struct seen run(const struct spawn_request *request)
{
    struct seen s = { 0 };
    struct loop *loop = loop_new();
    struct err err = { 0 };
    assert_int_equal(spawn_child(loop, request, on_done, &s, NULL, &err), 0);
    assert_int_equal(s.calls, 0);
    loop_run(loop);
    loop_free(loop);
    assert_int_equal(s.calls, 1);
    return s;
}

static void forget(struct seen *s)
{
    free(s->output);
    free(s->error);
}

static void output_error_and_code_come_back(void **state)
{
    (void)state;
    struct spawn_request request = SH("cat; echo oops >&2; exit 7");
    request.input = SPAN_LIT("hello");
    struct seen s = run(&request);
    assert_int_equal(s.result.end, SPAWN_EXITED);
    assert_int_equal(s.result.code, 7);
    assert_string_equal(s.output, "hello");
    assert_string_equal(s.error, "oops\n");
    forget(&s);
}

/* What whoever started the test left open for children; ours are all close-on-exec. */
static int inheritable(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++) {
        int flags = fcntl(fd, F_GETFD);
        count += flags >= 0 && !(flags & FD_CLOEXEC);
    }
    return count;
}

static void environment_and_folder_are_exact(void **state)
{
    (void)state;
    const char *const argv[] = { "/usr/bin/env", NULL };
    const char *const env[] = { "A=1", "B=x y", NULL };
    struct spawn_request request = sh(argv);
    request.env = env;
    struct seen s = run(&request);
    assert_string_equal(s.output, "A=1\nB=x y\n");
    forget(&s);
    request = SH("pwd; ls /proc/self/fd | wc -l");
    request.cwd = "/";
    s = run(&request);
    char want[32];
    snprintf(want, sizeof(want), "/\n%d\n", 1 + inheritable()); /* and the folder ls reads */
    assert_string_equal(s.output, want);
    forget(&s);
}

static void a_signal_is_told_apart_from_a_code(void **state)
{
    (void)state;
    struct spawn_request request = SH("kill -9 $$");
    struct seen s = run(&request);
    assert_int_equal(s.result.end, SPAWN_SIGNALLED);
    assert_int_equal(s.result.signum, SIGKILL);
    forget(&s);
}

static void the_deadline_ends_the_whole_group_even_if_it_ignores_term(void **state)
{
    (void)state;
    struct spawn_request request = SH("trap '' TERM; sleep 60 & wait; sleep 60");
    request.timeout_ms = 30;
    request.grace_ms = 30;
    int64_t start = clock_mono_us(&clock_real);
    struct seen s = run(&request);
    assert_int_equal(s.result.end, SPAWN_TIMED_OUT);
    assert_true(clock_mono_us(&clock_real) - start < 5 * US_PER_S);
    forget(&s);
}

static void too_much_output_ends_the_child_too_much_error_is_cut(void **state)
{
    (void)state;
    struct spawn_request request = SH("yes");
    struct seen s = run(&request);
    assert_int_equal(s.result.end, SPAWN_TOO_MUCH);
    assert_int_equal(s.result.output.len, 1 << 20);
    forget(&s);
    request = SH("head -c 5000000 /dev/zero >&2; echo fine");
    s = run(&request);
    assert_int_equal(s.result.end, SPAWN_EXITED);
    assert_true(s.result.error_cut);
    assert_string_equal(s.output, "fine\n");
    forget(&s);
}

static void a_background_grandchild_does_not_delay_the_end(void **state)
{
    (void)state;
    struct spawn_request request = SH("sleep 20 & echo $!");
    int64_t start = clock_mono_us(&clock_real);
    struct seen s = run(&request);
    assert_int_equal(s.result.end, SPAWN_EXITED);
    assert_true(clock_mono_us(&clock_real) - start < 10 * US_PER_S);
    kill((pid_t)strtol(s.output, NULL, 10), SIGKILL);
    forget(&s);
}

static int make_file(size_t bytes)
{
    int fd;
    struct err err = { 0 };
    assert_int_equal(file_temp(NULL, &fd, &err), 0);
    char *block = mem_zalloc(bytes);
    memset(block, 'a', bytes);
    assert_int_equal(write(fd, block, bytes), (ssize_t)bytes);
    free(block);
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static void a_file_follows_the_input(void **state)
{
    (void)state;
    struct spawn_request request = SH("read line; echo \"$line\"; wc -c");
    request.input = SPAN_LIT("first\n");
    request.input_fd = make_file(3000000);
    request.input_fd_bytes = 3000000;
    struct seen s = run(&request);
    assert_string_equal(s.output, "first\n3000000\n");
    forget(&s);
    request = SH("exit 3"); /* reads nothing of it */
    request.input_fd = make_file(3000000);
    request.input_fd_bytes = 3000000;
    s = run(&request);
    assert_int_equal(s.result.code, 3);
    forget(&s);
}

/* libuv's writes go through this one; it writes to pipes of its own, too. */
static bool fails_next_write;
ssize_t write(int fd, const void *bytes, size_t count)
{
    if (fails_next_write && count == strlen("hello") && memcmp(bytes, "hello", count) == 0) {
        fails_next_write = false;
        errno = EIO;
        return -1;
    }
    return syscall(SYS_write, fd, bytes, count);
}

/* tar, given the names of half the files, would pack those and be content. */
static void input_that_cannot_be_written_is_no_end_of_it(void **state)
{
    (void)state;
    struct spawn_request request = SH("cat; exit 0");
    request.input = SPAN_LIT("hello");
    fails_next_write = true;
    struct seen s = run(&request);
    assert_false(fails_next_write);
    assert_int_equal(s.result.end, SPAWN_CUT);
    forget(&s);
}

static void a_file_shorter_than_promised_is_no_end_of_the_input(void **state)
{
    (void)state;
    char path[] = "/tmp/sluice-spawn-XXXXXX";
    struct spawn_request request = SH("cat; exit 0");
    request.input_fd = mkstemp(path);
    assert_int_equal(syscall(SYS_write, request.input_fd, "abc", 3), 3);
    lseek(request.input_fd, 0, SEEK_SET);
    unlink(path);
    request.input_fd_bytes = 10;
    struct seen s = run(&request);
    assert_int_equal(s.result.end, SPAWN_CUT);
    forget(&s);
}

/* `head` that has enough: its own end counts. */
static void a_child_that_wants_no_more_input_is_no_error(void **state)
{
    (void)state;
    auto_str struct str much = STR_MAX(1 << 20);
    for (int i = 0; i < 50000; i++)
        str_add(&much, "0123456789");
    struct spawn_request request = SH("head -c 10");
    request.input = str_span(&much);
    struct seen s = run(&request);
    assert_int_equal(s.result.end, SPAWN_EXITED);
    assert_string_equal(s.output, "0123456789");
    forget(&s);
}

static void output_can_go_to_a_file(void **state)
{
    (void)state;
    int fd = make_file(0);
    struct spawn_request request = SH("printf abc");
    request.output_fd = fd;
    struct seen s = run(&request);
    char back[4] = "";
    assert_int_equal(s.result.code, 0);
    assert_int_equal(pread(fd, back, 3, 0), 3);
    assert_string_equal(back, "abc");
    close(fd);
    forget(&s);
}

/* One signal for the ends of many; what their ends lead to is a child like any. */
static void many_that_end_at_once_are_all_told(void **state)
{
    (void)state;
    enum { MANY = 40 };
    struct seen s[MANY] = { 0 };
    struct err err = { 0 };
    struct loop *loop = loop_new();
    struct spawn_request request = SH("exit 3");
    for (int i = 0; i < MANY; i++)
        assert_int_equal(spawn_child(loop, &request, on_done, &s[i], NULL, &err), 0);
    usleep(200 * 1000);
    loop_run(loop);
    loop_free(loop);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(s[i].calls, 1);
        assert_int_equal(s[i].result.code, 3);
        forget(&s[i]);
    }
}

static void one_that_somebody_else_reaped_is_no_good_end(void **state)
{
    (void)state;
    struct seen s = { 0 };
    struct err err = { 0 };
    struct loop *loop = loop_new();
    struct child *child = NULL;
    struct spawn_request request = SH("exit 0");
    assert_int_equal(spawn_child(loop, &request, on_done, &s, &child, &err), 0);
    assert_int_equal(waitpid(spawn_pid(child), NULL, 0), spawn_pid(child));
    loop_run(loop);
    loop_free(loop);
    assert_int_equal(s.calls, 1);
    assert_int_equal(s.result.end, SPAWN_SIGNALLED);
    assert_int_equal(s.result.signum, SIGKILL);
    forget(&s);
}

static void a_folder_that_is_not_there_starts_nothing(void **state)
{
    if (spawn_errors_are_lost())
        skip();
    (void)state;
    struct seen s = { 0 };
    struct err err = { 0 };
    struct loop *loop = loop_new();
    struct spawn_request request = SH("exit 0");
    request.cwd = "/no/such/folder";
    assert_int_equal(spawn_child(loop, &request, on_done, &s, NULL, &err), -1);
    loop_run(loop);
    loop_free(loop);
    assert_int_equal(s.calls, 0);
}

static void no_such_program_is_said_and_done_does_not_run(void **state)
{
    if (spawn_errors_are_lost())
        skip();
    (void)state;
    struct seen s = { 0 };
    struct err err = { 0 };
    struct loop *loop = loop_new();
    const char *const argv[] = { "no-such-program-here", NULL };
    struct spawn_request request = sh(argv);
    assert_int_equal(spawn_child(loop, &request, on_done, &s, NULL, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    loop_run(loop);
    loop_free(loop);
    assert_int_equal(s.calls, 0);
}

static void cancel_ends_it_and_abandon_is_silent(void **state)
{
    (void)state;
    struct seen s = { 0 };
    struct err err = { 0 };
    struct loop *loop = loop_new();
    struct child *child = NULL;
    struct spawn_request request = SH("sleep 60");
    assert_int_equal(spawn_child(loop, &request, on_done, &s, &child, &err), 0);
    spawn_cancel(child);
    assert_int_equal(s.calls, 0);
    loop_run(loop);
    assert_int_equal(s.calls, 1);
    assert_int_equal(s.result.end, SPAWN_CANCELLED);
    assert_int_equal(spawn_child(loop, &request, on_done, &s, &child, &err), 0);
    pid_t pid = spawn_pid(child);
    spawn_abandon(child);
    loop_free(loop);
    assert_int_equal(s.calls, 1);
    assert_int_equal(kill(pid, 0), -1); /* reaped */
    forget(&s);
}

static void go_on(void *ctx, const struct spawn_result *result)
{
    struct seen *s = ctx;
    struct spawn_request request = SH("sleep 60");
    s->calls++;
    assert_int_equal(result->end, SPAWN_CANCELLED);
    if (s->calls < 3)
        assert_int_equal(spawn_child(s->loop, &request, go_on, s, NULL, NULL), 0);
}

static void an_end_in_order_ends_what_children_lead_to(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct seen s = { .loop = loop_new() };
    struct spawn_request request = SH("trap '' TERM; sleep 60");
    assert_int_equal(spawn_child(s.loop, &request, go_on, &s, NULL, &err), 0);
    spawn_end_all(s.loop);
    assert_int_equal(s.calls, 3);
    loop_free(s.loop);
}

static void a_detached_child_outlives_the_loop(void **state)
{
    (void)state;
    struct seen s = { 0 };
    struct err err = { 0 };
    struct loop *loop = loop_new();
    struct child *child = NULL;
    struct spawn_request request = SH("sleep 60");
    request.detached = true;
    assert_int_equal(spawn_child(loop, &request, on_done, &s, &child, &err), 0);
    pid_t pid = spawn_pid(child);
    loop_run(loop); /* does not wait for it */
    loop_free(loop);
    assert_int_equal(kill(pid, 0), 0);
    assert_int_equal(getsid(pid), pid);
    kill(pid, SIGKILL);
    assert_int_equal(s.calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_error_and_code_come_back),
        cmocka_unit_test(environment_and_folder_are_exact),
        cmocka_unit_test(a_signal_is_told_apart_from_a_code),
        cmocka_unit_test(the_deadline_ends_the_whole_group_even_if_it_ignores_term),
        cmocka_unit_test(too_much_output_ends_the_child_too_much_error_is_cut),
        cmocka_unit_test(a_background_grandchild_does_not_delay_the_end),
        cmocka_unit_test(a_file_follows_the_input),
        cmocka_unit_test(input_that_cannot_be_written_is_no_end_of_it),
        cmocka_unit_test(a_file_shorter_than_promised_is_no_end_of_the_input),
        cmocka_unit_test(a_child_that_wants_no_more_input_is_no_error),
        cmocka_unit_test(output_can_go_to_a_file),
        cmocka_unit_test(many_that_end_at_once_are_all_told),
        cmocka_unit_test(one_that_somebody_else_reaped_is_no_good_end),
        cmocka_unit_test(a_folder_that_is_not_there_starts_nothing),
        cmocka_unit_test(no_such_program_is_said_and_done_does_not_run),
        cmocka_unit_test(cancel_ends_it_and_abandon_is_silent),
        cmocka_unit_test(an_end_in_order_ends_what_children_lead_to),
        cmocka_unit_test(a_detached_child_outlives_the_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
