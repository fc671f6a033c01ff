/* The sh supervisor alone: what its files say after each kind of end. */
#include "exec/supervisor_sh.h"

#include "base/mem.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[64];

static void put(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    fclose(file);
}

/* "" where there is none. */
static const char *get(const char *name)
{
    static char text[1024];
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *file = fopen(path, "r");
    size_t n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
    text[n] = '\0';
    if (file)
        fclose(file);
    return text;
}

static long number(const char *name, const char *key)
{
    const char *text = get(name), *at = strstr(text, key);
    return at ? strtol(at + strlen(key), NULL, 10) : -1;
}

static int begin(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/sluice-sh-XXXXXX");
    assert_non_null(mkdtemp(dir));
    put("supervise.sh", supervisor_sh);
    put("spec", "gpus=0\ncpus=1\npriority=0\ntime_s=0\n");
    return 0;
}

static int end(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", dir, (char *)NULL);
        _exit(1);
    }
    waitpid(pid, NULL, 0);
    return 0;
}

static pid_t supervise(const char *gpus)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/supervise.sh", dir);
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        execlp("sh", "sh", path, dir, gpus ? "gpus" : (char *)NULL, gpus, (char *)NULL);
        _exit(126);
    }
    return pid;
}

static int ended(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void wait_for(const char *name)
{
    for (int i = 0; i < 6000 && !*get(name); i++)
        nanosleep(&(struct timespec){ .tv_nsec = 10 * 1000 * 1000 }, NULL);
    assert_true(*get(name) != '\0');
}

static void exit_says(const char *what)
{
    if (!strstr(get("exit"), what))
        fail_msg("\"%s\" is not in: %s (log: %s)", what, get("exit"), get("process.log"));
}

static void an_exit_code_is_kept_with_its_times(void **state)
{
    (void)state;
    put("script.sh", "echo \"${CUDA_VISIBLE_DEVICES-none} ${supervisor-unset}\" >seen; exit 7\n");
    assert_int_equal(ended(supervise("0,2")), 0);
    assert_int_equal(strncmp(get("exit"), "code=7 started=", 15), 0);
    exit_says("attempt=1 how=exited\n");
    assert_string_equal(get("seen"), "0,2 unset\n");
    assert_true(number("pid", "pid=") > 0);
    assert_non_null(strstr(get("pid"), "\ngpus=0,2\n"));
}

static void a_signal_is_told_from_an_exit_code(void **state)
{
    (void)state;
    put("script.sh", "kill -KILL $$\n");
    assert_int_equal(ended(supervise(NULL)), 0);
    exit_says("signal=9 ");
}

static void a_high_exit_code_of_the_script_itself_is_no_signal(void **state)
{
    (void)state;
    put("script.sh", "echo code=137 >exit.payload; exit 137\n");
    assert_int_equal(ended(supervise(NULL)), 0);
    exit_says("code=137 ");
}

static void without_its_limits_it_does_not_start(void **state)
{
    (void)state;
    char path[128];
    put("script.sh", "echo ran >ran\n");
    snprintf(path, sizeof(path), "%s/spec", dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(ended(supervise(NULL)), 1);
    assert_string_equal(get("ran"), "");
    put("spec", "time_s=0\n");
    assert_int_equal(ended(supervise(NULL)), 0); /* it left no claim */
    assert_string_equal(get("ran"), "ran\n");
}

static void a_second_supervisor_runs_nothing(void **state)
{
    (void)state;
    put("script.sh", "echo ran >>ran; sleep 0.3\n");
    pid_t first = supervise(NULL);
    wait_for("ran");
    assert_int_equal(ended(supervise(NULL)), 3);
    assert_int_equal(ended(first), 0);
    assert_string_equal(get("ran"), "ran\n");
}

static void the_time_limit_ends_it(void **state)
{
    (void)state;
    put("spec", "time_s=1\n");
    put("script.sh", "echo on >on; sleep 60\n");
    assert_int_equal(ended(supervise(NULL)), 0);
    exit_says("how=timeout");
    pid_t group = (pid_t)number("pid", "pid=");
    for (int i = 0; i < 500 && kill(-group, 0) == 0; i++)
        usleep(10000); /* until its parent has reaped the last of them */
    assert_true(kill(-group, 0) < 0);
}

static void a_cancel_lets_the_script_say_its_last_word(void **state)
{
    (void)state;
    put("script.sh", "trap 'echo bye >last; exit 5' TERM; echo on >on; while :; do sleep 0.05; done\n");
    pid_t pid = supervise(NULL);
    wait_for("on");
    kill(pid, SIGTERM);
    assert_int_equal(ended(pid), 0);
    exit_says("code=5 ");
    exit_says("how=cancelled");
    assert_string_equal(get("last"), "bye\n");
}

static void other_signals_end_nothing(void **state)
{
    (void)state;
    put("script.sh", "echo on >on; sleep 0.5; exit 4\n");
    pid_t pid = supervise(NULL);
    wait_for("on");
    kill(pid, SIGHUP);
    kill(pid, SIGINT);
    assert_int_equal(ended(pid), 0);
    exit_says("code=4 ");
}

static void what_the_payload_left_behind_is_ended(void **state)
{
    (void)state;
    put("script.sh", "sleep 61 & echo $! >left; exit 0\n");
    assert_int_equal(ended(supervise(NULL)), 0);
    exit_says("code=0 ");
    pid_t left = (pid_t)strtol(get("left"), NULL, 10);
    for (int i = 0; i < 100 && kill(left, 0) == 0; i++)
        nanosleep(&(struct timespec){ .tv_nsec = 10 * 1000 * 1000 }, NULL);
    char path[64], line[256] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)left);
    FILE *file = fopen(path, "r");
    if (file && fgets(line, sizeof(line), file))
        assert_non_null(strstr(line, ") Z "));
    if (file)
        fclose(file);
}

static void a_dead_supervisor_leaves_the_payload_alone(void **state)
{
    (void)state;
    put("script.sh", "echo on >on; sleep 0.3; echo done >finished\n");
    pid_t pid = supervise(NULL);
    wait_for("on");
    kill(pid, SIGKILL);
    assert_int_equal(ended(pid), -SIGKILL);
    wait_for("finished");
    assert_string_equal(get("exit"), "");
}

static void unlink_in_dir(const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    assert_int_equal(unlink(path), 0);
}

/* Killed while its payload's pid file was on its way to a slow disk, it is taken for one that never began:
 * its claim is removed and another follows. */
static void a_start_that_was_given_up_does_not_run_beside_the_next(void **state)
{
    (void)state;
    char path[4096 + sizeof(dir)], sync[128];
    auto_free char *before = mem_dup_str(getenv("PATH"));
    snprintf(path, sizeof(path), "%s:%s", dir, before);
    snprintf(sync, sizeof(sync), "%s/sync", dir);
    put("sync", "#!/bin/sh\necho sync >>syncs\nwhile [ -e hold ]; do sleep 0.02; done\n");
    assert_int_equal(chmod(sync, 0700), 0);
    put("hold", "");
    put("script.sh", "echo ran >>ran; sleep 0.5\n");
    setenv("PATH", path, 1);
    pid_t first = supervise(NULL);
    wait_for("syncs");
    kill(first, SIGKILL);
    assert_int_equal(ended(first), -SIGKILL);
    assert_string_equal(get("pid"), "");
    unlink_in_dir("claim");
    unlink_in_dir("syncs");
    pid_t second = supervise(NULL);
    wait_for("syncs");
    unlink_in_dir("hold");
    assert_int_equal(ended(second), 0);
    setenv("PATH", before, 1);
    exit_says("code=0 ");
    assert_string_equal(get("ran"), "ran\n");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(an_exit_code_is_kept_with_its_times),
        T(a_signal_is_told_from_an_exit_code),
        T(a_high_exit_code_of_the_script_itself_is_no_signal),
        T(a_start_that_was_given_up_does_not_run_beside_the_next),
        T(without_its_limits_it_does_not_start),
        T(a_second_supervisor_runs_nothing),
        T(the_time_limit_ends_it),
        T(a_cancel_lets_the_script_say_its_last_word),
        T(other_signals_end_nothing),
        T(what_the_payload_left_behind_is_ended),
        T(a_dead_supervisor_leaves_the_payload_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
