/* A real sshd and a transport to it: what the tests of the SSH backends share. A program defines
 * TRANSPORT_NEW, its backend's constructor, and includes this once. */
#ifndef SLUICE_TESTS_SSH_FIXTURE_H
#define SLUICE_TESTS_SSH_FIXTURE_H

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
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static struct sshd sshd;
static struct loop *loop;
static struct transport *t;

static inline int prepare(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    sshd_prepare(&sshd);
    return 0;
}

static inline int clear(void **state)
{
    (void)state;
    sshd_clear(&sshd);
    return 0;
}

static char key[256], known[256], control[256], config[256];

/* Nobody's own ~/.ssh/config is read: ours is empty until a test writes it. */
static inline struct ssh_options options(void)
{
    snprintf(key, sizeof(key), "%s/id_ed25519", sshd.dir);
    snprintf(known, sizeof(known), "%s/known_hosts", sshd.dir);
    snprintf(control, sizeof(control), "%s/ctl", sshd.dir);
    snprintf(config, sizeof(config), "%s/ssh_config", sshd.dir);
    sshd_shell(": >> %s", config);
    return (struct ssh_options){ .loop = loop,
                                 .clock = &clock_real,
                                 .name = "test",
                                 .host = "127.0.0.1",
                                 .port = sshd.port,
                                 .key_path = key,
                                 .known_hosts = known,
                                 .control_dir = control,
                                 .config_file = config,
                                 .connect_timeout_s = 10,
                                 .max_logins_per_hour = 100 };
}

static inline void open_with(const struct ssh_options *opts)
{
    struct err err = { 0 };
    if (TRANSPORT_NEW(opts, &t, &err) < 0)
        fail_msg("%s", err.text);
}

static inline void open_key(const char *name, const char *passphrase)
{
    struct ssh_options opts = options();
    snprintf(key, sizeof(key), "%s/%s", sshd.dir, name);
    opts.passphrase = passphrase;
    open_with(&opts);
}

static inline int start(const char *sshd_config, const char *hostkey)
{
    loop = loop_new();
    sshd_shell("rm -rf %s/ctl %s/ssh_config", sshd.dir, sshd.dir);
    sshd_start(&sshd, sshd_config, hostkey);
    return 0;
}

static inline int start_plain(void **state)
{
    (void)state;
    return start(NULL, "host_ed25519");
}

static inline int start_gcm(void **state)
{
    (void)state;
    return start("Ciphers aes256-gcm@openssh.com", "host_ed25519");
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

static inline void works(void)
{
    struct answer a = runs_one(loop, t, "echo hello");
    assert_string_equal(a.err.text, "");
    assert_int_equal(a.end, RUN_DONE);
    assert_string_equal(a.text, "hello\n");
    runs_clear(&a);
}

#define WITH(test, begin) cmocka_unit_test_setup_teardown(test, begin, stop)

#endif
