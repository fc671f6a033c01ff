/* One warm command over our transport against a bare, blocking libssh2 loop on the same server: prints
 * medians and their ratio. The bare loop does what we do (program on stdin, answer by marker) and what its
 * examples do: open, exec, write, read to the end, close.
 *
 * Usage: bench_ssh [ROUNDS]; starts an sshd of its own. */
#include "base/mem.h"
#include "exec/run.h"
#include "exec/transport_ssh.h"
#include "support/figure.h"
#include "support/runs.h"
#include "support/sshd.h"

#include <libssh2.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

enum { WARM_UP = 20 };

static int64_t now_us(void)
{
    return clock_mono_us(&clock_real);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t median(int64_t *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare);
    return values[count / 2];
}

static struct ssh_options options_of(struct sshd *sshd, struct loop *loop, char *key, char *known,
                                     size_t size)
{
    snprintf(key, size, "%s/id_ed25519", sshd->dir);
    snprintf(known, size, "%s/known_hosts", sshd->dir);
    return (struct ssh_options){ .loop = loop,
                                 .clock = &clock_real,
                                 .name = "bench",
                                 .host = "127.0.0.1",
                                 .port = sshd->port,
                                 .key_path = key,
                                 .known_hosts = known };
}

struct bare {
    int fd;
    LIBSSH2_SESSION *session;
};

static void bare_open(struct bare *b, struct sshd *sshd, const char *user)
{
    struct sockaddr_in addr = { .sin_family = AF_INET,
                                .sin_addr = { htonl(INADDR_LOOPBACK) },
                                .sin_port = htons((uint16_t)sshd->port) };
    int one = 1;
    b->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(b->fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    setsockopt(b->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    b->session = libssh2_session_init();
    libssh2_session_method_pref(b->session, LIBSSH2_METHOD_HOSTKEY, "ssh-ed25519");
    assert_int_equal(libssh2_session_handshake(b->session, b->fd), 0);
    assert_int_equal(
        libssh2_userauth_publickey_fromfile(b->session, user, NULL, sshd_path(sshd, "id_ed25519"), NULL), 0);
}

static void bare_command(struct bare *b, const struct run *run)
{
    char buf[32768];
    ssize_t n;
    LIBSSH2_CHANNEL *channel = libssh2_channel_open_session(b->session);
    libssh2_channel_exec(channel, run->exec.buf);
    libssh2_channel_write(channel, run->input.buf, run->input.len);
    libssh2_channel_send_eof(channel);
    do {
        n = libssh2_channel_read(channel, buf, sizeof(buf));
    } while (n > 0);
    libssh2_channel_close(channel);
    libssh2_channel_free(channel);
}

static int64_t time_bare(struct bare *b)
{
    struct answer answer = { 0 };
    struct run run = { 0 };
    struct err err;
    struct run_request request = runs_request(&answer, "/bin/true");
    assert_int_equal(run_init(&run, &request, &(struct run_place){ 0 }, &clock_real, &err), 0);
    int64_t start = now_us();
    bare_command(b, &run);
    int64_t took = now_us() - start;
    run_clear(&run);
    runs_clear(&answer);
    return took;
}

static int64_t time_ours(struct loop *loop, struct transport *t)
{
    int64_t start = now_us();
    struct answer answer = runs_one(loop, t, "/bin/true");
    int64_t took = now_us() - start;
    assert_int_equal(answer.end, RUN_DONE);
    runs_clear(&answer);
    return took;
}

/* Turn by turn, so that a busy moment of the machine hits both. */
static void compare_both(struct sshd *sshd, size_t rounds)
{
    char key[256], known[256];
    struct loop *loop = loop_new();
    struct ssh_options options = options_of(sshd, loop, key, known, sizeof(key));
    struct transport *t = NULL;
    struct err err = { 0 };
    struct bare bare;
    int64_t *ours = mem_alloc(rounds * sizeof(*ours)), *theirs = mem_alloc(rounds * sizeof(*theirs));
    assert_int_equal(transport_ssh_new(&options, &t, &err), 0);
    bare_open(&bare, sshd, getuid() == 0 ? "root" : getlogin());
    for (size_t i = 0; i < rounds + WARM_UP; i++) {
        size_t at = i < WARM_UP ? 0 : i - WARM_UP;
        ours[at] = time_ours(loop, t);
        theirs[at] = time_bare(&bare);
    }
    int64_t a = median(ours, rounds), b = median(theirs, rounds);
    printf("warm command: ours %lld us, bare libssh2 %lld us, p99 %lld / %lld us\n", (long long)a,
           (long long)b, (long long)ours[rounds * 99 / 100], (long long)theirs[rounds * 99 / 100]);
    figure_at_most("warm command: ours / bare libssh2 exec", (double)a / (double)b, 1.1, "x");
    transport_free(t);
    loop_free(loop);
    libssh2_session_disconnect(bare.session, "bye");
    libssh2_session_free(bare.session);
    close(bare.fd);
    free(ours);
    free(theirs);
}

static void bench(void **state)
{
    struct sshd sshd;
    sshd_prepare(&sshd);
    sshd_start(&sshd, NULL, "host_ed25519");
    compare_both(&sshd, *(const size_t *)*state);
    sshd_clear(&sshd);
}

int main(int argc, char **argv)
{
    static size_t rounds;
    uint64_t wanted = 300;
    if (argc > 1 && (!span_u64(span_of(argv[1]), &wanted) || !wanted))
        return 2;
    rounds = wanted;
    const struct CMUnitTest tests[] = { cmocka_unit_test_prestate(bench, &rounds) };
    return cmocka_run_group_tests_name("bench_ssh", tests, NULL, NULL);
}
