/* The server, by raw bytes.
 * Covers: api/access, api/judge, api/respond, api/listen, api/problem, api/reply, api/site. */
#include "unit/api/client.h"

#include <sys/resource.h>

static void assert_refused(const char *bytes, size_t len)
{
    struct client *client = client_open();
    client_send(client, bytes, len);
    client_take(client);
    if (status_of(client->got) != 400)
        fail_msg("not refused: %s\n-> %s", bytes, client->got);
    assert_true(client->is_closed);
    client_end(client);
}
#define REFUSED(text) assert_refused(text, sizeof(text) - 1)

static void answers_json_with_security_headers(void **state)
{
    (void)state;
    const char *answer = ask("GET /api/v1/jobs?limit=2 HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(status_of(answer), 200);
    assert_non_null(strstr(answer, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(answer, "X-Content-Type-Options: nosniff\r\n"));
    assert_non_null(strstr(answer, "Content-Security-Policy: default-src 'none';"));
    assert_non_null(strstr(answer, "Referrer-Policy: no-referrer\r\n"));
    assert_non_null(strstr(answer, "Cross-Origin-Opener-Policy: same-origin\r\n"));
    assert_non_null(strstr(answer, "Cache-Control: no-store\r\n"));
    assert_string_equal(body_of(answer),
                        "{\"items\":[{\"id\":5},{\"id\":6}],\"next\":null,\"total\":null,\"event\":7}");
    assert_int_equal(fake.limit, 2);
}

static void keeps_a_connection_for_further_requests(void **state)
{
    (void)state;
    struct client *client = client_open();
    for (int i = 0; i < 3; i++)
        assert_int_equal(status_of(client_ask(client, "GET /healthz HTTP/1.1\r\n" HOST "\r\n")), 200);
    assert_int_equal(http_connections(http), 1);
    client_end(client);
    assert_int_equal(http_connections(http), 0);
}

static void answers_two_requests_sent_at_once(void **state)
{
    (void)state;
    const char *answer =
        ask("GET /healthz HTTP/1.1\r\n" HOST "\r\nGET /api/nothing HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(status_of(answer), 200);
    assert_non_null(strstr(answer, "HTTP/1.1 404"));
}

static void header_may_come_in_pieces(void **state)
{
    (void)state;
    static const char request[] = "GET /healthz HTTP/1.1\r\n" HOST "X:1\r\nY:  2\r\nZ:\r\n\r\n";
    struct client *client = client_open();
    for (size_t i = 0; i + 1 < sizeof(request); i++) {
        client_send(client, request + i, 1);
        http_run(http);
    }
    client_take(client);
    assert_int_equal(status_of(client->got), 200);
    client_end(client);
}

static void head_sends_no_body(void **state)
{
    (void)state;
    const char *answer = ask("HEAD /healthz HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(status_of(answer), 200);
    assert_non_null(strstr(answer, "Content-Length: 11\r\n"));
    assert_string_equal(body_of(answer), "");
}

static void unknown_path_is_a_problem_document(void **state)
{
    (void)state;
    const char *answer = ask("GET /api/v1/nothing HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(status_of(answer), 404);
    assert_non_null(strstr(answer, "Content-Type: application/problem+json\r\n"));
    assert_string_equal(body_of(answer),
                        "{\"type\":\"urn:sluice:problem:not_found\",\"title\":\"Not found\",\"status\":404,"
                        "\"detail\":\"there is nothing at /api/v1/nothing\",\"instance\":\"/api/v1/nothing\","
                        "\"code\":\"not_found\"}");
}

static void wrong_method_names_the_right_ones(void **state)
{
    (void)state;
    const char *answer = ask("DELETE /api/v1/jobs HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(status_of(answer), 405);
    assert_non_null(strstr(answer, "Allow: GET, HEAD, POST\r\n"));
}

static void list_gives_304_while_nothing_happened(void **state)
{
    (void)state;
    const char *tag = strstr(ask("GET /api/v1/jobs HTTP/1.1\r\n" HOST "\r\n"), "ETag: ");
    assert_non_null(tag);
    char request[300];
    (void)snprintf(request, sizeof(request),
                   "GET /api/v1/jobs HTTP/1.1\r\n" HOST "If-None-Match: %.*s\r\n\r\n",
                   (int)strcspn(tag + 6, "\r"), tag + 6);
    assert_int_equal(status_of(ask(request)), 304);
    fake.last_event++;
    assert_int_equal(status_of(ask(request)), 200);
}

/* Hours later other jobs are younger than a day, though nothing happened. */
static void list_by_age_has_no_tag(void **state)
{
    (void)state;
    const char *answer = ask("GET /api/v1/jobs?filter=state:failed+age:%3C1d HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(status_of(answer), 200);
    assert_null(strstr(answer, "ETag: "));
}

static void wrong_query_parameters_are_refused(void **state)
{
    (void)state;
    static const char *const queries[] = { "limt=2",      "limit=0",         "limit=201",
                                           "limit=x",     "limit=1&limit=2", "limit=99999999999999999999",
                                           "total=maybe", "filter=bad" };
    for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
        char request[200];
        (void)snprintf(request, sizeof(request), "GET /api/v1/jobs?%s HTTP/1.1\r\n" HOST "\r\n", queries[i]);
        assert_int_equal(status_of(ask(request)), 400);
    }
}

#define POST_JOBS "POST /api/v1/jobs HTTP/1.1\r\n" HOST JSON

static void smuggled_framing_is_refused(void **state)
{
    (void)state;
    REFUSED(POST_JOBS "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    REFUSED(POST_JOBS "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n");
    REFUSED(POST_JOBS "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}");
    REFUSED(POST_JOBS "Content-Length: 2\r\ncontent-length: 7\r\n\r\n{}");
    REFUSED(POST_JOBS "Content-Length: 2, 2\r\n\r\n{}");
    REFUSED(POST_JOBS "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    REFUSED(POST_JOBS "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n");
    REFUSED(POST_JOBS "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n");
    REFUSED(POST_JOBS "Content-Length: +2\r\n\r\n{}");
    REFUSED(POST_JOBS "Content-Length: -2\r\n\r\n{}");
    REFUSED(POST_JOBS "Content-Length: 0x2\r\n\r\n{}");
    REFUSED(POST_JOBS "Content-Length:\r\n\r\n{}");
    assert_int_equal(fake.submits, 0);
}

static void odd_header_bytes_are_refused(void **state)
{
    (void)state;
#define JOBS   "GET /api/v1/jobs HTTP/1.1\r\n" HOST "\r\n"
#define HEALTH "GET /healthz HTTP/1.1\r\n"
    REFUSED(HEALTH HOST "X: 1\r\n 2\r\n\r\n");
    REFUSED(HEALTH HOST "X: 1\r\n\t2\r\nZ: 3\r\n\r\n");
    REFUSED(HEALTH " X: 1\r\n" HOST "\r\n");
    REFUSED(HEALTH "Host: localhost\0.evil\r\nX: 1\r\n\r\n");
    REFUSED(HEALTH HOST "X: 1\0\r\n\r\n");
    REFUSED(HEALTH HOST "X\0: 1\r\n\r\n");
    REFUSED(HEALTH HOST "\0\r\n\r\n");
    REFUSED("GET /healthz\0/x HTTP/1.1\r\n" HOST "\r\n");
    REFUSED("GET /healthz HTTP/1.1\nHost: localhost\n\n");
    REFUSED(HEALTH HOST "X: 1\nY: 2\r\n\r\n");
    REFUSED(HEALTH HOST "X: a\rY: 1\r\n\r\n");
    REFUSED(HEALTH HOST "X : 1\r\n\r\n");
    REFUSED(HEALTH HOST "no colon\r\n\r\n");
    REFUSED(HEALTH HOST "X: \x1b[31m\r\n\r\n");
    REFUSED("GET /healthz HTTP/1.2\r\n" HOST "\r\n");
}

static void foreign_or_missing_host_is_refused(void **state)
{
    (void)state;
    REFUSED(HEALTH "\r\n");
    REFUSED("GET /healthz HTTP/1.0\r\n\r\n");
    REFUSED(HEALTH "Host: evil.example\r\n\r\n");
    REFUSED(HEALTH "Host: localhost.evil.example:8470\r\n\r\n");
    REFUSED(HEALTH "Host: localhost:80:80\r\n\r\n");
    REFUSED(HEALTH "Host: localhost:x\r\n\r\n");
    REFUSED(HEALTH HOST HOST "\r\n");
    REFUSED(HEALTH "Host:\r\n\r\n");
    assert_int_equal(status_of(ask(HEALTH "Host: LOCALHOST:9999\r\n\r\n")), 200);
    assert_int_equal(status_of(ask(HEALTH "Host: 127.0.0.1:8470\r\n\r\n")), 200);
    assert_int_equal(status_of(ask(HEALTH "Host: [::1]:8470\r\n\r\n")), 200);
}

static void odd_targets_are_refused(void **state)
{
    (void)state;
    static const char *const targets[] = { "/api/v1/jobs/..%2f..%2fetc",
                                           "/api/v1/../healthz",
                                           "/api/v1/%2e%2e/healthz",
                                           "/healthz%00",
                                           "/healthz?x=%00",
                                           "/%5chealthz",
                                           "/health%zz",
                                           "//healthz",
                                           "http://localhost/healthz",
                                           "/\xff" };
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        char request[200];
        int len = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n" HOST "\r\n", targets[i]);
        assert_refused(request, (size_t)len);
    }
}

static void writes_from_another_site_are_refused(void **state)
{
    (void)state;
#define CANCEL "POST /api/v1/jobs/5/cancel HTTP/1.1\r\nHost: localhost:8470\r\nContent-Length: 0\r\n"
    REFUSED(CANCEL "Origin: http://evil.example\r\n\r\n");
    REFUSED(CANCEL "Origin: null\r\n\r\n");
    REFUSED(CANCEL "Origin: http://localhost\r\n\r\n");
    REFUSED(CANCEL "Sec-Fetch-Site: cross-site\r\n\r\n");
    assert_int_equal(fake.cancels, 0);
    struct client *client = client_open();
    (void)client_ask(client, CANCEL "Origin: http://localhost:8470\r\n\r\n");
    assert_int_equal(fake.cancels, 1);
    fake_answer_json("{}", 5);
    client_end(client);
}

#define ADD(type, len, body) \
    "POST /api/v1/projects HTTP/1.1\r\n" HOST type "Content-Length: " len "\r\n\r\n" body

static void bodies_are_json_objects(void **state)
{
    (void)state;
    assert_int_equal(status_of(ask(ADD("", "2", "{}"))), 415);
    assert_int_equal(status_of(ask(ADD("Content-Type: text/plain\r\n", "2", "{}"))), 415);
    assert_int_equal(status_of(ask(ADD(JSON, "0", ""))), 400);
    assert_int_equal(status_of(ask(ADD(JSON, "1", "{"))), 400);
    assert_int_equal(status_of(ask(ADD(JSON, "2", "[]"))), 400);
    assert_int_equal(status_of(ask(ADD(JSON, "13", "{\"a\":1,\"a\":2}"))), 400);
    assert_int_equal(status_of(ask(HEALTH HOST "Content-Length: 2\r\n\r\n{}")), 400);
    assert_int_equal(fake.projects, 0);
}

static void long_bodies_are_refused_by_the_routes_limit(void **state)
{
    (void)state;
    static char bytes[80000];
    memset(bytes, ' ', sizeof(bytes));
    int head = snprintf(bytes, sizeof(bytes), ADD(JSON, "69000", " "));
    bytes[head] = ' ';
    assert_int_equal(status_of(ask_bytes(bytes, (size_t)head + 69000 - 1)), 413);
    assert_int_equal(status_of(ask(ADD(JSON, "999999999", ""))), 413);
    memset(bytes, ' ', sizeof(bytes));
    head = snprintf(bytes, sizeof(bytes),
                    "POST /api/v1/projects HTTP/1.1\r\n" HOST JSON
                    "Transfer-Encoding: chunked\r\n\r\n10800\r\n");
    bytes[head] = ' ';
    memcpy(bytes + head + 0x10800, "\r\n0\r\n\r\n", 7);
    assert_int_equal(status_of(ask_bytes(bytes, (size_t)head + 0x10800 + 7)), 413);
    assert_int_equal(fake.projects, 0);
}

static void chunked_bodies_are_read(void **state)
{
    (void)state;
    struct client *client = client_open();
    (void)client_ask(client,
                     "POST /api/v1/projects HTTP/1.1\r\n" HOST JSON "Transfer-Encoding: chunked\r\n\r\n"
                     "5\r\n{\"pat\r\n7\r\nh\":\"/x\"\r\n1\r\n}\r\n0\r\n\r\n");
    assert_int_equal(fake.projects, 1);
    fake_answer_json("{\"name\":\"x\"}", 0);
    assert_int_equal(http_timeout_ms(http), 0); /* the answer does not wait for a time-out */
    client_take(client);
    assert_int_equal(status_of(client->got), 201);
    client_end(client);
}

static void late_headers_and_bodies_end_the_connection(void **state)
{
    (void)state;
    struct client *slow = client_open(), *half = client_open();
    client_send(slow, "GET /hea", 8);
    (void)client_ask(half, ADD(JSON, "20", "{"));
    assert_int_equal(http_connections(http), 2);
    clock_fake_advance(&fake.clock, 11 * US_PER_S);
    client_send(slow, "l", 1); /* still busy, and yet too late */
    serve();
    assert_int_equal(http_connections(http), 1);
    clock_fake_advance(&fake.clock, 20 * US_PER_S);
    serve();
    assert_int_equal(http_connections(http), 0);
    client_end(slow);
    client_end(half);
}

static void idle_connections_end_after_a_while(void **state)
{
    (void)state;
    struct client *client = client_open();
    (void)client_ask(client, HEALTH HOST "\r\n");
    assert_in_range(http_timeout_ms(http), 0, 1000);
    clock_fake_advance(&fake.clock, 60 * US_PER_S);
    serve();
    assert_int_equal(http_connections(http), 1);
    clock_fake_advance(&fake.clock, 16 * US_PER_S);
    serve();
    assert_int_equal(http_connections(http), 0);
    assert_int_equal(http_timeout_ms(http), -1);
    client_end(client);
}

static void connections_beyond_the_total_are_refused(void **state)
{
    (void)state;
    http_free(http);
    struct conn_limits limits = conn_limits_default;
    limits.total = 2;
    http = server_start(&(struct http_options){ .limits = &limits });
    struct client *three[] = { client_open(), client_open(), client_open() };
    serve();
    assert_int_equal(http_connections(http), 2);
    client_end(three[0]);
    assert_int_equal(status_of(client_ask(three[1], HEALTH HOST "\r\n")), 200);
    client_end(three[1]);
    client_end(three[2]);
}

static void an_idle_connection_makes_room_for_a_newcomer(void **state)
{
    (void)state;
    http_free(http);
    struct conn_limits limits = conn_limits_default;
    limits.total = 2;
    http = server_start(&(struct http_options){ .limits = &limits });
    struct client *idle = client_open(), *silent = client_open();
    assert_int_equal(status_of(client_ask(idle, HEALTH HOST "\r\n")), 200);
    clock_fake_advance(&fake.clock, 5 * US_PER_S);
    struct client *more[] = { client_open(), client_open() };
    for (int i = 0; i < 2; i++)
        assert_int_equal(status_of(client_ask(more[i], HEALTH HOST "\r\n")), 200);
    serve();
    assert_int_equal(http_connections(http), 2);
    client_take(idle);
    client_take(silent);
    assert_true(idle->is_closed && silent->is_closed);
    client_end(idle);
    client_end(silent);
    client_end(more[0]);
    client_end(more[1]);
}

static void a_stranger_is_answered_nothing_but_health(void **state)
{
    (void)state;
    http_free(http);
    http = server_start(&(struct http_options){ .auth_mode = AUTH_TOKENS });
    assert_int_equal(status_of(ask(HEALTH HOST "\r\n")), 200);
    const char *answer = ask("GET /api/v1/jobs HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(status_of(answer), 403);
    assert_non_null(strstr(answer, "\"code\":\"denied\""));
    assert_int_equal(status_of(ask(ADD(JSON, "2", "{}"))), 403);
    assert_int_equal(fake.projects, 0);
}

/* A connection that came before the descriptors went: the kernel cannot be asked whose it is. */
static void who_cannot_be_looked_up_is_told_to_try_again(void **state)
{
    (void)state;
    struct rlimit limit;
    struct client *client = client_open();
    serve();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const struct rlimit none = { .rlim_cur = 0, .rlim_max = limit.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    client_send(client, JOBS, strlen(JOBS));
    http_run(http);
    http_run(http);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    client_take(client);
    assert_int_equal(status_of(client->got), 503);
    assert_non_null(strstr(client->got, "\"code\":\"busy\""));
    assert_non_null(strstr(client->got, "it cannot be told now who asks: "));
    assert_non_null(strstr(client->got, "Retry-After: "));
    assert_int_equal(status_of(client_ask(client, JOBS)), 200);
    client_end(client);
}

static void owner_mode_refuses_to_listen_beyond_loopback(void **state)
{
    (void)state;
    struct http *made = NULL;
    struct err err;
    struct http_options options = { .host = "0.0.0.0", .auth_mode = AUTH_OWNER };
    assert_int_equal(http_new(&options, &gateway, &made, &err), -1);
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    options = (struct http_options){ .host = "example.org" };
    assert_int_equal(http_new(&options, &gateway, &made, &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
}

static void base_path_may_stand_or_be_stripped(void **state)
{
    (void)state;
    http_free(http);
    http = server_start(&(struct http_options){ .base_path = "/gate" });
    assert_int_equal(status_of(ask("GET /gate/healthz HTTP/1.1\r\n" HOST "\r\n")), 200);
    assert_int_equal(status_of(ask(HEALTH HOST "\r\n")), 200);
    assert_int_equal(status_of(ask("GET /gate/ HTTP/1.1\r\n" HOST "\r\n")), 200);
    assert_non_null(strstr(ask("GET /gatehealthz HTTP/1.1\r\n" HOST "\r\n"), "text/html"));
}

#define GPUS "GET /api/v1/gpus HTTP/1.1\r\n" HOST "\r\n"

static void an_answer_may_come_later(void **state)
{
    (void)state;
    struct client *client = client_open();
    assert_string_equal(client_ask(client, GPUS), "");
    assert_int_equal(fake.call_count, 1);
    fake_answer_json("{\"items\":[]}", 0);
    client_take(client);
    assert_int_equal(status_of(client->got), 200);
    assert_string_equal(body_of(client->got), "{\"items\":[]}");
    (void)client_ask(client, GPUS);
    fake_answer(&(struct answer){ .err = { ERR_OFFLINE, "alder: no route" }, .upstream = "ssh: no route" });
    client_take(client);
    assert_int_equal(status_of(client->got), 503);
    assert_non_null(strstr(client->got, "\"upstream\":\"ssh: no route\""));
    client_end(client);
}

static void a_client_may_leave_before_its_answer(void **state)
{
    (void)state;
    struct client *client = client_open();
    (void)client_ask(client, GPUS);
    client_end(client);
    assert_int_equal(http_connections(http), 0);
    fake_answer_json("{\"items\":[]}", 0);
    serve();
}

static void the_server_may_end_before_the_answer(void **state)
{
    (void)state;
    struct client *client = client_open();
    (void)client_ask(client, GPUS);
    http_free(http);
    http = NULL;
    fake_answer_json("{\"items\":[]}", 0);
    client_close(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(answers_json_with_security_headers),
        WITH_SERVER(keeps_a_connection_for_further_requests),
        WITH_SERVER(answers_two_requests_sent_at_once),
        WITH_SERVER(header_may_come_in_pieces),
        WITH_SERVER(head_sends_no_body),
        WITH_SERVER(unknown_path_is_a_problem_document),
        WITH_SERVER(wrong_method_names_the_right_ones),
        WITH_SERVER(list_gives_304_while_nothing_happened),
        WITH_SERVER(list_by_age_has_no_tag),
        WITH_SERVER(wrong_query_parameters_are_refused),
        WITH_SERVER(smuggled_framing_is_refused),
        WITH_SERVER(odd_header_bytes_are_refused),
        WITH_SERVER(foreign_or_missing_host_is_refused),
        WITH_SERVER(odd_targets_are_refused),
        WITH_SERVER(writes_from_another_site_are_refused),
        WITH_SERVER(bodies_are_json_objects),
        WITH_SERVER(long_bodies_are_refused_by_the_routes_limit),
        WITH_SERVER(chunked_bodies_are_read),
        WITH_SERVER(late_headers_and_bodies_end_the_connection),
        WITH_SERVER(idle_connections_end_after_a_while),
        WITH_SERVER(connections_beyond_the_total_are_refused),
        WITH_SERVER(an_idle_connection_makes_room_for_a_newcomer),
        WITH_SERVER(a_stranger_is_answered_nothing_but_health),
        WITH_SERVER(who_cannot_be_looked_up_is_told_to_try_again),
        WITH_SERVER(owner_mode_refuses_to_listen_beyond_loopback),
        WITH_SERVER(base_path_may_stand_or_be_stripped),
        WITH_SERVER(an_answer_may_come_later),
        WITH_SERVER(a_client_may_leave_before_its_answer),
        WITH_SERVER(the_server_may_end_before_the_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
