/* Covers: svc/notify/notifier_slack, svc/notify/notifier_discord, svc/notify/notifier_webhook,
 * svc/notify/notifier_ntfy, svc/notify/notifier_email. */
#include "svc/notify/notifier.h"

#include "base/mem.h"
#include "text/base64.h"
#include "text/json_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void secret(struct str *to, const char *text)
{
    *to = STR_MAX(1000);
    str_add(to, text);
}

/* The notice as a kind sends it; a title of everything that means something to somebody. */
static void render_as(enum notifier_type type, const char *title, struct notifier_post *out)
{
    auto_str struct str json = STR_MAX(MAX_NOTICE_BYTES);
    auto_secrets struct notifier_secrets secrets = { 0 };
    const struct notice notice = { .id = "d1",
                                   .type = "job.failed",
                                   .level = "bad",
                                   .title = title,
                                   .text = "line 1\n.\nline 3",
                                   .url = "https://s.example.org/jobs/1" };
    char *to[] = { (char *)"a@example.org", (char *)"b@example.org" };
    const struct notifier_config config = { .type = type,
                                            .host = (char *)"mail.example.org",
                                            .from = (char *)"s@example.org",
                                            .port = BIND_NONE,
                                            .to = { to, 2, 2 } };
    struct err err = { 0 };
    if (type != NOTIFIER_EMAIL)
        secret(&secrets.url, "https://hooks.example.org/T0KEN");
    secret(&secrets.sign, "key");
    secret(&secrets.token, "tk_1");
    str_add(&json, "{\"a\":1}");
    const struct notifier_message message = { &config, &secrets, &notice, str_span(&json),
                                              INT64_C(1700000000000000) };
    if (notifier_render(&message, out, &err) < 0)
        fail_msg("%s", err.text);
}

static bool has_header(const struct notifier_post *post, const char *line)
{
    return strs_has(&post->headers, line);
}

static const char hostile[] = "<!channel> & <@U1> @everyone [x](https://evil.org) *b* `c`";

static void slack_sees_no_mention_and_no_link(void **state)
{
    auto_post struct notifier_post post = { 0 };
    (void)state;
    render_as(NOTIFIER_SLACK, hostile, &post);
    const char *body = str_text(&post.body);
    assert_string_equal(str_text(&post.url), "https://hooks.example.org/T0KEN");
    assert_non_null(strstr(body, "&lt;!channel&gt; &amp; &lt;@U1&gt; @everyone"));
    assert_null(strstr(body, "<!"));
    assert_null(strstr(body, "<@"));
    assert_non_null(strstr(body, "<https://s.example.org/jobs/1|Open in Sluice>"));
}

static void discord_may_mention_nobody(void **state)
{
    auto_post struct notifier_post post = { 0 };
    auto_doc struct doc *doc = NULL;
    (void)state;
    render_as(NOTIFIER_DISCORD, hostile, &post);
    assert_int_equal(json_parse(str_span(&post.body), &doc, NULL), 0);
    const struct doc *parse = doc_get(doc_get(doc, "allowed_mentions"), "parse");
    assert_int_equal(parse->kind, DOC_SEQ);
    assert_int_equal(parse->count, 0);
    const char *content = doc_scalar_text(doc_get(doc, "content"));
    assert_non_null(strstr(content, "\\@everyone \\[x\\]\\(https\\:"));
    assert_null(strstr(content, " @everyone"));
}

static void discord_gets_no_more_than_it_takes(void **state)
{
    auto_post struct notifier_post post = { 0 };
    auto_doc struct doc *doc = NULL;
    char title[3001];
    (void)state;
    memset(title, 0, sizeof(title));
    for (size_t i = 0; i < 1000; i++)
        memcpy(title + 3 * i, "\xe2\x82\xac", 3);
    render_as(NOTIFIER_DISCORD, title, &post);
    assert_int_equal(json_parse(str_span(&post.body), &doc, NULL), 0); /* whole characters */
    assert_true(strlen(doc_scalar_text(doc_get(doc, "content"))) <= 2000);
}

/* printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac key */
static void a_webhook_is_signed_over_time_and_body(void **state)
{
    auto_post struct notifier_post post = { 0 };
    (void)state;
    render_as(NOTIFIER_WEBHOOK, "x", &post);
    assert_string_equal(str_text(&post.body), "{\"a\":1}");
    assert_true(has_header(&post, "X-Sluice-Delivery: d1"));
    assert_true(has_header(&post, "X-Sluice-Event: job.failed"));
    assert_true(has_header(&post, "X-Sluice-Timestamp: 1700000000"));
    assert_true(has_header(
        &post, "X-Sluice-Signature: v1=a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03"));
}

static void ntfy_gets_its_headers_on_one_line_each(void **state)
{
    auto_post struct notifier_post post = { 0 };
    (void)state;
    render_as(NOTIFIER_NTFY, "a\r\nX-Evil: 1", &post);
    assert_true(has_header(&post, "Priority: 4"));
    assert_true(has_header(&post, "Authorization: Bearer tk_1"));
    assert_true(has_header(&post, "Click: https://s.example.org/jobs/1"));
    for (size_t i = 0; i < post.headers.count; i++)
        assert_null(strpbrk(post.headers.items[i], "\r\n"));
    assert_string_equal(str_text(&post.body), "line 1\n.\nline 3");
}

static void a_mail_has_the_headers_that_we_gave_it_and_no_other(void **state)
{
    static const char *const names[] = {
        "From: ",           "To: ",           "Subject: ",
        "Date: ",           "Message-ID: ",   "MIME-Version: ",
        "Auto-Submitted: ", "Content-Type: ", "Content-Transfer-Encoding: "
    };
    auto_post struct notifier_post post = { 0 };
    auto_str struct str text = STR_MAX(8192), joined = STR_MAX(8192);
    (void)state;
    render_as(NOTIFIER_EMAIL, "a\r\nBcc: x@y.z\r\n\r\nbody", &post);
    assert_string_equal(str_text(&post.url), "smtp://mail.example.org:587");
    assert_non_null(strstr(str_text(&post.body), "To: <a@example.org>,\r\n <b@example.org>\r\n"));
    assert_non_null(strstr(str_text(&post.body), "Message-ID: <d1@example.org>\r\n"));
    assert_non_null(strstr(str_text(&post.body), "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"));
    struct span rest = str_span(&post.body), line;
    size_t found = 0;
    while (span_next_line(&rest, &line) && line.len > 1) {
        if (span_starts(line, " "))
            continue;
        assert_true(found < ARRAY_LEN(names) && span_starts(line, names[found]));
        found++;
    }
    assert_int_equal(found, ARRAY_LEN(names));
    while (span_next_line(&rest, &line))
        str_add_span(&joined, span_trim(line));
    assert_true(base64_decode(str_span(&joined), &text));
    assert_non_null(strstr(str_text(&text), "line 1\r\n.\r\nline 3"));
}

static void secrets_are_blacked_out(void **state)
{
    auto_secrets struct notifier_secrets secrets = { 0 };
    auto_str struct str out = STR_MAX(1000);
    (void)state;
    secret(&secrets.url, "https://hooks.example.org/T0KEN");
    secret(&secrets.password, "hunter22");
    notifier_redact(&secrets, SPAN_LIT("at https://hooks.example.org/T0KEN: /T0KEN, hunter22 no"), &out);
    assert_string_equal(str_text(&out), "at ***: /***, *** no");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slack_sees_no_mention_and_no_link),
        cmocka_unit_test(discord_may_mention_nobody),
        cmocka_unit_test(discord_gets_no_more_than_it_takes),
        cmocka_unit_test(a_webhook_is_signed_over_time_and_body),
        cmocka_unit_test(ntfy_gets_its_headers_on_one_line_each),
        cmocka_unit_test(a_mail_has_the_headers_that_we_gave_it_and_no_other),
        cmocka_unit_test(secrets_are_blacked_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
