/* Covers: exec/transport, exec/ssh_agent, exec/ssh_auth, exec/ssh_chan, exec/ssh_conn, exec/ssh_hostkey,
 * exec/ssh_link, exec/ssh_pump, exec/ssh_settings, exec/ssh_socket. */
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

static int prepare(void **state)
{
    (void)state;
    sshd_prepare(&sshd);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    sshd_clear(&sshd);
    return 0;
}

static struct ssh_options options(void)
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

static void open_with(const struct ssh_options *opts)
{
    struct err err = { 0 };
    assert_int_equal(transport_ssh_new(opts, &t, &err), 0);
}

static void open_key(const char *name, const char *passphrase)
{
    char path[256];
    struct ssh_options opts = options();
    snprintf(path, sizeof(path), "%s/%s", sshd.dir, name);
    opts.key_path = path;
    opts.passphrase = passphrase;
    open_with(&opts);
}

static int start(const char *config, const char *hostkey)
{
    loop = loop_new();
    sshd_start(&sshd, config, hostkey);
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
    assert_memory_equal(a.text + 19999998, "78", 2);
    runs_clear(&a);
    assert_int_equal(status_of().logins, 1);
}

static void a_flood_of_stderr_hangs_nothing(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    struct answer a = runs_one(loop, t, "head -c 5000000 /dev/zero >&2; echo fine");
    assert_int_equal(a.end, RUN_DONE);
    assert_string_equal(a.text, "fine\n");
    runs_clear(&a);
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

static void fifty_runs_share_four_channels(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    run_many(50);
}

static void refused_channels_wait_and_break_nothing(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    run_many(20);
    assert_true(sshd_log_count(&sshd, "no more sessions") > 0);
}

static int start_two_sessions(void **state)
{
    (void)state;
    return start("MaxSessions 2", "host_ed25519");
}

static int start_one_session(void **state)
{
    (void)state;
    return start("MaxSessions 1", "host_ed25519");
}

static void a_killed_server_cuts_what_was_sent_and_the_next_run_logs_in_again(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    struct answer a = { 0 };
    runs_start(t, &a, "sleep 20");
    while (status_of().channels == 0)
        loop_step(loop);
    struct answer first = runs_one(loop, t, "echo up");
    assert_int_equal(first.end, RUN_DONE);
    runs_clear(&first);
    sshd_stop(&sshd);
    runs_wait(loop, &a, 1);
    assert_int_equal(a.end, RUN_CUT);
    assert_int_equal(a.err.code, ERR_OFFLINE);
    runs_clear(&a);
    sshd_start(&sshd, NULL, "host_ed25519");
    first = runs_one(loop, t, "echo back");
    assert_int_equal(first.end, RUN_DONE);
    runs_clear(&first);
    assert_int_equal(status_of().logins, 2);
}

static void an_unreachable_server_means_not_sent_and_back_off(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    sshd_stop(&sshd);
    struct answer a = runs_one(loop, t, "echo");
    assert_int_equal(a.end, RUN_NOT_SENT);
    assert_int_equal(a.err.code, ERR_OFFLINE);
    runs_clear(&a);
    assert_int_equal(status_of().state, LINK_BACKOFF);
    a = runs_one(loop, t, "echo");
    assert_int_equal(a.end, RUN_NOT_SENT);
    assert_non_null(strstr(a.err.text, "next try in"));
    runs_clear(&a);
    sshd_start(&sshd, NULL, "host_ed25519");
    transport_reconnect(t);
    a = runs_one(loop, t, "echo");
    assert_int_equal(a.end, RUN_DONE);
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
    assert_int_equal(status_of().state, LINK_REFUSED);
    uint64_t failures = status_of().login_failures;
    a = runs_one(loop, t, "echo"); /* at once, without another try */
    assert_int_equal(a.end, RUN_NOT_SENT);
    assert_int_equal(status_of().login_failures, failures);
    runs_clear(&a);
}

static void an_unknown_host_is_refused_with_its_fingerprint(void **state)
{
    (void)state;
    sshd_shell(": > %s/known_hosts", sshd.dir);
    struct ssh_options opts = options();
    open_with(&opts);
    refused_with(ERR_AUTH, "ssh-ed25519 SHA256:");
    assert_int_equal(sshd_log_count(&sshd, "Accepted"), 0);
}

static void accept_new_adds_an_unknown_host(void **state)
{
    (void)state;
    sshd_shell("rm %s/known_hosts", sshd.dir);
    struct ssh_options opts = options();
    opts.accept_new_host = true;
    open_with(&opts);
    struct answer a = runs_one(loop, t, "echo");
    assert_int_equal(a.end, RUN_DONE);
    runs_clear(&a);
    sshd_shell("grep -q '^\\[127.0.0.1\\]:%u ssh-ed25519 ' %s/known_hosts", sshd.port, sshd.dir);
}

static void a_changed_host_key_is_refused_in_every_mode(void **state)
{
    (void)state;
    sshd_shell(
        "printf '# one\\n[127.0.0.1]:%u %%s\\n' \"$(cut -d' ' -f1,2 %s/id_other.pub)\" > %s/known_hosts",
        sshd.port, sshd.dir, sshd.dir);
    struct ssh_options opts = options();
    opts.accept_new_host = true;
    open_with(&opts);
    refused_with(ERR_AUTH, "known_hosts:2 says otherwise");
}

static int start_ecdsa(void **state)
{
    (void)state;
    return start(NULL, "host_ecdsa");
}

static void a_known_ecdsa_host_key_is_asked_for(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    struct answer a = runs_one(loop, t, "echo");
    assert_int_equal(a.end, RUN_DONE);
    runs_clear(&a);
}

static int start_rsa_host(void **state)
{
    (void)state;
    return start(NULL, "host_rsa");
}

static void an_rsa_host_key_names_the_other_backend(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    refused_with(ERR_UNSUPPORTED, "host key algorithms are rsa-sha2-512");
}

static int start_etm(void **state)
{
    (void)state;
    return start("Ciphers aes256-ctr\nMACs hmac-sha2-256-etm@openssh.com", "host_ed25519");
}

static void etm_macs_alone_name_the_other_backend(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    refused_with(ERR_UNSUPPORTED, "ssh.backend openssh");
}

static void a_key_the_server_does_not_know_stops_everything(void **state)
{
    (void)state;
    open_key("id_other", NULL);
    refused_with(ERR_AUTH, "refuses the login");
}

static void an_rsa_key_names_what_is_missing(void **state)
{
    (void)state;
    open_key("id_rsa", NULL);
    refused_with(ERR_UNSUPPORTED, "needs rsa-sha2");
}

static void a_key_that_others_may_read_is_not_used(void **state)
{
    (void)state;
    sshd_shell("cp %s/id_ed25519 %s/id_open; chmod 644 %s/id_open", sshd.dir, sshd.dir, sshd.dir);
    open_key("id_open", NULL);
    refused_with(ERR_AUTH, "chmod 600");
}

static void a_pass_phrase_opens_a_key(void **state)
{
    (void)state;
    open_key("id_locked", "secret");
    struct answer a = runs_one(loop, t, "echo");
    assert_string_equal(a.err.text, "");
    assert_int_equal(a.end, RUN_DONE);
    runs_clear(&a);
}

static void a_wrong_or_missing_pass_phrase_is_said(void **state)
{
    (void)state;
    open_key("id_locked", "wrong");
    refused_with(ERR_AUTH, "wrong pass phrase");
    transport_free(t);
    open_key("id_locked", NULL);
    refused_with(ERR_AUTH, "needs a pass phrase");
}

static void freeing_during_the_pass_phrase_is_harmless(void **state)
{
    (void)state;
    struct answer a = { 0 };
    open_key("id_locked", "secret");
    runs_start(t, &a, "echo");
    while (!a.calls && sshd_log_count(&sshd, "Connection from") < 2)
        loop_step(loop);
    for (int i = 0; i < 12 && !a.calls; i++)
        loop_step(loop);
    transport_free(t);
    t = NULL;
    assert_int_equal(a.calls, 1);
    runs_clear(&a);
}

static void the_agent_logs_in(void **state)
{
    (void)state;
    sshd_start_agent(&sshd);
    sshd_shell("SSH_AUTH_SOCK=%s ssh-add -q %s/id_rsa %s/id_ed25519", sshd.agent_socket, sshd.dir, sshd.dir);
    struct ssh_options opts = options();
    opts.key_path = "/nonexistent/key";
    opts.agent_socket = sshd.agent_socket;
    open_with(&opts);
    struct answer a = runs_one(loop, t, "echo");
    assert_string_equal(a.err.text, "");
    assert_int_equal(a.end, RUN_DONE);
    runs_clear(&a);
}

static void a_dead_agent_does_not_keep_the_key_file_away(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    opts.agent_socket = "/nonexistent/agent";
    open_with(&opts);
    struct answer a = runs_one(loop, t, "echo");
    assert_int_equal(a.end, RUN_DONE);
    runs_clear(&a);
}

static int start_two_factors(void **state)
{
    (void)state;
    return start("AuthenticationMethods publickey,keyboard-interactive\nKbdInteractiveAuthentication yes",
                 "host_ed25519");
}

static int start_prompts(void **state)
{
    (void)state;
    return start("AuthenticationMethods keyboard-interactive\nKbdInteractiveAuthentication yes",
                 "host_ed25519");
}

static void prompts_for_a_person_are_a_state_of_their_own(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    struct answer a = runs_one(loop, t, "echo");
    assert_int_equal(a.end, RUN_NOT_SENT);
    assert_non_null(strstr(a.err.text, "keyboard-interactive"));
    assert_int_equal(status_of().state, LINK_NEEDS_LOGIN);
    runs_clear(&a);
}

static int start_two_keys(void **state)
{
    (void)state;
    sshd_shell("cat %s/id_other.pub >> %s/authorized_keys", sshd.dir, sshd.dir);
    return start("AuthenticationMethods publickey,publickey", "host_ed25519");
}

static void two_keys_are_both_used_where_both_are_asked_for(void **state)
{
    (void)state;
    sshd_start_agent(&sshd);
    sshd_shell("SSH_AUTH_SOCK=%s ssh-add -q %s/id_other", sshd.agent_socket, sshd.dir);
    struct ssh_options opts = options();
    opts.agent_socket = sshd.agent_socket;
    open_with(&opts);
    struct answer a = runs_one(loop, t, "echo");
    assert_string_equal(a.err.text, "");
    assert_int_equal(a.end, RUN_DONE);
    runs_clear(&a);
    sshd_shell("grep -v \"$(cut -d' ' -f2 %s/id_other.pub)\" %s/authorized_keys > %s/tmp; mv %s/tmp "
               "%s/authorized_keys",
               sshd.dir, sshd.dir, sshd.dir, sshd.dir, sshd.dir);
}

static int stop_with_agent(void **state)
{
    if (sshd.agent_pid > 0) {
        kill(sshd.agent_pid, SIGTERM);
        sshd.agent_pid = 0;
    }
    unlink(sshd.agent_socket);
    return stop(state);
}

static void a_stream_of_50_mb_arrives_whole(void **state)
{
    (void)state;
    enum { SIZE = 50 * 1000 * 1000 };
    struct ssh_options opts = options();
    struct answer a = { 0 };
    struct err err = { 0 };
    char body[128];
    sshd_shell("head -c %d /dev/urandom > %s/blob; sha256sum < %s/blob > %s/sum", SIZE, sshd.dir, sshd.dir,
               sshd.dir);
    FILE *blob = fopen(sshd_path(&sshd, "blob"), "r");
    open_with(&opts);
    snprintf(body, sizeof(body), "head -c %d | sha256sum", SIZE);
    struct run_request request = runs_request(&a, body);
    request.stream_fd = dup(fileno(blob));
    request.stream_bytes = SIZE;
    fclose(blob);
    assert_int_equal(transport_run(t, &request, runs_done, &a, NULL, &err), 0);
    runs_wait(loop, &a, 1);
    assert_int_equal(a.end, RUN_DONE);
    auto_str struct str want = STR_MAX(0);
    assert_int_equal(file_read(sshd_path(&sshd, "sum"), 200, &want, &err), 0);
    assert_string_equal(a.text, want.buf);
    runs_clear(&a);
}

static void a_deadline_ends_the_run_and_not_the_connection(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    struct answer a = { 0 };
    struct err err = { 0 };
    open_with(&opts);
    struct answer first = runs_one(loop, t, "echo");
    runs_clear(&first);
    struct run_request request = runs_request(&a, "sleep 3");
    request.timeout_ms = 300;
    assert_int_equal(transport_run(t, &request, runs_done, &a, NULL, &err), 0);
    runs_wait(loop, &a, 1);
    assert_int_equal(a.end, RUN_TIMEOUT);
    assert_true(a.elapsed_us < 2 * US_PER_S);
    runs_clear(&a);
    first = runs_one(loop, t, "echo");
    assert_int_equal(first.end, RUN_DONE);
    assert_true(first.elapsed_us < US_PER_S);
    runs_clear(&first);
    assert_int_equal(status_of().logins, 1);
}

static void cancelled_runs_say_so_once_and_others_go_on(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    struct answer a[6] = { { 0 } };
    open_with(&opts);
    for (size_t i = 0; i < 6; i++)
        runs_start(t, &a[i], i < 4 ? "sleep 3" : "echo ok");
    while (status_of().channels < 4)
        loop_step(loop);
    transport_cancel(t, a[0].run);
    transport_cancel(t, a[5].run);
    assert_int_equal(a[0].calls + a[5].calls, 0);
    runs_wait(loop, a, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(a[i].end, i == 0 || i == 5 ? RUN_CANCELLED : RUN_DONE);
        assert_int_equal(a[i].calls, 1);
        runs_clear(&a[i]);
    }
}

static void freeing_ends_everything_with_cancelled(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    struct answer a[6] = { { 0 } };
    open_with(&opts);
    for (size_t i = 0; i < 6; i++)
        runs_start(t, &a[i], "sleep 3");
    while (status_of().channels < 2)
        loop_step(loop);
    transport_free(t);
    t = NULL;
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(a[i].calls, 1);
        assert_int_equal(a[i].end, RUN_CANCELLED);
        runs_clear(&a[i]);
    }
}

static void too_much_output_is_an_error_and_the_connection_stays(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    struct answer a = { 0 };
    struct err err = { 0 };
    open_with(&opts);
    struct run_request request = runs_request(&a, "yes");
    request.max_output_bytes = 300000;
    assert_int_equal(transport_run(t, &request, runs_done, &a, NULL, &err), 0);
    runs_wait(loop, &a, 1);
    assert_int_equal(a.end, RUN_CUT);
    assert_int_equal(a.err.code, ERR_TOO_LARGE);
    runs_clear(&a);
    a = runs_one(loop, t, "echo");
    assert_int_equal(a.end, RUN_DONE);
    runs_clear(&a);
    assert_int_equal(status_of().logins, 1);
}

static void a_command_killed_by_a_signal_is_cut(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    struct answer a = runs_one(loop, t, "echo half; kill -9 $$");
    assert_int_equal(a.end, RUN_CUT);
    assert_non_null(strstr(a.err.text, "KILL"));
    runs_clear(&a);
}

static int start_rekey(void **state)
{
    (void)state;
    return start("RekeyLimit 1M", "host_ed25519");
}

static void new_keys_in_midstream_lose_nothing(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    struct answer a[4] = { { 0 } };
    open_with(&opts);
    for (size_t i = 0; i < 4; i++)
        runs_start(t, &a[i], "yes 0123456789 | head -c 5000000");
    runs_wait(loop, a, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(a[i].err.text, "");
        assert_int_equal(a[i].end, RUN_DONE);
        assert_int_equal(a[i].len, 5000000);
        runs_clear(&a[i]);
    }
}

static void odd_hosts_and_users_are_refused(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ssh_options opts = { .host = "-oProxyCommand=x", .user = "a" };
    assert_int_equal(transport_ssh_new(&opts, &t, &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    opts = (struct ssh_options){ .host = "h", .user = "a;b" };
    assert_int_equal(transport_ssh_new(&opts, &t, &err), -1);
    t = NULL;
}

#define WITH(test, begin) cmocka_unit_test_setup_teardown(test, begin, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(output_comes_back_byte_for_byte_with_its_status, start_plain),
        WITH(a_flood_of_stderr_hangs_nothing, start_plain),
        WITH(fifty_runs_share_four_channels, start_plain),
        WITH(refused_channels_wait_and_break_nothing, start_two_sessions),
        WITH(refused_channels_wait_and_break_nothing, start_one_session),
        WITH(a_killed_server_cuts_what_was_sent_and_the_next_run_logs_in_again, start_plain),
        WITH(an_unreachable_server_means_not_sent_and_back_off, start_plain),
        WITH(an_unknown_host_is_refused_with_its_fingerprint, start_plain),
        WITH(accept_new_adds_an_unknown_host, start_plain),
        WITH(a_changed_host_key_is_refused_in_every_mode, start_plain),
        WITH(a_known_ecdsa_host_key_is_asked_for, start_ecdsa),
        WITH(an_rsa_host_key_names_the_other_backend, start_rsa_host),
        WITH(etm_macs_alone_name_the_other_backend, start_etm),
        WITH(a_key_the_server_does_not_know_stops_everything, start_plain),
        WITH(an_rsa_key_names_what_is_missing, start_plain),
        WITH(a_key_that_others_may_read_is_not_used, start_plain),
        WITH(a_pass_phrase_opens_a_key, start_plain),
        WITH(a_wrong_or_missing_pass_phrase_is_said, start_plain),
        WITH(freeing_during_the_pass_phrase_is_harmless, start_plain),
        cmocka_unit_test_setup_teardown(the_agent_logs_in, start_plain, stop_with_agent),
        WITH(a_dead_agent_does_not_keep_the_key_file_away, start_plain),
        WITH(prompts_for_a_person_are_a_state_of_their_own, start_prompts),
        WITH(prompts_for_a_person_are_a_state_of_their_own, start_two_factors),
        cmocka_unit_test_setup_teardown(two_keys_are_both_used_where_both_are_asked_for, start_two_keys,
                                        stop_with_agent),
        WITH(a_stream_of_50_mb_arrives_whole, start_plain),
        WITH(a_deadline_ends_the_run_and_not_the_connection, start_plain),
        WITH(cancelled_runs_say_so_once_and_others_go_on, start_plain),
        WITH(freeing_ends_everything_with_cancelled, start_plain),
        WITH(too_much_output_is_an_error_and_the_connection_stays, start_plain),
        WITH(a_command_killed_by_a_signal_is_cut, start_plain),
        WITH(new_keys_in_midstream_lose_nothing, start_rekey),
        cmocka_unit_test(odd_hosts_and_users_are_refused),
    };
    return cmocka_run_group_tests(tests, prepare, clear);
}
