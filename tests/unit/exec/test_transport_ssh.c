/* Covers: exec/transport, exec/transport_make, exec/ssh_chan, exec/ssh_conn, exec/ssh_link, exec/ssh_pump,
 * exec/ssh_settings, exec/ssh_socket. */
#include "ssh_fixture.h"

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
    /* Its shell stands still: nothing can say an end, whatever dies first. */
    runs_start(t, &a, "kill -STOP $$; sleep 20");
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
