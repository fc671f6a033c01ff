#include "svc/notify/notifier.h"

#include "text/mime.h"

#include <string.h>
#include <time.h>

static void add_date(struct str *to, int64_t wall_us)
{
    char text[64];
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm when;
    gmtime_r(&seconds, &when);
    if (strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", &when) > 0)
        str_addf(to, "Date: %s\r\n", text);
}

static void add_url(const struct notifier_config *config, struct str *url)
{
    static const struct {
        const char *scheme;
        int port;
    } by_tls[] = {
        [NOTIFIER_STARTTLS] = { "smtp", 587 },
        [NOTIFIER_SMTPS] = { "smtps", 465 },
        [NOTIFIER_CLEAR] = { "smtp", 25 },
    };
    bool is_v6 = strchr(config->host, ':') != NULL;
    long long port = config->port > 0 ? (long long)config->port : by_tls[config->tls].port;
    str_addf(url, "%s://%s%s%s:%lld", by_tls[config->tls].scheme, is_v6 ? "[" : "", config->host,
             is_v6 ? "]" : "", port);
}

/* Addresses were checked when the configuration was read; all other text goes through mime_. */
void notifier_email(const struct notifier_message *message, struct notifier_post *out)
{
    const struct notifier_config *config = message->config;
    const struct notice *notice = message->notice;
    auto_str struct str text = STR_MAX(MAX_NOTICE_BYTES);
    add_url(config, &out->url);
    str_addf(&out->body, "From: Sluice <%s>\r\nTo: ", config->from);
    for (size_t i = 0; i < config->to.count; i++)
        str_addf(&out->body, "%s<%s>", i ? ",\r\n " : "", config->to.items[i]);
    str_add(&out->body, "\r\n");
    mime_header(&out->body, "Subject", span_of(notice->title));
    add_date(&out->body, message->now_us);
    str_addf(&out->body, "Message-ID: <%s@%s>\r\n", notice->id, strchr(config->from, '@') + 1);
    str_add(&out->body,
            "MIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    str_addf(&text, "%s\r\n\r\n", notice->title);
    for (const char *c = notice->text; *c; c++)
        str_add(&text, *c == '\n' ? "\r\n" : (char[]){ *c, '\0' });
    if (notice->url)
        str_addf(&text, "\r\n\r\n%s", notice->url);
    str_add(&text, "\r\n");
    mime_body(&out->body, str_span(&text));
}
