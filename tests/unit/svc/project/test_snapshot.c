/* A job that was accepted keeps its snapshot through a power loss. */
#include "unit/svc/submit_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <sys/syscall.h>

static struct {
    int calls, tars; /* fsyncs of the spool, and the tars that had their name at the last */
    bool fails;
} spool;

static bool is_spool(int fd, char path[512])
{
    char link[64];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, 511);
    path[len > 0 ? len : 0] = '\0';
    return span_ends(span_of(path), "/spool");
}

static int count_tars(const char *path)
{
    int count = 0;
    DIR *dir = opendir(path);
    const struct dirent *entry;
    while ((entry = readdir(dir)))
        count += span_ends(span_of(entry->d_name), ".tar");
    closedir(dir);
    return count;
}

/* Stands for libc's. */
int fsync(int fd)
{
    char path[512];
    if (is_spool(fd, path)) {
        spool.calls++;
        spool.tars = count_tars(path);
        errno = EIO;
        if (spool.fails)
            return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

static void a_tar_has_its_name_on_disk_before_the_job_is_stored(void **state)
{
    struct fixture *f = *state;
    struct seen first = { 0 }, again = { 0 };
    make_project(f, project_yaml);
    spool.calls = spool.tars = 0;
    ask_and_wait(f, SUBMIT_REAL, with_secret, &first);
    assert_true(first.answer.ok);
    assert_int_equal(spool.calls, 1);
    assert_int_equal(spool.tars, 1);
    ask_and_wait(f, SUBMIT_REAL, with_secret, &again); /* has a name already */
    assert_int_equal(spool.calls, 1);
}

static void a_name_that_may_not_last_is_no_snapshot(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    make_project(f, project_yaml);
    spool.fails = true;
    ask_and_wait(f, SUBMIT_REAL, with_secret, &seen);
    spool.fails = false;
    assert_false(seen.answer.ok);
    assert_non_null(strstr(seen.text, "the folder of"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_tar_has_its_name_on_disk_before_the_job_is_stored),
        TEST(a_name_that_may_not_last_is_no_snapshot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
