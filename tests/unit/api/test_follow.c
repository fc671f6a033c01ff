/* A log that is followed over HTTP. */
#include "unit/api/client.h"

#define FOLLOW "GET /api/v1/jobs/5/log?follow=1 HTTP/1.1\r\n" HOST "\r\n"

static void piece(const char *text, int64_t offset)
{
    fake_answer(&(struct answer){ .ok = true, .body = span_of(text), .offset = offset });
}

static void a_stream_goes_on_until_the_job_has_ended(void **state)
{
    (void)state;
    struct client *client = client_open();
    client_ask(client, FOLLOW);
    assert_int_equal(fake.call_count, 1);
    piece("one\n", 0);
    client_take(client);
    assert_non_null(strstr(client->got, "one\n"));
    assert_int_equal(fake.call_count, 1); /* the next is asked for once this one was taken */
    assert_int_equal(fake.log.offset, 4);
    piece("", 4);
    client_take(client);
    assert_int_equal(fake.call_count, 0);
    fake.wait_fn(fake.wait_ctx); /* something new */
    assert_int_equal(fake.call_count, 1);
    fake.is_final = true;
    piece("two\n", 4);
    client_take(client);
    piece("", 8);
    client_take(client);
    assert_non_null(strstr(client->got, "two\n"));
    assert_true(strstr(client->got, "\r\n0\r\n\r\n") != NULL); /* the last chunk */
    client_end(client);
}

static void what_came_before_the_end_was_seen_is_not_lost(void **state)
{
    (void)state;
    struct client *client = client_open();
    client_ask(client, FOLLOW);
    fake.is_final = true; /* while the first read is under way */
    piece("", 0);
    client_take(client);
    assert_int_equal(fake.call_count, 1); /* one more look, since it was open before the last */
    piece("last words\n", 0);
    client_take(client);
    piece("", 11);
    client_take(client);
    assert_non_null(strstr(client->got, "last words\n"));
    assert_non_null(strstr(client->got, "\r\n0\r\n\r\n"));
    client_end(client);
}

/* curl says so: "transfer closed with outstanding read data remaining". */
static void a_log_whose_rest_cannot_be_read_is_no_whole_answer(void **state)
{
    (void)state;
    struct client *client = client_open();
    client_ask(client, FOLLOW);
    piece("one\n", 0);
    client_take(client);
    fake.is_final = true;
    fake_answer(&(struct answer){ .ok = false, .err = { .code = ERR_OFFLINE } });
    client_take(client);
    fake_answer(&(struct answer){ .ok = false, .err = { .code = ERR_OFFLINE } }); /* once more: it was open */
    client_take(client);
    assert_non_null(strstr(client->got, "one\n"));
    assert_null(strstr(client->got, "\r\n0\r\n\r\n"));
    client_end(client);
}

static void nothing_is_asked_while_everything_known_was_sent(void **state)
{
    (void)state;
    fake.log_is_read_up = true;
    struct client *client = client_open();
    client_ask(client, FOLLOW);
    assert_int_equal(fake.call_count, 0);
    client_end(client);
    assert_int_equal(fake.waits_dropped, 1);
}

static void what_has_not_begun_is_followed_from_where_it_was_asked_for(void **state)
{
    (void)state;
    struct client *client = client_open();
    client_ask(client, "GET /api/v1/jobs/5/log?follow=1&offset=40 HTTP/1.1\r\n" HOST "\r\n");
    fake_answer(&(struct answer){ .ok = true, .not_begun = true });
    client_take(client);
    fake.wait_fn(fake.wait_ctx);
    assert_int_equal(fake.log.offset, 40);
    client_end(client);
    fake_answer(&(struct answer){ .ok = true });
}

static void a_client_may_leave_while_a_piece_is_on_its_way(void **state)
{
    (void)state;
    struct client *client = client_open();
    client_ask(client, FOLLOW);
    client_end(client);
    piece("too late", 0);
    assert_int_equal(http_connections(http), 0);
}

static void a_log_that_begins_anew_is_sent_from_its_first_byte(void **state)
{
    (void)state;
    struct client *client = client_open();
    client_ask(client, FOLLOW);
    piece("before\n", 0);
    client_take(client);
    assert_int_equal(fake.log.offset, 7);
    piece("", 7);
    client_take(client);
    fake.log_renewals = 1;
    fake.wait_fn(fake.wait_ctx);
    assert_int_equal(fake.log.offset, 0);
    client_end(client);
    fake_answer(&(struct answer){ .ok = true });
}

static void a_log_that_cannot_be_is_refused_at_once(void **state)
{
    (void)state;
    assert_int_equal(status_of(ask("GET /api/v1/jobs/66/log?follow=1 HTTP/1.1\r\n" HOST "\r\n")), 404);
    assert_int_equal(fake.call_count, 0);
}

static void lines_and_fold_do_not_go_with_it(void **state)
{
    (void)state;
    assert_int_equal(status_of(ask("GET /api/v1/jobs/5/log?follow=1&lines=3 HTTP/1.1\r\n" HOST "\r\n")), 400);
    assert_int_equal(status_of(ask("GET /api/v1/jobs/5/log?follow=1&fold=1 HTTP/1.1\r\n" HOST "\r\n")), 400);
}

static void fold_shows_the_last_state_of_a_line(void **state)
{
    (void)state;
    struct client *client = client_open();
    client_ask(client, "GET /api/v1/jobs/5/log?fold=1 HTTP/1.1\r\n" HOST "\r\n");
    piece("\r 1%\r100%\nend\n", 0);
    client_take(client);
    assert_string_equal(body_of(client->got), "100%\nend\n");
    client_end(client);
}

static void a_search_needs_something_to_search_for(void **state)
{
    (void)state;
    assert_int_equal(status_of(ask("GET /api/v1/jobs/5/log/search HTTP/1.1\r\n" HOST "\r\n")), 400);
    struct client *client = client_open();
    client_ask(client, "GET /api/v1/jobs/5/log/search?q=a+b&attempt=2 HTTP/1.1\r\n" HOST "\r\n");
    assert_string_equal(fake.filter, "a b");
    assert_int_equal(fake.log.attempt, 2);
    fake_answer_json("{\"total\":0,\"items\":[],\"next\":null}", 5);
    client_take(client);
    assert_int_equal(status_of(client->got), 200);
    client_end(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(a_stream_goes_on_until_the_job_has_ended),
        WITH_SERVER(what_came_before_the_end_was_seen_is_not_lost),
        WITH_SERVER(a_log_whose_rest_cannot_be_read_is_no_whole_answer),
        WITH_SERVER(nothing_is_asked_while_everything_known_was_sent),
        WITH_SERVER(what_has_not_begun_is_followed_from_where_it_was_asked_for),
        WITH_SERVER(a_client_may_leave_while_a_piece_is_on_its_way),
        WITH_SERVER(a_log_that_begins_anew_is_sent_from_its_first_byte),
        WITH_SERVER(a_log_that_cannot_be_is_refused_at_once),
        WITH_SERVER(lines_and_fold_do_not_go_with_it),
        WITH_SERVER(fold_shows_the_last_state_of_a_line),
        WITH_SERVER(a_search_needs_something_to_search_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
