/* The openssh backend against a real sshd: what libssh2 cannot log in to, masters of people, prompts.
 * Covers: exec/mux_session, exec/mux_socket, exec/openssh_master, exec/openssh_dir, exec/openssh_spawn,
 * exec/askpass, exec/transport. */
#include "exec/transport_openssh.h"

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

static int prepare(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    sshd_prepare(&sshd);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    sshd_clear(&sshd);
    return 0;
}

static char key[256], known[256], control[256], config[256];

static struct ssh_options options(void)
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

static void open_with(const struct ssh_options *opts)
{
    struct err err = { 0 };
    if (transport_openssh_new(opts, &t, &err) < 0)
        fail_msg("%s", err.text);
}

static int start(const char *sshd_config, const char *hostkey)
{
    loop = loop_new();
    sshd_shell("rm -rf %s/ctl %s/ssh_config", sshd.dir, sshd.dir);
    sshd_start(&sshd, sshd_config, hostkey);
    return 0;
}

static int start_plain(void **state)
{
    (void)state;
    return start(NULL, "host_ed25519");
}

static int stop(void **state)
{
    (void)state;
    transport_free(t);
    t = NULL;
    loop_free(loop);
    sshd_stop(&sshd);
    sshd.port = 0;
    return 0;
}

static struct transport_status status_of(void)
{
    struct transport_status status;
    transport_status(t, &status);
    return status;
}

static void works(void)
{
    struct answer a = runs_one(loop, t, "echo hello");
    assert_string_equal(a.err.text, "");
    assert_int_equal(a.end, RUN_DONE);
    assert_string_equal(a.text, "hello\n");
    runs_clear(&a);
}

static void refused_with(enum err_code code, const char *word)
{
    struct answer a = runs_one(loop, t, "echo");
    assert_int_equal(a.end, RUN_NOT_SENT);
    if (!strstr(a.err.text, word))
        fail_msg("\"%s\" is not in: %s", word, a.err.text);
    assert_int_equal(a.err.code, code);
    runs_clear(&a);
}

static void output_comes_back_byte_for_byte_with_its_status(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    struct answer a = runs_one(loop, t, "printf 'a\\0b\\n\\nc'; echo noise >&2; exit 5");
    assert_string_equal(a.err.text, "");
    assert_int_equal(a.end, RUN_DONE);
    assert_int_equal(a.rc, 5);
    assert_int_equal(a.len, 6);
    assert_memory_equal(a.text, "a\0b\n\nc", 6);
    runs_clear(&a);
    assert_int_equal(status_of().state, LINK_UP);
    assert_int_equal(status_of().logins, 1);
    a = runs_one(loop, t, "yes 0123456789 | head -c 20000000");
    assert_int_equal(a.end, RUN_DONE);
    assert_int_equal(a.len, 20000000);
    runs_clear(&a);
    assert_int_equal(status_of().logins, 1);
}

static void run_many(size_t count)
{
    struct answer *a = mem_zalloc(count * sizeof(*a));
    char body[64];
    for (size_t i = 0; i < count; i++) {
        snprintf(body, sizeof(body), "echo %zu", i);
        runs_start(t, &a[i], body);
    }
    bool is_bounded = true;
    while (!a[count - 1].calls) {
        loop_step(loop);
        is_bounded = is_bounded && status_of().channels <= 4;
    }
    runs_wait(loop, a, count);
    assert_true(is_bounded);
    for (size_t i = 0; i < count; i++) {
        snprintf(body, sizeof(body), "%zu\n", i);
        assert_string_equal(a[i].err.text, "");
        assert_int_equal(a[i].end, RUN_DONE);
        assert_string_equal(a[i].text, body);
        assert_int_equal(a[i].calls, 1);
        runs_clear(&a[i]);
    }
    free(a);
    assert_int_equal(status_of().logins, 1);
}

static void fifty_runs_share_four_sessions(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    run_many(50);
}

static int start_two_sessions(void **state)
{
    (void)state;
    return start("MaxSessions 2", "host_ed25519");
}

static void refused_sessions_wait_and_break_nothing(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    run_many(20);
    assert_true(sshd_log_count(&sshd, "no more sessions") > 0);
    assert_int_equal(sshd_log_wait(&sshd, "Accepted publickey", 1), 1);
}

static void a_stream_of_50_mb_arrives_whole(void **state)
{
    (void)state;
    enum { BYTES = 50 * 1000 * 1000 };
    struct ssh_options opts = options();
    open_with(&opts);
    struct err err;
    int fd = -1;
    assert_int_equal(file_temp(NULL, &fd, &err), 0);
    assert_int_equal(ftruncate(fd, BYTES), 0);
    struct answer a = { 0 };
    struct run_request request = runs_request(&a, "wc -c");
    request.stream_fd = fd;
    request.stream_bytes = BYTES;
    assert_int_equal(transport_run(t, &request, runs_done, &a, NULL, &err), 0);
    runs_wait(loop, &a, 1);
    assert_string_equal(a.err.text, "");
    assert_string_equal(a.text, "50000000\n");
    runs_clear(&a);
}

static void a_deadline_ends_the_run_and_not_the_connection(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    works();
    struct answer a = { 0 };
    struct run_request request = runs_request(&a, "sleep 30");
    struct err err;
    request.timeout_ms = 300;
    assert_int_equal(transport_run(t, &request, runs_done, &a, NULL, &err), 0);
    runs_wait(loop, &a, 1);
    assert_int_equal(a.end, RUN_TIMEOUT);
    runs_clear(&a);
    works();
    assert_int_equal(status_of().logins, 1);
}

static void cancelled_and_freed_runs_say_so_once(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    works();
    struct answer a[3] = { { 0 } };
    for (size_t i = 0; i < 3; i++)
        runs_start(t, &a[i], "sleep 30");
    while (status_of().channels < 3)
        loop_step(loop);
    transport_cancel(t, a[0].run);
    runs_wait(loop, a, 1);
    assert_int_equal(a[0].end, RUN_CANCELLED);
    transport_free(t);
    t = NULL;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(a[i].calls, 1);
        assert_int_equal(a[i].end, RUN_CANCELLED);
        runs_clear(&a[i]);
    }
    struct ssh_options again = options();
    open_with(&again);
}

static void a_killed_server_cuts_what_was_sent_and_the_next_run_logs_in_again(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    works();
    struct answer a = { 0 };
    /* Its shell stands still: nothing can say an end, whatever dies first. */
    runs_start(t, &a, "kill -STOP $$; sleep 20");
    while (status_of().channels == 0)
        loop_step(loop);
    works();
    sshd_stop(&sshd);
    runs_wait(loop, &a, 1);
    assert_int_equal(a.end, RUN_CUT);
    runs_clear(&a);
    while (status_of().state == LINK_UP)
        loop_step(loop);
    sshd_start(&sshd, NULL, "host_ed25519");
    works();
    assert_int_equal(status_of().logins, 2);
}

static void an_unreachable_server_means_not_sent_and_back_off(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    sshd_stop(&sshd);
    refused_with(ERR_OFFLINE, "onnection refused");
    assert_int_equal(status_of().state, LINK_BACKOFF);
    refused_with(ERR_OFFLINE, "next try in");
    sshd_start(&sshd, NULL, "host_ed25519");
    transport_reconnect(t);
    works();
}

static void a_key_the_server_does_not_know_stops_everything(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    char other[256];
    snprintf(other, sizeof(other), "%s/id_other", sshd.dir);
    opts.key_path = other;
    open_with(&opts);
    refused_with(ERR_AUTH, "Permission denied");
    assert_int_equal(status_of().state, LINK_REFUSED);
    assert_int_equal(status_of().login_failures, 1);
    refused_with(ERR_AUTH, "no retry until reconnect");
    assert_int_equal(status_of().login_failures, 1);
}

static void a_changed_host_key_is_refused(void **state)
{
    (void)state;
    sshd_shell("printf '[127.0.0.1]:%u %%s\\n' \"$(cut -d' ' -f1,2 %s/id_other.pub)\" > %s/known_hosts",
               sshd.port, sshd.dir, sshd.dir);
    struct ssh_options opts = options();
    open_with(&opts);
    refused_with(ERR_AUTH, "IDENTIFICATION HAS CHANGED");
    assert_int_equal(status_of().state, LINK_REFUSED);
    assert_int_equal(sshd_log_count(&sshd, "Accepted"), 0);
}

static int start_rsa_host(void **state)
{
    (void)state;
    return start("MACs hmac-sha2-256-etm@openssh.com\nCiphers aes256-ctr", "host_rsa");
}

static int start_gcm(void **state)
{
    (void)state;
    return start("Ciphers aes256-gcm@openssh.com", "host_ed25519");
}

static void an_rsa_key_logs_in(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    char rsa[256];
    snprintf(rsa, sizeof(rsa), "%s/id_rsa", sshd.dir);
    opts.key_path = rsa;
    open_with(&opts);
    works();
}

static void a_pass_phrase_opens_a_key(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    char locked[256];
    snprintf(locked, sizeof(locked), "%s/id_locked", sshd.dir);
    opts.key_path = locked;
    opts.passphrase = "secret";
    open_with(&opts);
    works();
    assert_null(status_of().prompt);
}

static void a_wrong_pass_phrase_is_said(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    char locked[256];
    snprintf(locked, sizeof(locked), "%s/id_locked", sshd.dir);
    opts.key_path = locked;
    opts.passphrase = "wrong";
    open_with(&opts);
    refused_with(ERR_AUTH, "");
    assert_int_equal(status_of().state, LINK_REFUSED);
}

static void an_alias_of_the_ssh_config_is_followed(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    sshd_shell("printf 'Host somewhere\\n HostName 127.0.0.1\\n Port %u\\n' > %s", sshd.port, config);
    opts.host = "somewhere";
    opts.port = 0;
    open_with(&opts);
    works();
}

static void a_master_of_an_earlier_life_is_found_again(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    works();
    struct transport *first = t;
    sshd_shell("find %s/ctl -type s -exec touch -d '1 hour ago' {} +", sshd.dir);
    open_with(&opts); /* as after a kill -9 of the gateway */
    works();
    assert_int_equal(status_of().logins, 0);
    assert_true(clock_mono_us(&clock_real) - status_of().since_us >
                3500 * US_PER_S); /* the login's, not ours */
    assert_int_equal(sshd_log_wait(&sshd, "Accepted publickey", 1), 1);
    transport_free(first);
}

static void manual(struct ssh_options *opts)
{
    *opts = options();
    sshd_shell("printf 'ControlPath %s/cm-%%%%C\\nUserKnownHostsFile %s/known_hosts\\n' > %s", sshd.dir,
               sshd.dir, config);
    opts->is_manual = true;
    opts->instructions = "ssh there first";
}

static void open_by_hand(void)
{
    sshd_shell("ssh -F %s -i %s -p %u -M -f -N -o ControlPersist=no 127.0.0.1 2>/dev/null", config, key,
               sshd.port);
}

static void close_by_hand(const char *how)
{
    sshd_shell("ssh -F %s -p %u -O %s 127.0.0.1 2>/dev/null", config, sshd.port, how);
}

/* The look for a master is held back for a second. */
static void wait_for(enum link_state want)
{
    for (int i = 0; i < 400 && status_of().state != want; i++) {
        struct answer a = runs_one(loop, t, "echo");
        runs_clear(&a);
        if (status_of().state != want)
            usleep(10000);
    }
    assert_int_equal(status_of().state, want);
}

static void without_a_person_nobody_logs_in(void **state)
{
    (void)state;
    struct ssh_options opts;
    manual(&opts);
    open_with(&opts);
    refused_with(ERR_AUTH, "ssh there first");
    assert_int_equal(status_of().state, LINK_NEEDS_LOGIN);
    assert_int_equal(sshd_log_wait(&sshd, "Connection from", 1), 1); /* sshd_start's own */
    open_by_hand();
    wait_for(LINK_UP);
    works();
    assert_int_equal(sshd_log_wait(&sshd, "Accepted publickey", 1), 1);
    assert_int_equal(status_of().logins, 0);
    close_by_hand("exit");
    wait_for(LINK_NEEDS_LOGIN);
    assert_int_equal(sshd_log_wait(&sshd, "Accepted publickey", 1), 1);
}

static void a_stale_master_becomes_no_login(void **state)
{
    (void)state;
    struct ssh_options opts;
    manual(&opts);
    open_with(&opts);
    open_by_hand();
    works();
    sshd_shell("s=$(echo %s/cm-*); kill -9 $(ssh -S $s -O check x 2>&1 | sed 's/.*pid=\\([0-9]*\\).*/\\1/'); "
               "sleep 0.2; test -S $s",
               sshd.dir);
    wait_for(LINK_NEEDS_LOGIN);
    assert_int_equal(sshd_log_wait(&sshd, "Accepted publickey", 1), 1);
}

static void a_person_answers_the_prompts(void **state)
{
    (void)state;
    struct ssh_options opts;
    manual(&opts);
    char locked[256];
    snprintf(locked, sizeof(locked), "%s/id_locked", sshd.dir);
    opts.key_path = locked;
    open_with(&opts);
    refused_with(ERR_AUTH, "ssh there first");
    struct err err;
    assert_int_equal(transport_login(t, "early", &err), -1);
    assert_int_equal(transport_login(t, NULL, &err), 0);
    while (!status_of().prompt)
        loop_step(loop);
    assert_non_null(strstr(status_of().prompt, "passphrase"));
    assert_int_equal(status_of().state, LINK_NEEDS_LOGIN);
    assert_int_equal(transport_login(t, "secret", &err), 0);
    while (status_of().state != LINK_UP)
        loop_step(loop);
    works();
    transport_free(t); /* the gateway starts anew: nobody is asked again */
    open_with(&opts);
    works();
    assert_int_equal(sshd_log_wait(&sshd, "Accepted publickey", 1), 1);
    sshd_shell("for s in %s/*/s; do ssh -S $s -O exit x 2>/dev/null; done", control);
}

static void odd_names_are_refused(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    struct transport *none = NULL;
    struct err err = { 0 };
    opts.host = "-oProxyCommand=x";
    assert_int_equal(transport_openssh_new(&opts, &none, &err), -1);
    opts = options();
    opts.proxy_jump = "a b";
    assert_int_equal(transport_openssh_new(&opts, &none, &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
}

static void a_control_folder_of_others_is_refused(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    struct transport *none = NULL;
    struct err err = { 0 };
    sshd_shell("mkdir -p %s && chmod 755 %s", control, control);
    assert_int_equal(transport_openssh_new(&opts, &none, &err), -1);
    assert_int_equal(err.code, ERR_DENIED);
    sshd_shell("rm -r %s", control);
}

#define WITH(test, begin) cmocka_unit_test_setup_teardown(test, begin, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(output_comes_back_byte_for_byte_with_its_status, start_plain),
        WITH(fifty_runs_share_four_sessions, start_plain),
        WITH(refused_sessions_wait_and_break_nothing, start_two_sessions),
        WITH(a_stream_of_50_mb_arrives_whole, start_plain),
        WITH(a_deadline_ends_the_run_and_not_the_connection, start_plain),
        WITH(cancelled_and_freed_runs_say_so_once, start_plain),
        WITH(a_killed_server_cuts_what_was_sent_and_the_next_run_logs_in_again, start_plain),
        WITH(an_unreachable_server_means_not_sent_and_back_off, start_plain),
        WITH(a_key_the_server_does_not_know_stops_everything, start_plain),
        WITH(a_changed_host_key_is_refused, start_plain),
        WITH(an_rsa_key_logs_in, start_rsa_host),
        WITH(an_rsa_key_logs_in, start_gcm),
        WITH(a_pass_phrase_opens_a_key, start_plain),
        WITH(a_wrong_pass_phrase_is_said, start_plain),
        WITH(an_alias_of_the_ssh_config_is_followed, start_plain),
        WITH(a_master_of_an_earlier_life_is_found_again, start_plain),
        WITH(without_a_person_nobody_logs_in, start_plain),
        WITH(a_stale_master_becomes_no_login, start_plain),
        WITH(a_person_answers_the_prompts, start_plain),
        cmocka_unit_test(odd_names_are_refused),
        cmocka_unit_test(a_control_folder_of_others_is_refused),
    };
    return cmocka_run_group_tests(tests, prepare, clear);
}
