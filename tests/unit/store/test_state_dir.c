#include "support/store_help.h"

#include "base/mem.h"
#include "store/state_dir.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void network_and_fuse_file_systems_are_refused_naming_the_option(void **state)
{
    static const struct {
        unsigned long type;
        const char *name;
    } bad[] = { { 0x6969, "NFS" }, { 0x65735546, "FUSE" }, { 0xff534d42, "CIFS" }, { 0x0bd00bd0, "Lustre" } };
    char warning[200];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err err = { 0 };
        assert_int_equal(state_dir_check_type(bad[i].type, "/x", warning, sizeof(warning), &err), -1);
        assert_int_equal(err.code, ERR_UNSUPPORTED);
        assert_non_null(strstr(err.text, bad[i].name));
        assert_non_null(strstr(err.text, "--state-dir"));
    }
}

static void an_overlay_is_warned_of_and_a_disk_is_fine(void **state)
{
    char warning[400];
    (void)state;
    assert_int_equal(state_dir_check_type(0x794c7630, "/x", warning, sizeof(warning), NULL), 0);
    assert_non_null(strstr(warning, "/x is on an overlay"));
    assert_int_equal(state_dir_check_type(0xef53, "/x", warning, sizeof(warning), NULL), 0);
    assert_string_equal(warning, "");
}

static void a_place_that_is_no_directory_is_refused(void **state)
{
    struct store_help h;
    struct err err = { 0 };
    char warning[200], path[128];
    (void)state;
    store_help_dir(&h);
    store_help_path(&h, "file", path, sizeof(path));
    assert_int_equal(state_file_prepare(path, &err), 0);
    assert_int_equal(state_dir_prepare(path, warning, sizeof(warning), &err), -1);
    store_help_path(&h, "file/below", path, sizeof(path));
    assert_int_equal(state_dir_prepare(path, warning, sizeof(warning), &err), -1);
    assert_int_equal(state_dir_prepare("", warning, sizeof(warning), &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    store_help_end(&h);
}

static void a_link_in_place_of_the_database_or_lock_is_refused(void **state)
{
    struct store_help h;
    struct err err = { 0 };
    char path[128];
    int fd = -1;
    (void)state;
    store_help_dir(&h);
    store_help_path(&h, "sluice.db", path, sizeof(path));
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(state_file_prepare(path, &err), -1);
    assert_int_equal(err.code, ERR_DENIED);
    store_help_path(&h, "lock", path, sizeof(path));
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(state_dir_lock(h.dir, &fd, &err), -1);
    assert_int_equal(fd, -1);
    store_help_end(&h);
}

/* A process that has the lock, for good; with a child that has it, too, for a moment. Returns once it is so.
 */
static pid_t hold(const char *dir, bool with_child)
{
    int fd = -1, ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (state_dir_lock(dir, &fd, NULL) < 0)
            _exit(1);
        pid_t child = with_child ? fork() : -1;
        if (child <= 0 && write(ready[1], "x", 1) != 1)
            _exit(1);
        if (child == 0)
            _exit(usleep(300000));
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void end(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void the_lock_goes_with_its_holder_even_by_kill(void **state)
{
    struct store_help h;
    struct err err = { 0 };
    int fd = -1;
    (void)state;
    store_help_dir(&h);
    pid_t pid = hold(h.dir, false);
    assert_int_equal(state_dir_lock(h.dir, &fd, &err), -1);
    assert_int_equal(err.code, ERR_CONFLICT);
    end(pid);
    assert_int_equal(state_dir_lock(h.dir, &fd, &err), 0);
    mem_close_fd(&fd);
    store_help_end(&h);
}

/* What a gateway killed between a child's fork and its exec leaves behind. */
static void a_child_of_a_killed_holder_is_waited_for(void **state)
{
    struct store_help h;
    int fd = -1;
    (void)state;
    store_help_dir(&h);
    end(hold(h.dir, true));
    assert_int_equal(state_dir_lock(h.dir, &fd, NULL), 0);
    mem_close_fd(&fd);
    store_help_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(network_and_fuse_file_systems_are_refused_naming_the_option),
        cmocka_unit_test(an_overlay_is_warned_of_and_a_disk_is_fine),
        cmocka_unit_test(a_place_that_is_no_directory_is_refused),
        cmocka_unit_test(a_link_in_place_of_the_database_or_lock_is_refused),
        cmocka_unit_test(the_lock_goes_with_its_holder_even_by_kill),
        cmocka_unit_test(a_child_of_a_killed_holder_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
