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
    assert_int_equal(status_of(ask(POST_POINTS("{\"points\":[]}", "13"))), 204);
    assert_int_equal(status_of(ask(POST_POINTS("{\"x\":1}", "7"))), 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(points_are_posted),
        WITH_SERVER(wrong_questions_are_refused),
        WITH_SERVER(what_was_asked_reaches_the_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
