/* ssh.backend auto against a real sshd: when libssh2 is enough, and when OpenSSH takes over.
 * Covers: exec/ssh_settings. */
#include "exec/transport_auto.h"

#define TRANSPORT_NEW transport_auto_new
#include "ssh_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

static void expect_backend(const char *backend, const char *why)
{
    works();
    struct transport_status status = status_of();
    assert_string_equal(status.backend, backend);
    if (!why)
        assert_null(status.why);
    else if (!status.why || !strstr(status.why, why))
        fail_msg("\"%s\" is not in: %s", why, status.why ? status.why : "(none)");
    works();
}

static void an_ordinary_key_stays_with_libssh2(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    expect_backend("libssh2", NULL);
    assert_int_equal(sshd_log_wait(&sshd, "Accepted publickey", 1), 1);
}

static void an_rsa_key_changes_to_openssh(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    snprintf(key, sizeof(key), "%s/id_rsa", sshd.dir);
    open_with(&opts);
    expect_backend("openssh", "rsa-sha2");
}

static int start_etm(void **state)
{
    (void)state;
    return start("Ciphers aes256-ctr\nMACs hmac-sha2-256-etm@openssh.com", "host_ed25519");
}

static int start_rsa_host(void **state)
{
    (void)state;
    return start(NULL, "host_rsa");
}

static void algorithms_beyond_libssh2_change_to_openssh(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    expect_backend("openssh", "beyond libssh2");
}

static void all_runs_that_wait_come_along(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    struct answer a[6] = { { 0 } };
    for (size_t i = 0; i < 6; i++)
        runs_start(t, &a[i], "echo one");
    runs_wait(loop, a, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(a[i].err.text, "");
        assert_int_equal(a[i].end, RUN_DONE);
        assert_int_equal(a[i].calls, 1);
        runs_clear(&a[i]);
    }
    assert_int_equal(status_of().logins, 1);
}

static void an_alias_that_only_ssh_config_knows_works(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    sshd_shell("printf 'Host somewhere\\n HostName 127.0.0.1\\n Port %u\\n' > %s", sshd.port, config);
    opts.host = "somewhere";
    opts.port = 0;
    open_with(&opts);
    expect_backend("openssh", "ssh_config says hostname 127.0.0.1");
}

static void a_config_that_says_nothing_changes_nothing(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    sshd_shell("printf 'Host elsewhere\\n Port 1\\nHost *\\n ServerAliveInterval 5\\n' > %s", config);
    open_with(&opts);
    expect_backend("libssh2", NULL);
}

static void a_jump_goes_through_openssh(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    sshd_shell("printf 'Host hop\\n HostName 127.0.0.1\\n Port %u\\n IdentityFile %s\\n UserKnownHostsFile "
               "%s\\n' > %s",
               sshd.port, key, known, config);
    opts.proxy_jump = "hop";
    open_with(&opts);
    expect_backend("openssh", "proxy_jump");
    assert_int_equal(sshd_log_wait(&sshd, "Accepted publickey", 2), 2);
}

static int start_prompts(void **state)
{
    (void)state;
    return start("KbdInteractiveAuthentication yes\nPasswordAuthentication yes\n"
                 "AuthenticationMethods publickey,password",
                 "host_ed25519");
}

static void prompts_wait_for_a_person(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    struct err err = { 0 };
    open_with(&opts);
    struct answer a = runs_one(loop, t, "echo");
    assert_int_equal(a.end, RUN_NOT_SENT);
    assert_int_equal(a.err.code, ERR_AUTH);
    runs_clear(&a);
    assert_int_equal(status_of().state, LINK_NEEDS_LOGIN);
    assert_string_equal(status_of().backend, "openssh");
    assert_int_equal(transport_login(t, NULL, &err), 0);
    while (!status_of().prompt)
        loop_step(loop);
    assert_non_null(strstr(status_of().prompt, "password"));
    assert_int_equal(transport_login(t, "wrong", &err), 0);
    while (status_of().state != LINK_NEEDS_LOGIN || status_of().prompt)
        loop_step(loop);
    assert_int_equal(status_of().error_code, ERR_AUTH);
}

static void a_refused_key_is_not_tried_by_the_other(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    snprintf(key, sizeof(key), "%s/id_other", sshd.dir);
    open_with(&opts);
    struct answer a = runs_one(loop, t, "echo");
    assert_int_equal(a.end, RUN_NOT_SENT);
    assert_int_equal(a.err.code, ERR_AUTH);
    runs_clear(&a);
    assert_string_equal(status_of().backend, "libssh2");
    assert_int_equal(status_of().state, LINK_REFUSED);
}

/* Open descriptors of that file that a child would have, too. */
static unsigned inherited(int file)
{
    struct stat want, st;
    unsigned count = 0;
    assert_int_equal(fstat(file, &want), 0);
    for (int fd = 0; fd < 256; fd++)
        count += fstat(fd, &st) == 0 && st.st_ino == want.st_ino && st.st_dev == want.st_dev &&
                 !(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    return count;
}

static void a_stream_is_not_left_to_children(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    struct answer a = { 0 };
    struct err err = { 0 };
    auto_fd int file = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    assert_int_equal(write(file, "bytes", 5), 5);
    assert_int_equal(lseek(file, 0, SEEK_SET), 0);
    open_with(&opts);
    struct run_request request = runs_request(&a, "head -c 5");
    request.stream_fd = fcntl(file, F_DUPFD_CLOEXEC, 0);
    request.stream_bytes = 5;
    assert_int_equal(transport_run(t, &request, runs_done, &a, &a.run, &err), 0);
    while (!a.calls) {
        assert_int_equal(inherited(file), 0);
        loop_step(loop);
    }
    assert_string_equal(a.text, "bytes");
    runs_clear(&a);
}

static void cancelled_and_freed_runs_say_so_once(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    sshd_shell("echo '# ask it' > %s", config);
    open_with(&opts);
    struct answer a[3] = { { 0 } };
    for (size_t i = 0; i < 3; i++)
        runs_start(t, &a[i], "sleep 30");
    transport_cancel(t, a[0].run); /* while ssh_config is asked */
    while (status_of().channels < 2)
        loop_step(loop);
    transport_cancel(t, a[1].run);
    runs_wait(loop, a, 2);
    transport_free(t);
    t = NULL;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(a[i].calls, 1);
        assert_int_equal(a[i].end, RUN_CANCELLED);
        runs_clear(&a[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(an_ordinary_key_stays_with_libssh2, start_plain),
        WITH(an_rsa_key_changes_to_openssh, start_plain),
        WITH(algorithms_beyond_libssh2_change_to_openssh, start_etm),
        WITH(algorithms_beyond_libssh2_change_to_openssh, start_gcm),
        WITH(algorithms_beyond_libssh2_change_to_openssh, start_rsa_host),
        WITH(all_runs_that_wait_come_along, start_etm),
        WITH(an_alias_that_only_ssh_config_knows_works, start_plain),
        WITH(a_config_that_says_nothing_changes_nothing, start_plain),
        WITH(a_jump_goes_through_openssh, start_plain),
        WITH(prompts_wait_for_a_person, start_prompts),
        WITH(a_refused_key_is_not_tried_by_the_other, start_plain),
        WITH(a_stream_is_not_left_to_children, start_plain),
        WITH(cancelled_and_freed_runs_say_so_once, start_plain),
    };
    return cmocka_run_group_tests(tests, prepare, clear);
}
