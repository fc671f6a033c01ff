#include "io/file.h"

#include "base/mem.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[64];
static char path_buf[256];

static const char *at(const char *name)
{
    snprintf(path_buf, sizeof(path_buf), "%s/%s", dir, name);
    return path_buf;
}

static int make_dir(void **state)
{
    (void)state;
    strncpy(dir, "/tmp/sluice-file.XXXXXX", sizeof(dir) - 1);
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    char cmd[128];
    snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
    return system(cmd);
}

static void write_then_read_gives_the_same_bytes_and_mode(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct stat st;
    auto_str struct str text = STR_MAX(0);
    assert_int_equal(file_write(at("a"), (struct span){ "x\0y", 3 }, 0600, &err), 0);
    assert_int_equal(file_write(at("a"), (struct span){ "z\0yy", 4 }, 0640, &err), 0);
    assert_int_equal(file_read(at("a"), 4, &text, &err), 0);
    assert_int_equal(text.len, 4);
    assert_memory_equal(text.buf, "z\0yy", 4);
    assert_int_equal(stat(at("a"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

static void read_refuses_what_is_larger_missing_or_no_file(void **state)
{
    (void)state;
    struct err err = { 0 };
    auto_str struct str text = STR_MAX(0);
    assert_int_equal(file_write(at("a"), SPAN_LIT("12345"), 0600, &err), 0);
    assert_int_equal(file_read(at("a"), 4, &text, &err), -1);
    assert_int_equal(err.code, ERR_TOO_LARGE);
    assert_int_equal(file_read(at("none"), 4, &text, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "none"));
    assert_int_equal(file_read(dir, 4, &text, &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    assert_int_equal(mkfifo(at("fifo"), 0600), 0);
    assert_int_equal(file_read(at("fifo"), 4, &text, &err), -1);
    assert_int_equal(text.len, 0);
}

static void append_adds_at_the_end(void **state)
{
    (void)state;
    struct err err = { 0 };
    auto_str struct str text = STR_MAX(0);
    assert_int_equal(file_append(at("log"), SPAN_LIT("one\n"), 0600, &err), 0);
    assert_int_equal(file_append(at("log"), SPAN_LIT("two\n"), 0600, &err), 0);
    assert_int_equal(file_read(at("log"), 100, &text, &err), 0);
    assert_string_equal(text.buf, "one\ntwo\n");
}

static void make_dirs_makes_parents_and_names_what_is_in_the_way(void **state)
{
    (void)state;
    struct err err = { 0 };
    assert_int_equal(file_make_dirs(at("p/q/r"), 0700, &err), 0);
    assert_int_equal(file_make_dirs(at("p/q/r"), 0700, &err), 0);
    assert_true(file_exists(at("p/q/r")));
    assert_int_equal(file_write(at("f"), SPAN_LIT(""), 0600, &err), 0);
    assert_int_equal(file_make_dirs(at("f/x"), 0700, &err), -1);
    assert_non_null(strstr(err.text, "/f"));
    assert_false(file_exists(at("f/x")));
}

static void a_second_lock_is_a_conflict_until_the_first_is_closed(void **state)
{
    (void)state;
    struct err err = { 0 };
    int first, second;
    assert_int_equal(file_lock(at("lock"), &first, &err), 0);
    assert_int_equal(file_lock(at("lock"), &second, &err), -1);
    assert_int_equal(err.code, ERR_CONFLICT);
    close(first);
    assert_int_equal(file_lock(at("lock"), &second, &err), 0);
    close(second);
}

static void a_temporary_file_has_no_name(void **state)
{
    (void)state;
    struct err err = { 0 };
    int fd;
    assert_int_equal(file_temp(dir, &fd, &err), 0);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_nlink, 0);
    close(fd);
    assert_int_equal(file_temp("/nowhere", &fd, &err), -1);
}

/* A disk with so much room: file_write_fd's writes go through this one. */
static int disk_fd = -1;
static size_t disk_room;
ssize_t write(int fd, const void *bytes, size_t count)
{
    if (fd == disk_fd && !disk_room) {
        errno = ENOSPC;
        return -1;
    }
    if (fd == disk_fd) {
        count = count < disk_room ? count : disk_room;
        disk_room -= count;
    }
    return syscall(SYS_write, fd, bytes, count);
}

static void what_a_disk_takes_in_part_is_all_or_has_a_cause(void **state)
{
    (void)state;
    struct err err = { 0 };
    char text[8] = "";
    assert_int_equal(file_temp(NULL, &disk_fd, &err), 0);
    disk_room = 3;
    errno = ENOENT;
    assert_int_equal(file_write_fd(disk_fd, SPAN_LIT("hello")), -1);
    assert_int_equal(errno, ENOSPC);
    disk_room = 100;
    assert_int_equal(file_write_fd(disk_fd, SPAN_LIT("lo")), 0);
    assert_int_equal(pread(disk_fd, text, sizeof(text), 0), 5);
    assert_string_equal(text, "hello");
    close(disk_fd);
    disk_fd = -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(write_then_read_gives_the_same_bytes_and_mode, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(read_refuses_what_is_larger_missing_or_no_file, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(append_adds_at_the_end, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(make_dirs_makes_parents_and_names_what_is_in_the_way, make_dir,
                                        remove_dir),
        cmocka_unit_test_setup_teardown(a_second_lock_is_a_conflict_until_the_first_is_closed, make_dir,
                                        remove_dir),
        cmocka_unit_test_setup_teardown(a_temporary_file_has_no_name, make_dir, remove_dir),
        cmocka_unit_test(what_a_disk_takes_in_part_is_all_or_has_a_cause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
