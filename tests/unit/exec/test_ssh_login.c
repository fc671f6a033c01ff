/* Covers: exec/ssh_agent, exec/ssh_auth, exec/ssh_hostkey. */
#include "exec/transport_ssh.h"

#define TRANSPORT_NEW transport_ssh_new
#include "ssh_fixture.h"

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

/* A regular file that is ours alone, and whose first byte gives EIO. */
static const char unreadable[] = "/proc/self/mem";

static void is_tried_again(const struct ssh_options *opts)
{
    open_with(opts);
    struct answer a = runs_one(loop, t, "echo");
    assert_int_equal(a.end, RUN_NOT_SENT);
    assert_non_null(strstr(a.err.text, "cannot read /proc/self/mem"));
    assert_int_equal(a.err.code, ERR_OFFLINE);
    assert_int_not_equal(status_of().state, LINK_REFUSED);
    runs_clear(&a);
}

static void known_hosts_that_cannot_be_read_now_stop_nothing(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    opts.known_hosts = unreadable;
    is_tried_again(&opts);
}

static void a_key_that_cannot_be_read_now_stops_nothing(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    opts.key_path = unreadable;
    is_tried_again(&opts);
}

static void an_unknown_host_is_refused_with_its_fingerprint(void **state)
{
    (void)state;
    sshd_shell(": > %s/known_hosts", sshd.dir);
    struct ssh_options opts = options();
    open_with(&opts);
    refused_with(ERR_AUTH, "ssh-ed25519 SHA256:");
    auto_str struct str advice = STR_MAX(1024); /* into the file that is looked at, not into ~/.ssh */
    str_addf(&advice, "connect once with `ssh -o UserKnownHostsFile=%s/known_hosts -p %u ", sshd.dir,
             sshd.port);
    refused_with(ERR_AUTH, str_text(&advice));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(known_hosts_that_cannot_be_read_now_stop_nothing, start_plain),
        WITH(a_key_that_cannot_be_read_now_stops_nothing, start_plain),
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
    };
    return cmocka_run_group_tests(tests, prepare, clear);
}
