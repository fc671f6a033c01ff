/* Covers: exec/transport, exec/transport_make, exec/ssh_chan, exec/ssh_conn, exec/ssh_link, exec/ssh_pump,
 * exec/ssh_settings, exec/ssh_socket. */
#include "exec/transport_ssh.h"

#define TRANSPORT_NEW transport_ssh_new
#include "transport_contract.h"

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
    struct answer a = { 0 };
    struct run_request request = runs_request(&a, ":");
    request.program =
        SPAN_LIT("echo half; kill -9 $$; exit 0"); /* the shell that the run shares with others */
    assert_int_equal(transport_run(t, &request, runs_done, &a, NULL, NULL), 0);
    runs_wait(loop, &a, 1);
    assert_int_equal(a.end, RUN_CUT);
    assert_non_null(strstr(a.err.text, "KILL"));
    runs_clear(&a);
    works();
    assert_int_equal(status_of().logins, 1);
}

static void nothing(void *ctx)
{
    (void)ctx;
}

/* sshd's children write late: the loop may have nothing else to do by then. */
static void until_logged(const char *text, unsigned least)
{
    struct loop_timer *timer = loop_timer_new(loop, nothing, NULL);
    loop_timer_repeat(timer, 10, 10);
    while (sshd_log_count(&sshd, text) < least)
        loop_step(loop);
    loop_timer_free(timer);
}

/* The shells of this connection, once one waits that never had a program: that one, then this one. */
static const char waiting[] = "while [ ! \"$found\" ]; do\n"
                              "  for stat in /proc/[0-9]*/stat; do\n"
                              "    read -r pid name state parent rest < $stat || continue\n"
                              "    [ $parent != $PPID ] || [ $pid = $$ ] || found=\"$found $pid\"\n"
                              "  done 2>/dev/null\n"
                              "done\n"
                              "echo $found $$";

static void the_death_of_shells_that_wait_harms_no_run(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    struct answer a = runs_one(loop, t, "echo first");
    runs_clear(&a);
    until_logged("Starting session: command", 2); /* though nobody asked for one more */
    for (unsigned i = 1; i <= 3; i++) {
        auto_str struct str kill = STR_MAX(1000);
        a = runs_one(loop, t, waiting);
        str_addf(&kill, "kill -9 %s", a.text);
        runs_clear(&a);
        sshd_shell("%s", str_text(&kill));
        until_logged("Close session", 2 * i);
        a = runs_one(loop, t, "echo alive");
        assert_string_equal(a.err.text, "");
        assert_string_equal(a.text, "alive\n");
        runs_clear(&a);
    }
    assert_int_equal(status_of().logins, 1);
}

static void runs_share_a_shell_and_nothing_else(void **state)
{
    (void)state;
    enum { RUNS = 12 };
    struct ssh_options opts = options();
    char shells[2][64] = { "", "" };
    open_with(&opts);
    for (int i = 0; i < RUNS; i++) {
        struct answer a = runs_one(loop, t, i % 2 ? "echo $$" : "cat; echo complaint >&2; echo $$");
        assert_int_equal(a.end, RUN_DONE);
        assert_string_equal(a.err_text, i % 2 ? "" : "complaint\n");
        bool is_first = !*shells[0] || strcmp(shells[0], a.text) == 0;
        snprintf(shells[!is_first], sizeof(shells[0]), "%s", a.text);
        runs_clear(&a);
    }
    assert_true(sshd_log_count(&sshd, "Starting session") <= 2);
    assert_int_equal(sshd_log_count(&sshd, "Close session"), 0);
}

/* A child that outlives its run and talks then: to nobody. */
static void bytes_between_two_runs_end_the_shell_and_reach_no_run(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    for (unsigned i = 1; i <= 2; i++) {
        struct answer a =
            runs_one(loop, t, i == 1 ? "{ sleep 0.1; echo stray; } &" : "{ sleep 0.1; echo stray >&2; } &");
        assert_int_equal(a.end, RUN_DONE);
        runs_clear(&a);
        until_logged("Close session", i);
        works();
    }
    assert_int_equal(status_of().logins, 1);
}

static void a_program_that_ends_early_is_cut_with_its_status(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    for (int i = 0; i < 3; i++) {
        struct answer a = { 0 };
        struct run_request request = runs_request(&a, ":");
        request.program = SPAN_LIT("echo why >&2; exit 7");
        assert_int_equal(transport_run(t, &request, runs_done, &a, NULL, NULL), 0);
        runs_wait(loop, &a, 1);
        assert_int_equal(a.end, RUN_CUT);
        assert_string_equal(a.err.text, "test ended with status 7 and without its end mark: why ");
        runs_clear(&a);
        works();
    }
}

static int start_without_commands(void **state)
{
    (void)state;
    return start("ForceCommand echo this account runs nothing; exit 3", "host_ed25519");
}

static void an_account_without_a_shell_is_asked_in_advance_once(void **state)
{
    (void)state;
    enum { RUNS = 10 };
    struct ssh_options opts = options();
    open_with(&opts);
    for (int i = 0; i < RUNS; i++) {
        struct answer a = runs_one(loop, t, "echo");
        assert_int_equal(a.end, RUN_CUT);
        assert_string_equal(a.noise, "");
        assert_non_null(strstr(a.err.text, "ended with status 3"));
        runs_clear(&a);
    }
    assert_true(sshd_log_wait(&sshd, "Starting session", RUNS) <= RUNS + 1);
    assert_int_equal(status_of().logins, 1);
}

static int start_noisy(void **state)
{
    (void)state;
    return start("ForceCommand echo hello; echo you >&2; eval \"$SSH_ORIGINAL_COMMAND\"", "host_ed25519");
}

static void what_a_waiting_shell_said_is_told_with_the_run(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    for (int i = 0; i < 4; i++) {
        struct answer a = { 0 };
        struct run_request request = runs_request(&a, "echo fine");
        request.wants_login = true; /* not in the shell of the run before */
        assert_int_equal(transport_run(t, &request, runs_done, &a, NULL, NULL), 0);
        runs_wait(loop, &a, 1);
        assert_string_equal(a.text, "fine\n");
        assert_string_equal(a.noise, "hello\n\n");
        runs_clear(&a);
        until_logged("Starting session", 2); /* the second waits while it speaks */
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONTRACT_TESTS,
        WITH(refused_sessions_wait_and_break_nothing, start_one_session),
        WITH(the_death_of_shells_that_wait_harms_no_run, start_plain),
        WITH(runs_share_a_shell_and_nothing_else, start_plain),
        WITH(bytes_between_two_runs_end_the_shell_and_reach_no_run, start_plain),
        WITH(a_program_that_ends_early_is_cut_with_its_status, start_plain),
        WITH(an_account_without_a_shell_is_asked_in_advance_once, start_without_commands),
        WITH(what_a_waiting_shell_said_is_told_with_the_run, start_noisy),
        WITH(a_flood_of_stderr_hangs_nothing, start_plain),
        WITH(cancelled_runs_say_so_once_and_others_go_on, start_plain),
        WITH(freeing_ends_everything_with_cancelled, start_plain),
        WITH(too_much_output_is_an_error_and_the_connection_stays, start_plain),
        WITH(a_command_killed_by_a_signal_is_cut, start_plain),
        WITH(new_keys_in_midstream_lose_nothing, start_rekey),
        cmocka_unit_test(odd_hosts_and_users_are_refused),
    };
    return cmocka_run_group_tests(tests, prepare, clear);
}
