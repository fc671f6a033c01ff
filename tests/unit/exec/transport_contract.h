/* What every SSH backend promises, against a real sshd; a backend's own test adds what only it does. */
#ifndef SLUICE_TESTS_TRANSPORT_CONTRACT_H
#define SLUICE_TESTS_TRANSPORT_CONTRACT_H

#include "ssh_fixture.h"

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
    assert_memory_equal(a.text + 19999998, "78", 2);
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

static inline int start_two_sessions(void **state)
{
    (void)state;
    return start("MaxSessions 2", "host_ed25519");
}

static inline int start_one_session(void **state)
{
    (void)state;
    return start("MaxSessions 1", "host_ed25519");
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

static void a_killed_server_cuts_what_was_sent_and_the_next_run_logs_in_again(void **state)
{
    (void)state;
    struct ssh_options opts = options();
    open_with(&opts);
    works();
    struct answer a = { 0 };
    /* Its shells stand still, all of them: nothing can say an end, whatever dies first. */
    char body[300];
    snprintf(body, sizeof(body), "echo $$ > %s/pid; kill -STOP 0; sleep 20", sshd.dir);
    runs_start(t, &a, body);
    while (status_of().channels == 0)
        loop_step(loop);
    snprintf(body, sizeof(body),
             "until [ -s %s/pid ] && read -r pid name state rest < /proc/$(cat %s/pid)/stat && [ $state = T "
             "]; do\n"
             "  sleep 0.01\ndone",
             sshd.dir, sshd.dir);
    struct answer stands = runs_one(loop, t, body);
    assert_int_equal(stands.end, RUN_DONE);
    runs_clear(&stands);
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
    /* "Connection refused", mostly: a listener that is just being killed still takes a connection. */
    refused_with(ERR_OFFLINE, "");
    assert_int_equal(status_of().state, LINK_BACKOFF);
    refused_with(ERR_OFFLINE, "next try in");
    sshd_start(&sshd, NULL, "host_ed25519");
    transport_reconnect(t);
    works();
}

#define CONTRACT_TESTS                                                                        \
    WITH(output_comes_back_byte_for_byte_with_its_status, start_plain),                       \
        WITH(fifty_runs_share_four_sessions, start_plain),                                    \
        WITH(refused_sessions_wait_and_break_nothing, start_two_sessions),                    \
        WITH(a_stream_of_50_mb_arrives_whole, start_plain),                                   \
        WITH(a_deadline_ends_the_run_and_not_the_connection, start_plain),                    \
        WITH(a_killed_server_cuts_what_was_sent_and_the_next_run_logs_in_again, start_plain), \
        WITH(an_unreachable_server_means_not_sent_and_back_off, start_plain)

#endif
