#include "io/fetch.h"

#include "base/mem.h"
#include "support/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct box {
    struct loop *loop;
    struct loop_timer *beat; /* loop_step waits for an event: there is always one soon */
    struct fetch *fetch;
    struct sink sink;
    size_t answers;
    int64_t status, retry_after_s;
    struct err err;
    char body[FETCH_ANSWER_BYTES + 1];
};

static void on_beat(void *ctx)
{
    (void)ctx;
}

static void box_open(struct box *box, bool is_open)
{
    struct net_guard guard = { 0 };
    char rule[64];
    *box = (struct box){ .loop = loop_new(), .sink = { .reply = SINK_OK } };
    box->beat = loop_timer_new(box->loop, on_beat, box);
    loop_timer_repeat(box->beat, 2, 2);
    sink_up(&box->sink, box->loop);
    (void)snprintf(rule, sizeof(rule), "127.0.0.1:%u", box->sink.port);
    if (is_open)
        assert_int_equal(net_guard_add(&guard, rule, NULL), 0);
    box->fetch = fetch_new(box->loop, &guard);
}

static void box_close(struct box *box)
{
    fetch_free(box->fetch);
    sink_clear(&box->sink);
    loop_timer_free(box->beat);
    loop_free(box->loop);
}

static void on_done(void *ctx, const struct fetch_answer *answer)
{
    struct box *box = ctx;
    box->answers++;
    box->status = answer->status;
    box->retry_after_s = answer->retry_after_s;
    box->err = answer->err ? *answer->err : (struct err){ 0 };
    (void)snprintf(box->body, sizeof(box->body), "%.*s", SPAN_FMT(answer->body));
}

static int ask(struct box *box, const struct fetch_request *request)
{
    size_t before = box->answers;
    box->err = (struct err){ 0 };
    if (fetch_start(box->fetch, request, on_done, box, &box->err) < 0)
        return -1;
    assert_int_equal(box->answers, before); /* never from inside the call */
    while (box->answers == before)
        loop_step(box->loop);
    return 0;
}

static int post(struct box *box, const char *fmt, unsigned port)
{
    char url[256];
    static const char *const headers[] = { "X-One: 1", "Content-Type: application/json", NULL };
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(url, sizeof(url), fmt, port);
#pragma GCC diagnostic pop
    return ask(box, &(struct fetch_request){ .url = url, .headers = headers, .body = SPAN_LIT("{\"a\":1}") });
}

static void a_post_arrives_with_its_headers_and_body(void **state)
{
    struct box box;
    (void)state;
    box_open(&box, true);
    assert_int_equal(post(&box, "http://127.0.0.1:%u/hook?x=1", box.sink.port), 0);
    assert_int_equal(box.err.code, ERR_NONE);
    assert_int_equal(box.status, 200);
    assert_string_equal(box.body, "ok");
    assert_int_equal(box.sink.count, 1);
    assert_non_null(strstr(box.sink.got[0], "POST /hook?x=1 HTTP/1.1\r\n"));
    assert_non_null(strstr(box.sink.got[0], "\r\nX-One: 1\r\n"));
    assert_non_null(strstr(box.sink.got[0], "\r\n\r\n{\"a\":1}"));
    box_close(&box);
}

static void a_redirect_is_an_answer_and_not_followed(void **state)
{
    struct box box;
    (void)state;
    box_open(&box, true);
    box.sink.reply = "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n";
    assert_int_equal(post(&box, "http://127.0.0.1:%u/", box.sink.port), 0);
    assert_int_equal(box.status, 302);
    assert_int_equal(box.sink.connections, 1);
    box_close(&box);
}

static void no_proxy_of_the_environment_is_asked(void **state)
{
    struct box box;
    char proxy[64];
    (void)state;
    box_open(&box, true);
    (void)snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", box.sink.port);
    setenv("http_proxy", proxy, 1);
    setenv("ALL_PROXY", proxy, 1);
    assert_int_equal(post(&box, "http://127.0.0.1:80/", 0), 0);
    assert_int_equal(box.err.code, ERR_DENIED);
    assert_int_equal(box.sink.connections, 0);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    box_close(&box);
}

/* Each reaches, or tries to reach, this machine or another inner place; the port is the sink's where it takes
 * one. */
static const char *const hostile[] = {
    "http://127.0.0.1:%u/",
    "http://127.1:%u/",
    "http://127.0.1:%u/",
    "http://2130706433:%u/",
    "http://0x7f000001:%u/",
    "http://0x7f.0.0.1:%u/",
    "http://0177.0.0.1:%u/",
    "http://017700000001:%u/",
    "http://0:%u/",
    "http://0.0.0.0:%u/",
    "http://localhost:%u/",
    "http://LOCALHOST.:%u/",
    "http://[::1]:%u/",
    "http://[::]:%u/",
    "http://[::ffff:127.0.0.1]:%u/",
    "http://[::ffff:7f00:1]:%u/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:%u/",
    "http://[::127.0.0.1]:%u/",
    "http://[64:ff9b::7f00:1]:%u/",
    "http://[2002:7f00:1::]:%u/",
    "http://[fe80::1]:%u/",
    "http://[fd00:ec2::254]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://10.0.0.1/",
    "http://192.168.0.1/",
    "http://172.16.0.1/",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://example.org@127.0.0.1:%u/",
    "http://example.org:80@127.0.0.1:%u/",
    "http://127.0.0.1:%u\\@example.org/",
    "http://127.0.0.1:%u#@example.org/",
    "http://127.0.0.1:%u?@example.org/",
    "http:127.0.0.1:%u/",
    "//127.0.0.1:%u/",
    "127.0.0.1:%u",
    "http://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1:%u/",
    "http://127.0.0.1:%u/ HTTP/1.1\r\nX: y",
    "gopher://127.0.0.1:%u/_GET",
    "dict://127.0.0.1:%u/info",
    "ftp://127.0.0.1:%u/",
    "file:///etc/passwd",
    "scp://127.0.0.1/etc/passwd",
    "smtp://127.0.0.1:%u/",
    "telnet://127.0.0.1:%u/",
    "ldap://127.0.0.1:%u/",
};

static void no_spelling_reaches_an_inner_address(void **state)
{
    struct box box;
    (void)state;
    box_open(&box, false);
    assert_true(ARRAY_LEN(hostile) >= 28);
    for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
        int started = post(&box, hostile[i], box.sink.port);
        bool is_refused = box.err.code == ERR_DENIED || (started < 0 && box.err.code == ERR_INVALID);
        if (!is_refused && box.err.code != ERR_OFFLINE) /* offline: a name that no resolver knows */
            fail_msg("%s: %d %s", hostile[i], (int)box.err.code, box.err.text);
        if (box.err.code == ERR_OFFLINE && !strstr(hostile[i], "LOCALHOST"))
            fail_msg("%s: not refused: %s", hostile[i], box.err.text);
    }
    assert_int_equal(box.sink.connections, 0);
    box_close(&box);
}

/* A name that first leads outside and then to this machine: judged is the socket, each time. */
static void a_resolver_that_changes_its_mind_gains_nothing(void **state)
{
    struct box box;
    char url[128], outside[128], inside[128];
    (void)state;
    box_open(&box, false);
    (void)snprintf(url, sizeof(url), "http://rebind.example:%u/", box.sink.port);
    (void)snprintf(inside, sizeof(inside), "rebind.example:%u:127.0.0.1", box.sink.port);
    (void)snprintf(outside, sizeof(outside), "rebind.example:80:127.0.0.1");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(&box, &(struct fetch_request){ .url = url, .resolve = inside }), 0);
        assert_int_equal(box.err.code, ERR_DENIED);
        assert_non_null(strstr(box.err.text, "127.0.0.1"));
    }
    assert_int_equal(
        ask(&box, &(struct fetch_request){ .url = "http://rebind.example/", .resolve = outside }), 0);
    assert_int_equal(box.err.code, ERR_DENIED);
    assert_int_equal(box.sink.connections, 0);
    box_close(&box);
}

/* Allowed by address, the name does not matter; the connection is not kept for the next answer of a resolver.
 */
static void each_call_is_judged_anew(void **state)
{
    struct box box;
    char url[128], first[128], then[128];
    (void)state;
    box_open(&box, true);
    box.sink.reply = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n";
    (void)snprintf(url, sizeof(url), "http://rebind.example:%u/", box.sink.port);
    (void)snprintf(first, sizeof(first), "rebind.example:%u:127.0.0.1", box.sink.port);
    (void)snprintf(then, sizeof(then), "rebind.example:%u:127.0.0.2", box.sink.port);
    assert_int_equal(ask(&box, &(struct fetch_request){ .url = url, .resolve = first }), 0);
    assert_int_equal(box.err.code, ERR_NONE);
    assert_int_equal(ask(&box, &(struct fetch_request){ .url = url, .resolve = then }), 0);
    assert_int_equal(box.err.code, ERR_DENIED);
    assert_non_null(strstr(box.err.text, "127.0.0.2"));
    assert_int_equal(box.sink.connections, 1);
    box_close(&box);
}

static void a_refused_url_is_not_repeated_in_the_error(void **state)
{
    struct box box;
    (void)state;
    box_open(&box, false);
    assert_int_equal(post(&box, "ftp://x.org/T0KEN", 0), -1);
    assert_null(strstr(box.err.text, "T0KEN"));
    assert_int_equal(post(&box, "http://127.0.0.1:%u/T0KEN", box.sink.port), 0);
    assert_null(strstr(box.err.text, "T0KEN"));
    box_close(&box);
}

static void an_endless_answer_is_cut(void **state)
{
    static char reply[FETCH_READ_BYTES * 2];
    struct box box;
    (void)state;
    box_open(&box, true);
    int head = snprintf(reply, sizeof(reply), "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
    memset(reply + head, 'x', sizeof(reply) - (size_t)head - 1);
    box.sink.reply = reply;
    assert_int_equal(post(&box, "http://127.0.0.1:%u/", box.sink.port), 0);
    assert_int_equal(box.status, 200);
    assert_int_equal(strlen(box.body), FETCH_ANSWER_BYTES);
    box_close(&box);
}

static void what_is_down_or_stopped_is_told(void **state)
{
    struct box box;
    char url[64];
    (void)state;
    box_open(&box, true);
    box.sink.reply = "HTTP/1.1 503 Busy\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n";
    assert_int_equal(post(&box, "http://127.0.0.1:%u/", box.sink.port), 0);
    assert_int_equal(box.status, 503);
    assert_int_equal(box.retry_after_s, 17);
    sink_down(&box.sink);
    assert_int_equal(post(&box, "http://127.0.0.1:%u/", box.sink.port), 0);
    assert_int_equal(box.err.code, ERR_OFFLINE);
    sink_up(&box.sink, box.loop);
    box.sink.reply = NULL;
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/", box.sink.port);
    assert_int_equal(fetch_start(box.fetch, &(struct fetch_request){ .url = url }, on_done, &box, NULL), 0);
    while (box.sink.connections < 2)
        loop_step(box.loop);
    size_t before = box.answers;
    fetch_free(box.fetch);
    box.fetch = NULL;
    assert_int_equal(box.answers, before + 1);
    assert_int_equal(box.err.code, ERR_CANCELLED);
    box_close(&box);
}

static int send_mail(struct box *box, enum fetch_tls tls)
{
    static const char *const to[] = { "a@example.org", "b@example.org" };
    const struct fetch_mail mail = { .from = "s@example.org", .to = to, .to_count = 2, .tls = tls };
    char url[64];
    (void)snprintf(url, sizeof(url), "smtp://127.0.0.1:%u", box->sink.port);
    return ask(box, &(struct fetch_request){
                        .url = url, .body = SPAN_LIT("Subject: x\r\n\r\n.dot\r\nend\r\n"), .mail = &mail });
}

static void a_mail_goes_to_all_recipients(void **state)
{
    struct box box;
    (void)state;
    box_open(&box, true);
    box.sink.is_smtp = true;
    box.sink.reply = NULL;
    assert_int_equal(send_mail(&box, FETCH_CLEAR), 0);
    assert_int_equal(box.err.code, ERR_NONE);
    assert_int_equal(box.sink.count, 1);
    assert_non_null(strstr(box.sink.got[0], "MAIL FROM:<s@example.org>"));
    assert_non_null(strstr(box.sink.got[0], "RCPT TO:<a@example.org>\r\nRCPT TO:<b@example.org>"));
    assert_non_null(strstr(box.sink.got[0], "\r\n\r\n..dot\r\nend\r\n.\r\n"));
    box.sink.reply = "554 spam\r\n";
    assert_int_equal(send_mail(&box, FETCH_CLEAR), 0);
    assert_int_not_equal(box.err.code, ERR_NONE);
    assert_int_equal(box.status, 554);
    box_close(&box);
}

static void a_mail_under_way_does_not_outlive_the_gateway(void **state)
{
    static const char *const to[] = { "a@example.org" };
    const struct fetch_mail mail = { .from = "s@example.org", .to = to, .to_count = 1, .tls = FETCH_CLEAR };
    struct box box;
    char url[64];
    (void)state;
    box_open(&box, true);
    box.sink.is_smtp = true;
    (void)snprintf(url, sizeof(url), "smtp://127.0.0.1:%u", box.sink.port);
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            fetch_start(box.fetch, &(struct fetch_request){ .url = url, .mail = &mail }, on_done, &box, NULL),
            0);
    while (box.sink.connections < 1)
        loop_step(box.loop);
    fetch_free(box.fetch);
    box.fetch = NULL;
    assert_int_equal(box.answers, 2);
    assert_int_equal(box.err.code, ERR_CANCELLED);
    box_close(&box);
    assert_int_equal(box.answers, 2);
}

static void no_mail_goes_in_the_clear_where_encryption_is_demanded(void **state)
{
    struct box box;
    (void)state;
    box_open(&box, true);
    box.sink.is_smtp = true;
    assert_int_equal(send_mail(&box, FETCH_STARTTLS), 0);
    assert_int_not_equal(box.err.code, ERR_NONE);
    assert_int_equal(box.sink.count, 0);
    box_close(&box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_post_arrives_with_its_headers_and_body),
        cmocka_unit_test(a_redirect_is_an_answer_and_not_followed),
        cmocka_unit_test(no_proxy_of_the_environment_is_asked),
        cmocka_unit_test(no_spelling_reaches_an_inner_address),
        cmocka_unit_test(a_resolver_that_changes_its_mind_gains_nothing),
        cmocka_unit_test(each_call_is_judged_anew),
        cmocka_unit_test(a_refused_url_is_not_repeated_in_the_error),
        cmocka_unit_test(an_endless_answer_is_cut),
        cmocka_unit_test(what_is_down_or_stopped_is_told),
        cmocka_unit_test(a_mail_goes_to_all_recipients),
        cmocka_unit_test(a_mail_under_way_does_not_outlive_the_gateway),
        cmocka_unit_test(no_mail_goes_in_the_clear_where_encryption_is_demanded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
