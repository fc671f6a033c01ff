/* Curves over HTTP. Covers: api/handle_metrics. */
#include "unit/api/client.h"

static void wrong_questions_are_refused(void **state)
{
    (void)state;
    static const char *const queries[] = { "metrics?points=1", "metrics?points=x", "metrics?from=a",
                                           "metrics?to=0x1", "metrics/export?format=xml" };
    for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
        char request[200];
        (void)snprintf(request, sizeof(request), "GET /api/v1/jobs/1/%s HTTP/1.1\r\n" HOST "\r\n",
                       queries[i]);
        assert_int_equal(status_of(ask(request)), 400);
    }
}

static void what_was_asked_reaches_the_service(void **state)
{
    (void)state;
    assert_string_equal(body_of(ask("GET /api/v1/jobs/1/metrics HTTP/1.1\r\n" HOST "\r\n")),
                        "{\"items\":[],\"asked\":[2000,-inf,inf]}");
    assert_string_equal(
        body_of(ask("GET /api/v1/jobs/1/metrics?points=10&from=-1.5&to=2e3 HTTP/1.1\r\n" HOST "\r\n")),
        "{\"items\":[],\"asked\":[10,-1.5,2000]}");
    const char *csv = ask("GET /api/v1/jobs/1/metrics/export HTTP/1.1\r\n" HOST "\r\n");
    assert_non_null(strstr(csv, "Content-Type: text/csv; charset=utf-8\r\n"));
    assert_string_equal(body_of(csv), "name,step,time,value\n");
    const char *lines = ask("GET /api/v1/jobs/1/metrics/export?format=jsonl HTTP/1.1\r\n" HOST "\r\n");
    assert_non_null(strstr(lines, "Content-Type: application/x-ndjson\r\n"));
}

static void points_are_posted(void **state)
{
    (void)state;
#define POST_POINTS(body, len) \
    "POST /api/v1/jobs/1/metrics HTTP/1.1\r\n" HOST JSON "Content-Length: " len "\r\n\r\n" body
    struct client *client = client_open();
    assert_string_equal(client_ask(client, POST_POINTS("{\"points\":[]}", "13")),
                        ""); /* not before the commit */
    fake_answer(&(struct answer){ .ok = true });
    client_take(client);
    assert_int_equal(status_of(client->got), 204);
    const char *wrong = ask(POST_POINTS("{\"x\":1}", "7"));
    assert_int_equal(status_of(wrong), 422);
    assert_non_null(strstr(wrong, "\"errors\":[{\"pointer\":\"/points\","));
    client_ask(client, POST_POINTS("{\"points\":[]}", "13"));
    struct answer failed = { 0 };
    (void)err_set(&failed.err, ERR_IO, "no disk");
    fake_answer(&failed);
    client_take(client);
    assert_int_equal(status_of(client->got), 500);
    client_ask(client, POST_POINTS("{\"points\":[]}", "13"));
    (void)err_set(&failed.err, ERR_DENIED,
                  "cannot write state: Permission denied"); /* nothing of the asker's */
    fake_answer(&failed);
    client_take(client);
    assert_int_equal(status_of(client->got), 500);
    assert_non_null(strstr(client->got, "Permission denied"));
    client_end(client);
}

#define WITH_TOKEN(method, path, token, rest) \
    method " /api/v1/jobs/" path " HTTP/1.1\r\n" HOST JSON "Authorization: Bearer " token "\r\n" rest
#define POINTS  "Content-Length: 13\r\n\r\n{\"points\":[]}"
#define EMPTY   "Content-Length: 2\r\n\r\n{}"
#define NO_BODY "\r\n"

/* As on a machine of many: whoever asks is not the daemon's owner. */
static int strangers_setup(void **state)
{
    (void)state;
    fake_reset();
    http = server_start(&(struct http_options){ .auth_mode = AUTH_TOKENS, .user = "ada" });
    return 0;
}

static void assert_posted(const char *request)
{
    struct client *client = client_open();
    client_ask(client, request);
    assert_int_equal(fake.call_count, 1);
    fake_answer(&(struct answer){ .ok = true });
    client_take(client);
    assert_int_equal(status_of(client->got), 204);
    client_end(client);
}

static void a_job_posts_with_its_token_whoever_it_is(void **state)
{
    (void)state;
    assert_posted(WITH_TOKEN("POST", "5/metrics", "slm_of_5", POINTS));
    assert_posted(WITH_TOKEN("POST", "5/metrics", "  slm_of_5 ", POINTS));
}

static void a_wrong_token_is_told_apart_from_another_jobs(void **state)
{
    (void)state;
    const char *wrong = ask(WITH_TOKEN("POST", "5/metrics", "slm_of_6", POINTS));
    assert_int_equal(status_of(wrong), 401);
    assert_non_null(strstr(wrong, "WWW-Authenticate: Bearer\r\n"));
    assert_int_equal(status_of(ask(WITH_TOKEN("POST", "5/metrics", "", POINTS))), 401);
    assert_int_equal(status_of(ask(WITH_TOKEN("POST", "6/metrics", "slm_of_5", POINTS))), 403);
    assert_int_equal(status_of(ask(WITH_TOKEN("POST", "77777/metrics", "slm_of_5", POINTS))), 403);
    assert_int_equal(status_of(ask(WITH_TOKEN("POST", "last/metrics", "slm_of_5", POINTS))), 403);
    assert_int_equal(fake.call_count, 0);
}

static void the_token_opens_nothing_else(void **state)
{
    (void)state;
    static const char *const others[] = {
        WITH_TOKEN("GET", "5/metrics", "slm_of_5", NO_BODY), WITH_TOKEN("GET", "5", "slm_of_5", NO_BODY),
        WITH_TOKEN("POST", "5/cancel", "slm_of_5", EMPTY),   WITH_TOKEN("PATCH", "5", "slm_of_5", EMPTY),
        WITH_TOKEN("GET", "5/log", "slm_of_5", NO_BODY),
    };
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_int_equal(status_of(ask(others[i])), 403);
    assert_int_equal(status_of(ask(POST_POINTS("{\"points\":[]}", "13"))),
                     403); /* without one, nothing at all */
}

/* The owner, too, is who the token says. */
static void a_token_decides_for_the_owner(void **state)
{
    (void)state;
    assert_int_equal(status_of(ask(WITH_TOKEN("POST", "6/metrics", "slm_of_5", POINTS))), 403);
    assert_int_equal(status_of(ask(WITH_TOKEN("POST", "5/metrics", "x", POINTS))), 401);
}

#define WITH_STRANGERS(name) cmocka_unit_test_setup_teardown(name, strangers_setup, server_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(points_are_posted),
        WITH_SERVER(a_token_decides_for_the_owner),
        WITH_STRANGERS(a_job_posts_with_its_token_whoever_it_is),
        WITH_STRANGERS(a_wrong_token_is_told_apart_from_another_jobs),
        WITH_STRANGERS(the_token_opens_nothing_else),
        WITH_SERVER(wrong_questions_are_refused),
        WITH_SERVER(what_was_asked_reaches_the_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
