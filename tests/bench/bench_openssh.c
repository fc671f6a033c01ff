/* The OpenSSH backend and logins, turn by turn on one server: a warm command by our openssh backend, by our
 * libssh2 one, and by an `ssh` process through a ControlMaster; then login + first command by libssh2 against
 * a fresh `ssh`. Prints medians and ratios.
 *
 * Usage: bench_openssh [ROUNDS]; starts an sshd of its own. */
#include "base/mem.h"
#include "exec/run.h"
#include "exec/transport_openssh.h"
#include "exec/transport_ssh.h"
#include "support/figure.h"
#include "support/runs.h"
#include "support/sshd.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { WARM_UP = 10, LOGIN_ROUNDS = 15 };

static struct sshd sshd;
static struct loop *loop;
static char key[256], known[256], control[256], config[256], person[256], port[16];

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double median(int64_t *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare);
    return (double)values[count / 2];
}

static struct ssh_options options(void)
{
    return (struct ssh_options){ .loop = loop,
                                 .clock = &clock_real,
                                 .name = "bench",
                                 .host = "127.0.0.1",
                                 .port = sshd.port,
                                 .key_path = key,
                                 .known_hosts = known,
                                 .control_dir = control,
                                 .config_file = config,
                                 .max_logins_per_hour = 200 };
}

static int64_t time_ours(struct transport *t)
{
    int64_t start = clock_mono_us(&clock_real);
    struct answer answer = runs_one(loop, t, "/bin/true");
    int64_t took = clock_mono_us(&clock_real) - start;
    assert_string_equal(answer.err.text, "");
    assert_int_equal(answer.end, RUN_DONE);
    runs_clear(&answer);
    return took;
}

/* An `ssh` process that does what we do (program on stdin, answer by marker); socket NULL: a fresh login. */
static int64_t time_ssh(const char *socket)
{
    char known_option[300];
    struct answer answer = { 0 };
    struct run run = { 0 };
    struct err err = { 0 };
    int in[2], status = -1;
    struct run_request request = runs_request(&answer, "/bin/true");
    assert_int_equal(run_init(&run, &request, &(struct run_place){ 0 }, &clock_real, &err), 0);
    snprintf(known_option, sizeof(known_option), "UserKnownHostsFile=%s", known);
    const char *const argv[] = { "ssh",
                                 "-F",
                                 config,
                                 "-i",
                                 key,
                                 "-p",
                                 port,
                                 "-o",
                                 known_option,
                                 "-S",
                                 socket ? socket : "none",
                                 "--",
                                 "127.0.0.1",
                                 str_text(&run.exec),
                                 NULL };
    int64_t start = clock_mono_us(&clock_real);
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(in[0], 0);
        dup2(null, 1);
        dup2(null, 2);
        execvp("ssh", (char **)(uintptr_t)argv);
        _exit(127);
    }
    assert_int_equal(write(in[1], run.input.buf, run.input.len), (ssize_t)run.input.len);
    close(in[1]);
    close(in[0]);
    waitpid(pid, &status, 0);
    int64_t took = clock_mono_us(&clock_real) - start;
    assert_int_equal(status, 0);
    run_clear(&run);
    runs_clear(&answer);
    return took;
}

static void warm_commands(size_t rounds)
{
    struct ssh_options opts = options();
    struct transport *ssh = NULL, *openssh = NULL;
    struct err err = { 0 };
    int64_t *a = mem_alloc(rounds * sizeof(*a)), *b = mem_alloc(rounds * sizeof(*b)),
            *c = mem_alloc(rounds * sizeof(*c));
    assert_int_equal(transport_ssh_new(&opts, &ssh, &err), 0);
    assert_int_equal(transport_openssh_new(&opts, &openssh, &err), 0);
    sshd_shell("ssh -F %s -i %s -p %s -o UserKnownHostsFile=%s -S %s -M -f -N 127.0.0.1 2>/dev/null", config,
               key, port, known, person);
    for (size_t i = 0; i < rounds + WARM_UP; i++) {
        size_t at = i < WARM_UP ? 0 : i - WARM_UP;
        a[at] = time_ours(openssh);
        b[at] = time_ours(ssh);
        c[at] = time_ssh(person);
    }
    double by_openssh = median(a, rounds), by_libssh2 = median(b, rounds), by_process = median(c, rounds);
    printf("warm command: openssh backend %.0f us, libssh2 backend %.0f us, ssh through a ControlMaster %.0f "
           "us\n",
           by_openssh, by_libssh2, by_process);
    figure_at_most("warm command: openssh / libssh2 backend", by_openssh / by_libssh2, 1.15, "x");
    figure_at_most("warm command: libssh2 backend / ssh via ControlMaster", by_libssh2 / by_process, 0.4,
                   "x");
    figure_at_most("warm command: openssh backend / ssh via ControlMaster", by_openssh / by_process, 0.4,
                   "x");
    sshd_shell("ssh -S %s -O exit x 2>/dev/null", person);
    transport_free(ssh);
    transport_free(openssh);
    free(a);
    free(b);
    free(c);
}

static int64_t time_login(void)
{
    struct ssh_options opts = options();
    struct transport *ssh = NULL;
    struct err err = { 0 };
    int64_t start = clock_mono_us(&clock_real);
    assert_int_equal(transport_ssh_new(&opts, &ssh, &err), 0);
    time_ours(ssh);
    int64_t took = clock_mono_us(&clock_real) - start;
    transport_free(ssh);
    return took;
}

static void logins(void)
{
    int64_t ours[LOGIN_ROUNDS], theirs[LOGIN_ROUNDS];
    for (size_t i = 0; i < LOGIN_ROUNDS; i++) {
        ours[i] = time_login();
        theirs[i] = time_ssh(NULL);
    }
    double a = median(ours, LOGIN_ROUNDS), b = median(theirs, LOGIN_ROUNDS);
    printf("login + first command: libssh2 backend %.0f us, fresh ssh %.0f us\n", a, b);
    figure_at_most("login + first command: ours / fresh ssh", a / b, 0.25, "x");
}

static void bench(void **state)
{
    sshd_prepare(&sshd);
    sshd_start(&sshd, NULL, "host_ed25519");
    loop = loop_new();
    snprintf(key, sizeof(key), "%s/id_ed25519", sshd.dir);
    snprintf(known, sizeof(known), "%s/known_hosts", sshd.dir);
    snprintf(control, sizeof(control), "%s/ctl", sshd.dir);
    snprintf(config, sizeof(config), "%s/ssh_config", sshd.dir);
    snprintf(person, sizeof(person), "%s/person", sshd.dir);
    snprintf(port, sizeof(port), "%u", sshd.port);
    sshd_shell(": > %s", config);
    warm_commands(*(const size_t *)*state);
    logins();
    loop_free(loop);
    sshd_clear(&sshd);
}

int main(int argc, char **argv)
{
    static size_t rounds;
    uint64_t wanted = 100;
    if (argc > 1 && (!span_u64(span_of(argv[1]), &wanted) || !wanted))
        return 2;
    rounds = wanted;
    const struct CMUnitTest tests[] = { cmocka_unit_test_prestate(bench, &rounds) };
    return cmocka_run_group_tests_name("bench_openssh", tests, NULL, NULL);
}
