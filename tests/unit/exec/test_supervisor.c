#include "exec/supervisor.h"
#include "exec/supervisor_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char top[64];
static bool is_gate_broken;

/* Stands for libc's. */
ssize_t write(int fd, const void *bytes, size_t count)
{
    if (is_gate_broken && count == 1 && *(const char *)bytes == 'g') {
        errno = EPIPE;
        return -1;
    }
    return syscall(SYS_write, fd, bytes, count);
}

static int setup(void **state)
{
    (void)state;
    strncpy(top, "/tmp/sluice-sup-XXXXXX", sizeof(top) - 1);
    return mkdtemp(top) && chdir(top) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", top, (char *)NULL);
        _exit(1);
    }
    return chdir("/") < 0 || waitpid(pid, NULL, 0) < 0;
}

static void put(const char *dir, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s/%s", top, dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void make_job(const char *dir, const char *script, const char *spec)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", top, dir);
    assert_int_equal(mkdir(path, 0700), 0);
    put(dir, "script.sh", script);
    put(dir, "spec", spec);
}

static int has_file(const char *dir, const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s/%s", top, dir, name);
    return access(path, F_OK) == 0;
}

static int64_t number_in(const char *dir, const char *name, const char *key)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s/%s", top, dir, name);
    int64_t number;
    assert_int_equal(spec_number(path, key, &number), 0);
    return number;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

static void wait_for(const char *dir, const char *name)
{
    for (int i = 0; i < 3000 && !has_file(dir, name); i++)
        pause_ms(10);
    if (!has_file(dir, name))
        fail_msg("%s/%s did not come", dir, name);
}

/* As the gateway's shell does: another process, its status. */
static int supervise(const char *dir)
{
    char path[256];
    int status;
    snprintf(path, sizeof(path), "%s/%s", top, dir);
    pid_t pid = fork();
    if (pid == 0) {
        char verb[] = "supervise", *argv[] = { verb, path, NULL };
        _exit(supervisor_main(2, argv));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int exit_says(const char *dir, const char *line)
{
    char path[256], text[512];
    snprintf(path, sizeof(path), "%s/%s/exit", top, dir);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return strstr(text, line) != NULL;
}

static void exit_code_is_told(void **state)
{
    (void)state;
    make_job("a", "exit 7\n", "time_s=0\n");
    assert_int_equal(supervise("a"), 0);
    assert_true(has_file("a", "pid"));
    wait_for("a", "exit");
    assert_int_equal(number_in("a", "exit", "code"), 7);
    assert_true(exit_says("a", "how=exited"));
}

static void signal_is_told(void **state)
{
    (void)state;
    make_job("b", "kill -KILL $$\n", "time_s=0\n");
    assert_int_equal(supervise("b"), 0);
    wait_for("b", "exit");
    assert_int_equal(number_in("b", "exit", "signal"), 9);
}

static void a_payload_that_cannot_be_told_to_go_is_started_again(void **state)
{
    (void)state;
    make_job("gate", "echo x >>ran\nexit 7\n", "time_s=0\n");
    is_gate_broken = true;
    assert_int_equal(supervise("gate"), 1);
    is_gate_broken = false;
    assert_false(has_file("gate", "pid") || has_file("gate", "exit") || has_file("gate", "ran"));
    assert_int_equal(supervise("gate"), 0); /* nor is the claim there */
    wait_for("gate", "exit");
    assert_int_equal(number_in("gate", "exit", "code"), 7);
}

static void claimed_job_does_not_run_twice(void **state)
{
    (void)state;
    make_job("c", "echo ran >>ran\n", "time_s=0\n");
    assert_int_equal(supervise("c"), 0);
    assert_int_equal(supervise("c"), SUPERVISE_CLAIMED);
    wait_for("c", "exit");
    assert_int_equal(supervise("c"), SUPERVISE_CLAIMED);
    char path[256];
    struct stat st;
    snprintf(path, sizeof(path), "%s/c/ran", top);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 4);
}

static void cancelled_before_start_never_runs(void **state)
{
    (void)state;
    make_job("d", "echo ran >ran\n", "");
    char path[256];
    snprintf(path, sizeof(path), "%s/d/claim", top);
    assert_int_equal(symlink("cancelled:::", path), 0);
    assert_int_equal(supervise("d"), SUPERVISE_CLAIMED);
    assert_false(has_file("d", "ran"));
}

static void time_limit_ends_it(void **state)
{
    (void)state;
    make_job("e", "sleep 60\n", "time_s=1\n");
    assert_int_equal(supervise("e"), 0);
    wait_for("e", "exit");
    assert_true(exit_says("e", "how=timeout"));
    assert_int_equal(number_in("e", "exit", "signal"), SIGTERM);
}

static void without_its_limits_it_does_not_start(void **state)
{
    (void)state;
    char path[256];
    make_job("s", "echo ran >ran\n", "");
    snprintf(path, sizeof(path), "%s/s/spec", top);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(supervise("s"), 1);
    assert_false(has_file("s", "claim"));
    put("s", "spec", "time_s=0\n");
    assert_int_equal(supervise("s"), 0);
    wait_for("s", "exit");
    assert_true(has_file("s", "ran"));
}

static void term_to_the_supervisor_cancels(void **state)
{
    (void)state;
    make_job("f", "sleep 60\n", "time_s=0\n");
    assert_int_equal(supervise("f"), 0);
    assert_int_equal(kill((pid_t)number_in("f", "pid", "supervisor"), SIGTERM), 0);
    wait_for("f", "exit");
    assert_true(exit_says("f", "how=cancelled"));
}

static void strays_end_with_the_job(void **state)
{
    (void)state;
    make_job("g",
             "setsid sh -c 'echo $$ >stray; exec sleep 600' & \nwhile ! [ -s stray ]; do sleep 0.05; done\n",
             "");
    assert_int_equal(supervise("g"), 0);
    wait_for("g", "exit");
    char path[256], text[32] = "";
    snprintf(path, sizeof(path), "%s/g/stray", top);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof(text), file));
    fclose(file);
    assert_int_equal(kill((pid_t)strtol(text, NULL, 10), 0), -1);
}

static void descriptors_do_not_leak(void **state)
{
    (void)state;
    int fd = open("/dev/null", O_RDONLY), high = fcntl(fd, F_DUPFD, 50);
    assert_true(high >= 50);
    make_job("h", "ls /proc/self/fd | wc -l >count\n", "");
    assert_int_equal(supervise("h"), 0);
    wait_for("h", "exit");
    char path[256], text[32] = "";
    snprintf(path, sizeof(path), "%s/h/count", top);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof(text), file));
    fclose(file);
    assert_int_equal(strtol(text, NULL, 10), 4); /* 0 1 2 and ls's own */
    close(fd);
    close(high);
}

/* A gateway is killed with -9, its whole process group too, at random moments while it starts jobs; the next
 * one starts what waits. Every job runs at most once and ends with its own status. */
static void start_all(int jobs)
{
    setpgid(0, 0);
    for (int i = 0; i < jobs; i++) {
        char dir[32];
        snprintf(dir, sizeof(dir), "k%d", i);
        if (!has_file(dir, "pid"))
            (void)supervise(dir);
    }
    for (;;)
        pause();
}

/* What the tick does with a claim whose owner died before the pid file stood. */
static void drop_dead_claims(int jobs)
{
    for (int i = 0; i < jobs; i++) {
        char path[128], owner[128] = "", dir[32];
        snprintf(dir, sizeof(dir), "k%d", i);
        snprintf(path, sizeof(path), "%s/%s/claim", top, dir);
        if (readlink(path, owner, sizeof(owner) - 1) > 0 && kill((pid_t)strtol(owner, NULL, 10), 0) < 0 &&
            !has_file(dir, "pid"))
            unlink(path);
    }
}

static void killed_gateways_lose_no_status(void **state)
{
    (void)state;
    enum { JOBS = 40, KILLS = 12 };
    srand(7);
    for (int i = 0; i < JOBS; i++) {
        char dir[32], script[128];
        snprintf(dir, sizeof(dir), "k%d", i);
        snprintf(script, sizeof(script), "echo x >>ran\nsleep 0.%d\nexit %d\n", i % 5, i);
        make_job(dir, script, "time_s=0\n");
    }
    for (int round = 0; round <= KILLS; round++) {
        pid_t gateway = fork();
        if (gateway == 0)
            start_all(JOBS);
        pause_ms(rand() % 40);
        for (int i = 0; round == KILLS && i < JOBS; i++) {
            char dir[32];
            snprintf(dir, sizeof(dir), "k%d", i);
            wait_for(dir, "pid");
        }
        kill(-gateway, SIGKILL);
        kill(gateway, SIGKILL);
        waitpid(gateway, NULL, 0);
        pause_ms(20);
        drop_dead_claims(JOBS);
    }
    for (int i = 0; i < JOBS; i++) {
        char dir[32], path[128];
        struct stat st;
        snprintf(dir, sizeof(dir), "k%d", i);
        wait_for(dir, "exit");
        assert_int_equal(number_in(dir, "exit", "code"), i);
        snprintf(path, sizeof(path), "%s/%s/ran", top, dir);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_size, 2);
    }
}

static void stat_start_survives_names(void **state)
{
    (void)state;
    unsigned long long start = 0;
    const char *line = "7 (a) 9 9 ) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21";
    assert_int_equal(stat_start(line, &start), 0);
    assert_int_equal(start, 4711);
    assert_int_equal(stat_start("nothing", &start), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_code_is_told),
        cmocka_unit_test(signal_is_told),
        cmocka_unit_test(a_payload_that_cannot_be_told_to_go_is_started_again),
        cmocka_unit_test(claimed_job_does_not_run_twice),
        cmocka_unit_test(cancelled_before_start_never_runs),
        cmocka_unit_test(time_limit_ends_it),
        cmocka_unit_test(without_its_limits_it_does_not_start),
        cmocka_unit_test(term_to_the_supervisor_cancels),
        cmocka_unit_test(strays_end_with_the_job),
        cmocka_unit_test(descriptors_do_not_leak),
        cmocka_unit_test(killed_gateways_lose_no_status),
        cmocka_unit_test(stat_start_survives_names),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
