/* The event stream over HTTP, with the real fan-out behind it. Covers: api/handle_events, svc/event_json. */
#include "unit/api/client.h"

#include "io/loop.h"
#include "support/store_help.h"
#include "svc/fanout.h"

#include <netinet/tcp.h>

static struct store_help help;

static int setup(void **state)
{
    server_setup(state);
    store_help_init(&help);
    gateway.store = help.store;
    gateway.loop = loop_new();
    gateway.fanout = fanout_new(&gateway);
    return 0;
}

static int teardown(void **state)
{
    server_teardown(state);
    fanout_free(gateway.fanout);
    loop_free(gateway.loop);
    store_help_end(&help);
    return 0;
}

static void happen(const char *kind)
{
    assert_int_equal(event_store_add(help.store, "jobs", kind, NULL, NULL, NULL), 0);
    assert_int_equal(store_flush(help.store, NULL), 0);
}

#define STREAM "GET /api/v1/events?topics=jobs HTTP/1.1\r\n" HOST "Accept: text/event-stream\r\n"

static void a_stream_stays_open_and_tells_what_happens(void **state)
{
    (void)state;
    struct client *client = client_open();
    const char *got = client_ask(client, STREAM "\r\n");
    assert_int_equal(status_of(got), 200);
    assert_non_null(strstr(got, "Content-Type: text/event-stream\r\n"));
    assert_non_null(strstr(got, "Cache-Control: no-store\r\n"));
    assert_non_null(strstr(got, "event: hello\n"));
    for (int i = 0; i < 3; i++) {
        client->len = 0;
        happen("state");
        client_take(client);
        assert_non_null(strstr(client->got, "event: state\n"));
        assert_false(client->is_closed);
    }
    client_end(client);
}

static void the_last_event_id_wins_over_after(void **state)
{
    (void)state;
    happen("one");
    happen("two");
    happen("three");
    struct client *client = client_open();
    const char *got = client_ask(client, "GET /api/v1/events?stream=1&after=0 HTTP/1.1\r\n" HOST
                                         "Last-Event-ID: 2\r\n\r\n");
    assert_null(strstr(got, "event: two"));
    assert_non_null(strstr(got, "id: 3\nevent: three\n"));
    client_end(client);
}

static void a_plain_get_is_still_a_list(void **state)
{
    (void)state;
    assert_non_null(strstr(ask("GET /api/v1/events?after=3 HTTP/1.1\r\n" HOST "\r\n"), "\"asked\":[0,3,50]"));
}

static void wrong_streams_are_refused(void **state)
{
    (void)state;
    assert_int_equal(status_of(ask("GET /api/v1/events?stream=1&topics=x HTTP/1.1\r\n" HOST "\r\n")), 400);
    assert_int_equal(status_of(ask(STREAM "Last-Event-ID: x\r\n\r\n")), 400);
    assert_int_equal(status_of(ask(STREAM "Last-Event-ID: -1\r\n\r\n")), 400);
}

static void a_client_that_left_is_noticed_at_once(void **state)
{
    (void)state;
    struct client *client = client_open();
    client_ask(client, STREAM "\r\n");
    assert_int_equal(fanout_listeners(gateway.fanout), 1);
    client_end(client);
    assert_int_equal(fanout_listeners(gateway.fanout), 0);
    assert_int_equal(http_connections(http), 0);
}

/* The server's end of a client's connection. */
static int server_end(const struct client *client)
{
    struct sockaddr_in ours, theirs;
    socklen_t len = sizeof(ours);
    assert_int_equal(getsockname(client->fd, (struct sockaddr *)&ours, &len), 0);
    for (int fd = 3; fd < 256; fd++) {
        len = sizeof(theirs);
        if (getpeername(fd, (struct sockaddr *)&theirs, &len) == 0 && theirs.sin_family == AF_INET &&
            theirs.sin_port == ours.sin_port)
            return fd;
    }
    fail_msg("the server has no such connection");
    return -1;
}

static int option_of(int fd, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof(value);
    assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
    return value;
}

/* Who vanished without a word (no FIN, no RST) answers no probe. */
static void a_client_that_vanished_is_noticed_within_a_heartbeat(void **state)
{
    (void)state;
    struct client *client = client_open();
    client_ask(client, STREAM "\r\n");
    int fd = server_end(client), timeout_ms = option_of(fd, IPPROTO_TCP, TCP_USER_TIMEOUT);
    assert_int_equal(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_true(timeout_ms > 0);
    assert_in_range(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), 1, timeout_ms / 1000);
    assert_in_range(timeout_ms + 1000 * option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL), 1, FANOUT_HEARTBEAT_MS);
    client_end(client);
}

/* More than the ring (8 MiB) and the sockets between hold. */
static void much_happens(int64_t many)
{
    enum { PAD = 8000, AT_ONCE = 400 /* an fsync each */ };
    auto_str struct str data = STR_MAX(PAD + 64);
    str_addf(&data, "{\"pad\":\"%*s\"}", PAD, "");
    for (int64_t i = 1; i <= many; i++) {
        assert_int_equal(event_store_add(help.store, "jobs", "k", str_text(&data), NULL, NULL), 0);
        if (i % AT_ONCE && i < many)
            continue;
        assert_int_equal(store_flush(help.store, NULL), 0);
        http_run(http);
    }
}

static void a_client_that_stopped_reading_is_dropped_and_loses_nothing(void **state)
{
    (void)state;
    enum { MANY = 2400 };
    struct client *client = client_open();
    int small = 4096;
    assert_int_equal(setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
    client_ask(client, STREAM "\r\n");
    much_happens(MANY);
    int64_t last = 0;
    bool is_dropped = false;
    while (!client->is_closed) {
        size_t tail = client->len < 64 ? client->len : 64; /* a line may come in two pieces */
        memmove(client->got, client->got + client->len - tail, tail);
        client->len = tail;
        client_take(client);
        for (const char *at = client->got; (at = strstr(at, "\nid: ")); at++)
            last = strtoll(at + 5, NULL, 10);
        is_dropped = is_dropped || strstr(client->got, "event: dropped");
        if (is_dropped)
            break;
    }
    assert_true(is_dropped);
    assert_true(last > 0 && last < MANY);
    client_end(client);
    char again[300];
    (void)snprintf(again, sizeof(again), STREAM "Last-Event-ID: %lld\r\n\r\n", (long long)MANY - 2);
    client = client_open();
    const char *got = client_ask(client, again);
    assert_non_null(strstr(got, "id: 2399\n"));
    assert_non_null(strstr(got, "id: 2400\n"));
    client_end(client);
}

static void the_server_stops_while_clients_listen(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        client_ask(client_open(), STREAM "\r\n");
    assert_int_equal(fanout_listeners(gateway.fanout), 3);
}

static void head_of_a_stream_is_only_its_header(void **state)
{
    (void)state;
    const char *got = ask("HEAD /api/v1/events?stream=1 HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(status_of(got), 200);
    assert_int_equal(fanout_listeners(gateway.fanout), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stream_stays_open_and_tells_what_happens),
        TEST(the_last_event_id_wins_over_after),
        TEST(a_plain_get_is_still_a_list),
        TEST(wrong_streams_are_refused),
        TEST(a_client_that_left_is_noticed_at_once),
        TEST(a_client_that_vanished_is_noticed_within_a_heartbeat),
        TEST(a_client_that_stopped_reading_is_dropped_and_loses_nothing),
        TEST(the_server_stops_while_clients_listen),
        TEST(head_of_a_stream_is_only_its_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
