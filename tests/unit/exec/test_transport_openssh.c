/* The openssh backend against a real sshd: what libssh2 cannot log in to, masters of people, prompts.
 * Covers: exec/mux_session, exec/mux_socket, exec/openssh_master, exec/openssh_dir, exec/openssh_spawn,
 * exec/askpass, exec/transport. */
#include "exec/transport_openssh.h"

#define TRANSPORT_NEW transport_openssh_new
#include "transport_contract.h"

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

static void until_waiting(unsigned count)
{
    while (status_of().waiting != count)
        loop_step(loop);
}

/* Of the shell that runs it, and of another one of this connection. */
static void shells(int *own, int *other)
{
    struct answer a = runs_one(loop, t,
                               "echo $$\n"
                               "for stat in /proc/[0-9]*/stat; do\n"
                               "  read -r pid name state parent rest < $stat || continue\n"
                               "  [ $parent != $PPID ] || [ $pid = $$ ] || [ $state = Z ] || echo $pid\n"
                               "done 2>/dev/null");
    assert_int_equal(a.end, RUN_DONE);
    if (sscanf(a.text, "%d %d", own, other) != 2)
        fail_msg("not two shells: %s", a.text);
    runs_clear(&a);
    until_waiting(2);
}

static void shells_wait_in_advance_take_many_runs_and_may_die(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    for (int i = 0; i < 4; i++) {
        int own = 0, again = 0, other = 0;
        works(); /* where a shell has died, none waits in advance until a run went well */
        works();
        until_waiting(2);
        shells(&own, &other);
        shells(&again, &other);
        assert_int_equal(own, again);
        assert_int_equal(kill(i % 2 ? own : other, SIGKILL), 0);
        until_waiting(1);
    }
    works();
    assert_int_equal(status_of().logins, 1);
}

static void bytes_that_come_after_a_run_end_its_shell(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    char body[200];
    open_with(&opts);
    works();
    until_waiting(2);
    snprintf(body, sizeof(body), "(until [ -e %s/go ]; do sleep 0.05; done; echo late) & echo hello",
             sshd.dir);
    struct answer a = runs_one(loop, t, body);
    assert_string_equal(a.text, "hello\n");
    runs_clear(&a);
    until_waiting(2);
    sshd_shell("touch %s/go", sshd.dir);
    until_waiting(1);
    works();
}

static int start_noisy(void **state)
{
    (void)state;
    return start("ForceCommand echo hello; eval \"$SSH_ORIGINAL_COMMAND\"", "host_ed25519");
}

static void who_asks_what_a_login_says_gets_a_new_shell(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    opts.max_channels = 1;
    open_with(&opts);
    for (int i = 0; i < 6; i++) {
        struct answer a = { 0 };
        struct err err = { 0 };
        struct run_request request = runs_request(&a, "echo fine");
        request.wants_login = i % 3 == 2;
        assert_int_equal(transport_run(t, &request, runs_done, &a, NULL, &err), 0);
        runs_wait(loop, &a, 1);
        assert_string_equal(a.text, "fine\n");
        assert_string_equal(a.noise, i == 0 || request.wants_login ? "hello\n\n" : "\n");
        runs_clear(&a);
    }
}

static void a_master_of_ours_ends_with_the_shells_that_wait(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    works();
    until_waiting(2);
    struct answer a = runs_one(loop, t, "echo $PPID"); /* sshd's process for our connection */
    int pid = atoi(a.text);
    runs_clear(&a);
    until_waiting(2);
    transport_free(t);
    t = NULL;
    sshd_shell("for i in $(seq 1000); do kill -0 %d 2>/dev/null || exit 0; sleep 0.02; done; exit 1", pid);
}

static void a_persons_master_has_no_shell_that_waits(void **state)
{
    (void)state;
    struct ssh_options opts;
    manual(&opts);
    open_with(&opts);
    open_by_hand();
    for (unsigned i = 0; i < 3; i++) {
        works();
        assert_int_equal(status_of().waiting, 0);
    }
    close_by_hand("exit");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONTRACT_TESTS,
        WITH(cancelled_and_freed_runs_say_so_once, start_plain),
        WITH(a_key_the_server_does_not_know_stops_everything, start_plain),
        WITH(a_changed_host_key_is_refused, start_plain),
        WITH(an_rsa_key_logs_in, start_rsa_host),
        WITH(an_rsa_key_logs_in, start_gcm),
        WITH(a_pass_phrase_opens_a_key, start_plain),
        WITH(a_wrong_pass_phrase_is_said, start_plain),
        WITH(an_alias_of_the_ssh_config_is_followed, start_plain),
        WITH(a_master_of_an_earlier_life_is_found_again, start_plain),
        WITH(shells_wait_in_advance_take_many_runs_and_may_die, start_plain),
        WITH(bytes_that_come_after_a_run_end_its_shell, start_plain),
        WITH(who_asks_what_a_login_says_gets_a_new_shell, start_noisy),
        WITH(a_master_of_ours_ends_with_the_shells_that_wait, start_plain),
        WITH(a_persons_master_has_no_shell_that_waits, start_plain),
        WITH(without_a_person_nobody_logs_in, start_plain),
        WITH(a_stale_master_becomes_no_login, start_plain),
        WITH(a_person_answers_the_prompts, start_plain),
        cmocka_unit_test(odd_names_are_refused),
        cmocka_unit_test(a_control_folder_of_others_is_refused),
    };
    return cmocka_run_group_tests(tests, prepare, clear);
}
