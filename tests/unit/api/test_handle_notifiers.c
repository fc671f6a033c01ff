#include "unit/api/client.h"

static const char *get(const char *target)
{
    static char request[512];
    (void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n" HOST "\r\n", target);
    return request;
}

static const char *post_test(const char *name)
{
    static char request[512];
    (void)snprintf(request, sizeof(request),
                   "POST /api/v1/notifiers/%s/test HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", name);
    return request;
}

static void notifiers_and_their_deliveries_are_listed(void **state)
{
    (void)state;
    assert_int_equal(status_of(ask(get("/api/v1/notifiers"))), 200);
    assert_string_equal(body_of(ask(get("/api/v1/notifiers/team/deliveries?cursor=7&limit=9"))),
                        "{\"items\":[],\"next\":\"7-9\",\"total\":null}");
    assert_int_equal(status_of(ask(get("/api/v1/notifiers/nobody/deliveries"))), 404);
    assert_int_equal(status_of(ask(get("/api/v1/notifiers/team/deliveries?limit=201"))), 400);
}

static void a_test_message_answers_when_the_other_side_has(void **state)
{
    (void)state;
    struct client *client = client_open();
    assert_string_equal(client_ask(client, post_test("team")), "");
    fake_answer_json("{\"ok\":true}", 0);
    client_take(client);
    assert_int_equal(status_of(client->got), 200);
    assert_string_equal(body_of(client->got), "{\"ok\":true}");
    client_end(client);
    assert_int_equal(status_of(ask(post_test("nobody"))), 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(notifiers_and_their_deliveries_are_listed),
        WITH_SERVER(a_test_message_answers_when_the_other_side_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
