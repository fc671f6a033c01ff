#include "base/hash_table.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static void null_stays_null(void **state)
{
    (void)state;
    assert_null(mem_dup_str(NULL));
    char *field = NULL;
    mem_clear_str(&field);
    mem_replace_str(&field, "a");
    mem_replace_str(&field, field);
    assert_string_equal(field, "a");
    mem_replace_str(&field, NULL);
    assert_null(field);
}

static void nothing_is_still_an_allocation(void **state)
{
    (void)state;
    auto_free void *none = mem_alloc(0);
    auto_free char *zero = mem_zalloc(3);
    auto_free void *grown = mem_grow(NULL, 0, 8);
    assert_true(none && grown && zero[2] == 0);
}

static void vec_push_keeps_what_is_there(void **state)
{
    (void)state;
    size_t *items = NULL, count = 0, cap = 0;
    for (size_t i = 0; i < 1000; i++)
        *vec_push(items, count, cap) = i;
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    assert_int_equal(count, 1000);
    free(items);
}

static void moving_leaves_nothing_behind(void **state)
{
    (void)state;
    auto_free char *a = mem_dup_bytes("xy", 2);
    auto_free char *b = move_ptr(a);
    assert_null(a);
    assert_string_equal(b, "xy");
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    {
        auto_fd int own = move_fd(fd);
        assert_true(own >= 0 && fd == -1);
        fd = own;
    }
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    assert_int_equal(errno, EBADF);
}

static void a_size_past_all_memory_ends_the_process(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        close(STDERR_FILENO);
        free(mem_grow(NULL, SIZE_MAX / 2, 4));
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

static void a_table_without_memory_says_so(void **state)
{
    (void)state;
    char said[64] = "";
    int ends[2], status = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        uthash_fatal("out of memory");
    }
    close(ends[1]);
    assert_true(read(ends[0], said, sizeof(said) - 1) > 0);
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_string_equal(said, "sluice: out of memory\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_stays_null),
        cmocka_unit_test(nothing_is_still_an_allocation),
        cmocka_unit_test(vec_push_keeps_what_is_there),
        cmocka_unit_test(moving_leaves_nothing_behind),
        cmocka_unit_test(a_size_past_all_memory_ends_the_process),
        cmocka_unit_test(a_table_without_memory_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
