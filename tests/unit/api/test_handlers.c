/* Every handler behind a real server, with services that answer on command.
 * Covers: api/handle_bulk, api/handle_clusters, api/handle_jobs, api/handle_logs, api/handle_meta,
 * api/handle_projects, api/handle_submit, api/idempotency, api/job_wait, api/done, api/request, api/assets.
 */
#include "unit/api/client.h"

/* The request with its length; the client's buffer is not needed any more when the next is made. */
static const char *post(const char *path, const char *extra, const char *body)
{
    static char request[8192];
    (void)snprintf(request, sizeof(request),
                   "POST %s HTTP/1.1\r\n" HOST JSON "%sContent-Length: %zu\r\n\r\n%s", path, extra,
                   strlen(body), body);
    return request;
}

static const char *get(const char *path)
{
    static char request[2048];
    (void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n" HOST "\r\n", path);
    return request;
}

static void submit_answers_202_with_the_job(void **state)
{
    (void)state;
    struct client *client = client_open();
    assert_string_equal(client_ask(client, post("/api/v1/jobs", "", "{\"project\":\"x\"}")), "");
    fake_answer_json("{}", 5);
    client_take(client);
    assert_int_equal(status_of(client->got), 202);
    assert_non_null(strstr(client->got, "Location: /api/v1/jobs/5\r\n"));
    assert_string_equal(body_of(client->got), "{\"id\":5,\"state\":\"running\",\"attempt\":1}");
    client_end(client);
}

static void submit_shows_every_wrong_field(void **state)
{
    (void)state;
    struct client *client = client_open();
    auto_errs struct errs errs = { 0 };
    (void)errs_add(&errs, &(struct errs_item){ .pointer = "/resources/gpus", .text = "expected a number" });
    (void)errs_add(
        &errs, &(struct errs_item){ .file = ".mlops-config.yaml", .line = 4, .col = 2, .text = "unknown" });
    (void)client_ask(client, post("/api/v1/jobs", "", "{}"));
    fake_answer(&(struct answer){ .err = { ERR_INVALID, "2 errors" }, .errs = &errs, .hint = "look" });
    client_take(client);
    assert_int_equal(status_of(client->got), 422);
    assert_non_null(
        strstr(client->got, "{\"pointer\":\"/resources/gpus\",\"detail\":\"expected a number\"}"));
    assert_non_null(strstr(client->got, "\"origin\":\".mlops-config.yaml:4:2\""));
    assert_non_null(strstr(client->got, "\"hint\":\"look\""));
    client_end(client);
}

/* A 404 would be said of the path; and a command line tells "no such project" by the code. */
static void a_field_that_names_what_is_not_there_is_told_so(void **state)
{
    (void)state;
    struct client *client = client_open();
    auto_errs struct errs errs = { 0 };
    (void)errs_add(&errs,
                   &(struct errs_item){ .code = ERR_NOT_FOUND, .pointer = "/project", .text = "no q" });
    (void)client_ask(client, post("/api/v1/jobs", "", "{}"));
    fake_answer(&(struct answer){ .err = { ERR_NOT_FOUND, "project: no q" }, .errs = &errs });
    client_take(client);
    assert_int_equal(status_of(client->got), 422);
    assert_non_null(strstr(client->got, "\"code\":\"not_found\""));
    assert_non_null(strstr(client->got, "\"pointer\":\"/project\""));
    client_end(client);
}

static void a_busy_gateway_says_when_to_come_back(void **state)
{
    (void)state;
    const char *answer = ask(post("/api/v1/jobs", "", "{\"refuse\":1}"));
    assert_int_equal(status_of(answer), 503);
    assert_non_null(strstr(answer, "Retry-After: 1\r\n"));
}

static void dry_run_and_render_submit_nothing(void **state)
{
    (void)state;
    struct client *client = client_open();
    (void)client_ask(client, post("/api/v1/jobs?dry_run=1", "Idempotency-Key: k\r\n", "{}"));
    fake_answer_json("{\"script\":\"\"}", 0);
    client_take(client);
    assert_int_equal(status_of(client->got), 200);
    (void)client_ask(client, post("/api/v1/jobs:render", "", "{}"));
    fake_answer_json("{\"script\":\"\"}", 0);
    client_take(client);
    assert_int_equal(status_of(client->got), 200);
    assert_int_equal(fake.submits, 0);
    assert_int_equal(fake.renders, 2);
    client_end(client);
}

static void submit_waits_for_the_end_where_asked(void **state)
{
    (void)state;
    struct client *client = client_open();
    (void)client_ask(client, post("/api/v1/jobs?wait=terminal&timeout=5m", "", "{}"));
    fake_answer_json("{}", 5);
    client_take(client);
    assert_string_equal(client->got, "");
    assert_int_equal(fake.wait_timeout_ms, 300000);
    fake.is_final = true;
    fake.wait_fn(fake.wait_ctx);
    client_take(client);
    assert_int_equal(status_of(client->got), 202);
    assert_non_null(strstr(client->got, "\"completed\""));
    client_end(client);
}

static void a_wait_for_what_is_so_answers_at_once(void **state)
{
    (void)state;
    fake.is_final = fake.is_submitted = true;
    assert_int_equal(status_of(ask(get("/api/v1/jobs/5?wait=terminal"))), 200);
    assert_int_equal(status_of(ask(get("/api/v1/jobs/last?wait=submitted"))), 200);
    assert_int_equal(fake.waits_open, 0);
    assert_int_equal(status_of(ask(get("/api/v1/jobs/5?wait=ever"))), 400);
    assert_int_equal(status_of(ask(get("/api/v1/jobs/5?wait=terminal&timeout=soon"))), 400);
    assert_int_equal(status_of(ask(get("/api/v1/jobs/5?wait=terminal&timeout=20"))), 400);
    assert_int_equal(status_of(ask(get("/api/v1/jobs/5?wait=terminal&timeout="))), 400);
    assert_int_equal(status_of(ask(get("/api/v1/jobs/5?wait=terminal&timeout=20ms"))), 200);
    assert_int_equal(status_of(ask(get("/api/v1/jobs/500"))), 404);
}

static void who_leaves_while_waiting_is_forgotten(void **state)
{
    (void)state;
    struct client *client = client_open();
    (void)client_ask(client, get("/api/v1/jobs/5?wait=change"));
    assert_int_equal(fake.waits_open, 1);
    client_end(client);
    assert_int_equal(fake.waits_dropped, 1);
    assert_int_equal(http_connections(http), 0);
}

static void waits_end_with_the_server(void **state)
{
    (void)state;
    struct client *client = client_open();
    (void)client_ask(client, get("/api/v1/jobs/5?wait=terminal"));
    http_free(http);
    http = NULL;
    assert_int_equal(fake.waits_dropped, 1);
    client_close(client);
}

static void submit_hands_its_key_to_the_service(void **state)
{
    (void)state;
    struct client *client = client_open();
    (void)client_ask(client, post("/api/v1/jobs", "Idempotency-Key: ci-1\r\n", "{\"a\":1}"));
    assert_string_equal(fake.key, "ci-1");
    assert_string_equal(fake.scope, "ada POST /api/v1/jobs");
    assert_int_equal(strlen(fake.hash), 64);
    fake_answer_json("{}", 5);
    client_end(client);
    fake_copy(fake.kept_key, fake.key); /* as the service stores it */
    fake_copy(fake.kept_hash, fake.hash);
    fake.kept_job = 5;
    const char *again = ask(post("/api/v1/jobs", "Idempotency-Key: ci-1\r\n", "{\"a\":1}"));
    assert_int_equal(status_of(again), 202);
    assert_non_null(strstr(again, "{\"id\":5,"));
    assert_int_equal(fake.submits, 1);
    const char *other = ask(post("/api/v1/jobs", "Idempotency-Key: ci-1\r\n", "{\"a\":2}"));
    assert_int_equal(status_of(other), 422);
    assert_int_equal(fake.submits, 1);
}

static void the_same_key_in_flight_is_the_same_job(void **state)
{
    (void)state;
    struct client *first = client_open(), *second = client_open(), *third = client_open();
    (void)client_ask(first, post("/api/v1/jobs", "Idempotency-Key: ci-1\r\n", "{\"a\":1}"));
    (void)client_ask(second, post("/api/v1/jobs", "Idempotency-Key: ci-1\r\n", "{\"a\":1}"));
    (void)client_ask(third, post("/api/v1/jobs", "Idempotency-Key: ci-1\r\n", "{\"a\":3}"));
    assert_int_equal(fake.submits, 1);
    assert_int_equal(status_of(third->got), 422);
    client_end(first); /* the first client leaves; its job and the second client do not care */
    fake_answer_json("{}", 5);
    client_take(second);
    assert_int_equal(status_of(second->got), 202);
    assert_non_null(strstr(second->got, "Location: /api/v1/jobs/5\r\n"));
    assert_non_null(strstr(body_of(second->got), "\"id\":5"));
    client_end(second);
    client_end(third);
}

static void other_posts_keep_their_answer(void **state)
{
    (void)state;
    struct client *client = client_open();
    (void)client_ask(client, post("/api/v1/projects", "Idempotency-Key: k\r\n", "{\"path\":\"/x\"}"));
    fake_answer_json("{\"name\":\"x\",\"path\":\"/x\"}", 0);
    client_take(client);
    assert_int_equal(status_of(client->got), 201);
    client_end(client);
    const char *again = ask(post("/api/v1/projects", "Idempotency-Key: k\r\n", "{\"path\":\"/x\"}"));
    assert_int_equal(status_of(again), 201);
    assert_non_null(strstr(again, "Idempotent-Replayed: true\r\n"));
    assert_string_equal(body_of(again), "{\"name\":\"x\",\"path\":\"/x\"}");
    assert_int_equal(fake.projects, 1);
}

static void odd_keys_are_refused(void **state)
{
    (void)state;
    char header[400];
    (void)snprintf(header, sizeof(header), "Idempotency-Key: %0256d\r\n", 0);
    assert_int_equal(status_of(ask(post("/api/v1/jobs", header, "{}"))), 400);
    assert_int_equal(status_of(ask(post("/api/v1/jobs", "Idempotency-Key: \r\n", "{}"))), 400);
    assert_int_equal(status_of(ask(post("/api/v1/jobs", "Idempotency-Key: \xc3\xa9\r\n", "{}"))), 400);
    assert_int_equal(fake.submits, 0);
}

static void an_ending_server_forgets_requests_in_flight(void **state)
{
    (void)state;
    struct client *first = client_open(), *second = client_open();
    (void)client_ask(first, post("/api/v1/jobs", "Idempotency-Key: ci-1\r\n", "{}"));
    (void)client_ask(second, post("/api/v1/jobs", "Idempotency-Key: ci-1\r\n", "{}"));
    http_free(http);
    http = NULL;
    fake_answer_json("{}", 5);
    close(first->fd);
    close(second->fd);
}

static void cancel_answers_with_the_job(void **state)
{
    (void)state;
    struct client *client = client_open();
    (void)client_ask(client, post("/api/v1/jobs/5/cancel", "", "{\"task\":2}"));
    fake_answer_json("{\"id\":5}", 5);
    client_take(client);
    assert_int_equal(status_of(client->got), 202);
    client_end(client);
    const char *answer = ask(post("/api/v1/jobs/5/cancel", "", "{\"task\":-1}"));
    assert_int_equal(status_of(answer), 422);
    assert_non_null(strstr(body_of(answer), "\"errors\":[{\"pointer\":\"/task\","));
    answer = ask(post("/api/v1/jobs/5/cancel", "", "{\"t/sk\":1}"));
    assert_int_equal(status_of(answer), 422);
    assert_non_null(strstr(body_of(answer), "\"errors\":[{\"pointer\":\"/t~1sk\","));
}

static void requeue_names_its_attempt_and_answers_with_the_job(void **state)
{
    (void)state;
    struct client *client = client_open();
    (void)client_ask(client, post("/api/v1/jobs/5/requeue", "", "{\"attempt\":1}"));
    fake_answer_json("{\"id\":5}", 5);
    client_take(client);
    assert_int_equal(status_of(client->got), 202);
    client_end(client);
    assert_int_equal(status_of(ask(post("/api/v1/jobs/5/requeue", "", "{\"attempt\":2}"))), 409);
    assert_int_equal(status_of(ask(post("/api/v1/jobs/5/requeue", "", "{\"attempt\":0}"))), 422);
    assert_int_equal(status_of(ask(post("/api/v1/jobs/5/requeue", "", "{\"args\":[]}"))), 422);
    assert_int_equal(fake.requeues, 1);
}

static void bulk_cancel_answers_per_item(void **state)
{
    (void)state;
    struct client *client = client_open();
    (void)client_ask(client, post("/api/v1/jobs:cancel", "", "{\"ids\":[5,66,\"none\",\"7\"]}"));
    assert_int_equal(fake.cancels, 2);
    fake_answer_json("{\"id\":5}", 5);
    fake_answer_json("{\"id\":7}", 7);
    client_take(client);
    assert_int_equal(status_of(client->got), 200);
    assert_non_null(strstr(body_of(client->got), "{\"items\":[{\"id\":5,\"status\":202,\"job\":{\"id\":5}},"
                                                 "{\"id\":66,\"status\":404,\"problem\":{"));
    assert_non_null(strstr(body_of(client->got), "{\"id\":\"none\",\"status\":404,\"problem\":{"));
    assert_non_null(strstr(body_of(client->got), "{\"id\":7,\"status\":202,\"job\":{\"id\":7}}]}"));
    client_end(client);
}

static void bulk_cancel_takes_a_filter(void **state)
{
    (void)state;
    struct client *client = client_open();
    (void)client_ask(client, post("/api/v1/jobs:cancel", "", "{\"filter\":\"project:x\"}"));
    assert_string_equal(fake.filter, "project:x");
    assert_string_equal(fake.me, "ada");
    assert_int_equal(fake.cancels, 2);
    fake_answer_json("{}", 5);
    fake_answer_json("{}", 6);
    client_take(client);
    assert_int_equal(status_of(client->got), 200);
    client_end(client);
    fake.is_final = true;
    assert_string_equal(body_of(ask(post("/api/v1/jobs:cancel", "", "{\"filter\":\"project:x\"}"))),
                        "{\"items\":[]}");
    static const char *const bad[][2] = { { "{}", "{\"pointer\":\"\"," },
                                          { "{\"filter\":\"\"}", "{\"pointer\":\"/filter\"," },
                                          { "{\"ids\":5}", "{\"pointer\":\"/ids\"," },
                                          { "{\"ids\":[5,true]}", "{\"pointer\":\"/ids/1\"," } };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const char *answer = ask(post("/api/v1/jobs:cancel", "", bad[i][0]));
        assert_int_equal(status_of(answer), 422);
        assert_non_null(strstr(body_of(answer), bad[i][1]));
    }
}

static void bulk_cancel_by_filter_bears_jobs_of_many_arguments(void **state)
{
    (void)state;
    fake.large_jobs = 30;
    struct client *client = client_open();
    (void)client_ask(client, post("/api/v1/jobs:cancel", "", "{\"filter\":\"project:x\"}"));
    assert_int_equal(fake.cancels, 30);
    for (int64_t id = 1; id <= 30; id++)
        fake_answer_json("{}", id);
    client_take(client);
    assert_int_equal(status_of(client->got), 200);
    client_end(client);
}

static void patch_changes_or_names_the_wrong_field(void **state)
{
    (void)state;
    struct client *client = client_open();
    char request[300];
    (void)snprintf(request, sizeof(request),
                   "PATCH /api/v1/jobs/5 HTTP/1.1\r\n" HOST JSON
                   "Content-Length: 12\r\n\r\n{\"name\":\"n\"}");
    (void)client_ask(client, request);
    assert_int_equal(fake.edits, 1);
    fake_answer_json("{\"id\":5}", 5);
    client_take(client);
    assert_int_equal(status_of(client->got), 200);
    (void)snprintf(request, sizeof(request),
                   "PATCH /api/v1/jobs/5 HTTP/1.1\r\n" HOST JSON "Content-Length: 11\r\n\r\n{\"wrong\":1}");
    (void)client_ask(client, request);
    assert_int_equal(status_of(client->got), 422);
    assert_non_null(strstr(client->got, "\"pointer\":\"/wrong\""));
    client_end(client);
}

static void log_gives_bytes_with_their_place(void **state)
{
    (void)state;
    struct client *client = client_open();
    (void)client_ask(client, get("/api/v1/jobs/5/log?attempt=2&offset=-100&limit=50&task=3"));
    assert_int_equal(fake.log.job_id, 5);
    assert_int_equal(fake.log.attempt, 2);
    assert_int_equal(fake.log.offset, -100);
    assert_int_equal(fake.log.limit, 50);
    assert_int_equal(fake.log.task, 3);
    fake_answer(
        &(struct answer){ .ok = true, .body = SPAN_LIT("a\x1b[31m\0<script>"), .offset = 7, .size = 99 });
    client_take(client);
    assert_int_equal(status_of(client->got), 200);
    assert_non_null(strstr(client->got, "Content-Type: text/plain; charset=utf-8\r\n"));
    assert_non_null(strstr(client->got, "X-Sluice-Offset: 7\r\n"));
    assert_non_null(strstr(client->got, "X-Sluice-Size: 99\r\n"));
    assert_non_null(strstr(client->got, "X-Sluice-Begun: 1\r\n"));
    assert_memory_equal(body_of(client->got), "a\x1b[31m\0<script>", 15);
    client_end(client);
}

static void log_gives_lines(void **state)
{
    (void)state;
    struct client *client = client_open();
    (void)client_ask(client, get("/api/v1/jobs/5/log?line=-10&lines=10&source=scheduler"));
    assert_int_equal(fake.log.line, -10);
    assert_int_equal(fake.log.lines, 10);
    assert_int_equal(fake.log.task, -1);
    assert_true(fake.log.scheduler_log);
    fake_answer(&(struct answer){ .err = { ERR_NOT_FOUND, "there is no attempt 9" } });
    client_take(client);
    assert_int_equal(status_of(client->got), 404);
    client_end(client);
    assert_int_equal(status_of(ask(get("/api/v1/jobs/5/log?limit=99999999"))), 400);
    assert_int_equal(status_of(ask(get("/api/v1/jobs/5/log?source=passwd"))), 400);
    assert_int_equal(status_of(ask(get("/api/v1/jobs/5/log?attempt=0"))), 400);
}

static void log_that_has_not_begun_is_no_error(void **state)
{
    (void)state;
    struct client *client = client_open();
    (void)client_ask(client, get("/api/v1/jobs/5/log"));
    fake_answer(&(struct answer){ .ok = true, .not_begun = true });
    client_take(client);
    assert_int_equal(status_of(client->got), 200);
    assert_non_null(strstr(client->got, "X-Sluice-Begun: 0\r\n"));
    assert_string_equal(body_of(client->got), "");
    client_end(client);
}

static void a_list_knows_who_asks(void **state)
{
    (void)state;
    assert_int_equal(status_of(ask("GET /api/v1/jobs?filter=user:me HTTP/1.1\r\n" HOST "\r\n")), 200);
    assert_string_equal(fake.me, "ada");
}

static void lists_and_documents_answer_at_once(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "/readyz",
        "/metrics",
        "/",
        "/docs",
        "/docs/style.css",
        "/api/v1/version",
        "/api/v1/jobs",
        "/api/v1/counts",
        "/api/v1/openapi.json",
        "/api/v1/jobs",
        "/api/v1/clusters",
        "/api/v1/clusters/local",
        "/api/v1/jobs",
        "/api/v1/projects",
        "/api/v1/schemas/project",
        "/api/v1/jobs",
        "/api/v1/events",
        "/api/v1/jobs/5/script",
        "/api/v1/jobs/5/manifest",
        "/api/v1/jobs",
        "/api/v1/jobs/5",
        "/api/v1/jobs/5/events?after=3&limit=9",
    };
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        if (status_of(ask(get(paths[i]))) != 200)
            fail_msg("%s does not answer 200", paths[i]);
    assert_string_equal(body_of(ask(get("/api/v1/jobs/5/events?after=3&limit=9"))),
                        "{\"items\":[],\"next\":null,\"asked\":[5,3,9]}");
    assert_string_equal(body_of(ask(get("/api/v1/jobs/5/events?limit=9&numbers=false"))),
                        "{\"items\":[],\"next\":null,\"asked\":[5,0,9,\"no numbers\"]}");
    assert_int_equal(status_of(ask(get("/api/v1/clusters/none"))), 404);
    assert_int_equal(status_of(ask(get("/api/v1/clusters/none/gpus"))), 404);
    assert_int_equal(status_of(ask(get("/api/v1/schemas/none"))), 404);
    assert_int_equal(status_of(ask(get("/docs/none.css"))), 404);
}

static void services_answer_for_clusters_and_projects(void **state)
{
    (void)state;
    static const char *const paths[] = { "/api/v1/clusters/local/gpus?max_age=60s",
                                         "/api/v1/clusters/local/gpus?max_age=60",
                                         "/api/v1/clusters/local/nodes", "/api/v1/clusters/local/partitions",
                                         "/api/v1/projects/x" };
    struct client *client = client_open();
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        (void)client_ask(client, get(paths[i]));
        fake_answer_json("{\"ok\":1}", 0);
        client_take(client);
        assert_int_equal(status_of(client->got), 200);
    }
    (void)client_ask(client, post("/api/v1/projects/x/sync", "", ""));
    fake_answer_json("{}", 0);
    client_take(client);
    assert_int_equal(status_of(client->got), 200);
    assert_int_equal(status_of(client_ask(client, post("/api/v1/projects/x/sync", "", "{\"a\":1}"))), 400);
    assert_int_equal(status_of(client_ask(client, "DELETE /api/v1/projects/x HTTP/1.1\r\n" HOST "\r\n")),
                     204);
    assert_int_equal(status_of(client_ask(client, "DELETE /api/v1/projects/gone HTTP/1.1\r\n" HOST "\r\n")),
                     404);
    client_end(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(submit_answers_202_with_the_job),
        WITH_SERVER(submit_shows_every_wrong_field),
        WITH_SERVER(a_field_that_names_what_is_not_there_is_told_so),
        WITH_SERVER(a_busy_gateway_says_when_to_come_back),
        WITH_SERVER(dry_run_and_render_submit_nothing),
        WITH_SERVER(submit_waits_for_the_end_where_asked),
        WITH_SERVER(a_wait_for_what_is_so_answers_at_once),
        WITH_SERVER(who_leaves_while_waiting_is_forgotten),
        WITH_SERVER(waits_end_with_the_server),
        WITH_SERVER(submit_hands_its_key_to_the_service),
        WITH_SERVER(the_same_key_in_flight_is_the_same_job),
        WITH_SERVER(other_posts_keep_their_answer),
        WITH_SERVER(odd_keys_are_refused),
        WITH_SERVER(an_ending_server_forgets_requests_in_flight),
        WITH_SERVER(requeue_names_its_attempt_and_answers_with_the_job),
        WITH_SERVER(cancel_answers_with_the_job),
        WITH_SERVER(bulk_cancel_answers_per_item),
        WITH_SERVER(bulk_cancel_takes_a_filter),
        WITH_SERVER(bulk_cancel_by_filter_bears_jobs_of_many_arguments),
        WITH_SERVER(patch_changes_or_names_the_wrong_field),
        WITH_SERVER(log_gives_bytes_with_their_place),
        WITH_SERVER(log_gives_lines),
        WITH_SERVER(log_that_has_not_begun_is_no_error),
        WITH_SERVER(a_list_knows_who_asks),
        WITH_SERVER(lists_and_documents_answer_at_once),
        WITH_SERVER(services_answer_for_clusters_and_projects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
