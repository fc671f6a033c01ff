/* A real sshd and a transport to it: what the tests of the SSH transport share. Each program includes it
 * once. */
#ifndef SLUICE_TESTS_SSH_FIXTURE_H
#define SLUICE_TESTS_SSH_FIXTURE_H

#include "exec/transport_ssh.h"

#include "base/mem.h"
#include "io/file.h"
#include "support/runs.h"
#include "support/sshd.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static struct sshd sshd;
static struct loop *loop;
static struct transport *t;

static inline int prepare(void **state)
{
    (void)state;
    sshd_prepare(&sshd);
    return 0;
}

static inline int clear(void **state)
{
    (void)state;
    sshd_clear(&sshd);
    return 0;
}

static inline struct ssh_options options(void)
{
    static char key[256], known[256];
    snprintf(key, sizeof(key), "%s/id_ed25519", sshd.dir);
    snprintf(known, sizeof(known), "%s/known_hosts", sshd.dir);
    return (struct ssh_options){ .loop = loop,
                                 .clock = &clock_real,
                                 .name = "test",
                                 .host = "127.0.0.1",
                                 .port = sshd.port,
                                 .key_path = key,
                                 .known_hosts = known,
                                 .connect_timeout_s = 10,
                                 .max_logins_per_hour = 100 };
}

static inline void open_with(const struct ssh_options *opts)
{
    struct err err = { 0 };
    assert_int_equal(transport_ssh_new(opts, &t, &err), 0);
}

static inline void open_key(const char *name, const char *passphrase)
{
    char path[256];
    struct ssh_options opts = options();
    snprintf(path, sizeof(path), "%s/%s", sshd.dir, name);
    opts.key_path = path;
    opts.passphrase = passphrase;
    open_with(&opts);
}

static inline int start(const char *config, const char *hostkey)
{
    loop = loop_new();
    sshd_start(&sshd, config, hostkey);
    return 0;
}

static inline int start_plain(void **state)
{
    (void)state;
    return start(NULL, "host_ed25519");
}

static inline int stop(void **state)
{
    (void)state;
    transport_free(t);
    t = NULL;
    loop_free(loop);
    sshd_stop(&sshd);
    sshd.port = 0;
    return 0;
}

static inline struct transport_status status_of(void)
{
    struct transport_status status;
    transport_status(t, &status);
    return status;
}

#define WITH(test, begin) cmocka_unit_test_setup_teardown(test, begin, stop)

#endif
