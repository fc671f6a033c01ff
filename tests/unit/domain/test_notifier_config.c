#include "domain/cluster.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct clusters_config *parse(const char *text, struct errs *errs)
{
    struct clusters_config *clusters = NULL;
    (void)clusters_config_parse(span_of(text), "clusters.yaml", &clusters, errs);
    return clusters;
}

static void refused(const char *notifier, const char *path, const char *why)
{
    auto_errs struct errs errs = { 0 };
    auto_str struct str text = STR_MAX(4096);
    str_addf(&text, "notifiers:\n  it: %s\n", notifier);
    assert_null(parse(str_text(&text), &errs));
    str_clear(&text);
    errs_text(&errs, &text);
    if (!strstr(str_text(&text), path) || !strstr(str_text(&text), why))
        fail_msg("%s: %s", notifier, str_text(&text));
}

static void every_type_is_read_with_its_keys(void **state)
{
    static const char text[] =
        "notifiers:\n"
        "  team: {type: slack, url_secret: slack-url}\n"
        "  chat: {type: discord, url_secret: d}\n"
        "  ci: {type: webhook, url_secret: ci, sign_secret: ci-key}\n"
        "  phone: {type: ntfy, url_secret: topic, token_secret: t}\n"
        "  mail: {type: email, host: smtp.example.org, from: a@example.org, to: b@c.org}\n";
    auto_errs struct errs errs = { 0 };
    auto_clusters_config struct clusters_config *clusters = parse(text, &errs);
    (void)state;
    if (!clusters)
        fail_msg("%s: %s", errs.items[0].path, errs.items[0].text);
    assert_int_equal(clusters->count, 1); /* the built-in one */
    assert_int_equal(clusters->notifiers.count, NOTIFIER_TYPE_COUNT);
    for (size_t i = 0; i < clusters->notifiers.count; i++)
        assert_int_equal(clusters->notifiers.items[i].type, i);
    const struct notifier_config *mail = notifiers_find(&clusters->notifiers, "mail");
    assert_int_equal(mail->tls, NOTIFIER_STARTTLS);
    assert_int_equal(mail->port, BIND_NONE);
    assert_string_equal(mail->to.items[0], "b@c.org");
    assert_string_equal(notifier_type_word(NOTIFIER_EMAIL), "email");
    assert_null(notifiers_find(&clusters->notifiers, "nobody"));
}

static void what_a_type_lacks_or_cannot_use_is_named(void **state)
{
    (void)state;
    refused("{type: slack}", "notifiers.it.url_secret", "must be given");
    refused("{url_secret: x}", "notifiers.it", "type");
    refused("{type: pager, url_secret: x}", "notifiers.it.type", "slack");
    refused("{type: webhook, url_secret: x}", "notifiers.it.sign_secret", "must be given");
    refused("{type: slack, url_secret: x, host: y}", "notifiers.it.host", "means nothing");
    refused("{type: slack, url_secret: ../../etc/passwd}", "notifiers.it.url_secret", "letters");
    refused("{type: slack, url: https://x}", "notifiers.it.url", "unknown");
    refused("{type: email, host: h, from: a@b.c, to: []}", "notifiers.it.to", "must be given");
    refused("{type: email, host: h, from: a@b.c, to: x@y.z, user: u}", "notifiers.it.user", "together");
    refused("{type: email, host: h, from: a@b.c, to: x@y.z, user: u, password_secret: p, tls: none}",
            "notifiers.it.tls", "in the clear");
    refused("{type: email, host: h, from: \"a@b.c\\r\\nBcc: x@y.z\", to: x@y.z}", "notifiers.it.from",
            "line");
}

static void addresses_that_could_break_a_mail_are_refused(void **state)
{
    static const char *const bad[] = { "",          "a",     "@b",        "a@",
                                       "a b@c",     "a@b c", "<a@b>",     "a@b\r\nBcc: x@y",
                                       "a@b\nX: y", "a,b@c", "\"a b\"@c", "a@b>",
                                       "a@@b",      "a@-b",  "ä@b.c",     "a@b NOTIFY=NEVER" };
    (void)state;
    assert_true(mail_address_is_ok("first.last+tag@sub.example.org"));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (mail_address_is_ok(bad[i]))
            fail_msg("taken: %s", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read_with_its_keys),
        cmocka_unit_test(what_a_type_lacks_or_cannot_use_is_named),
        cmocka_unit_test(addresses_that_could_break_a_mail_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
