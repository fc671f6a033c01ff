#include "svc/notify/notifier.h"

#include "text/json_out.h"

/* Slack reads < > & only; what looks like a mention or a link needs <. */
static void add_escaped(struct str *to, const char *text)
{
    for (; *text; text++) {
        if (*text == '&')
            str_add(to, "&amp;");
        else if (*text == '<')
            str_add(to, "&lt;");
        else if (*text == '>')
            str_add(to, "&gt;");
        else
            str_add_char(to, *text);
    }
}

void notifier_slack(const struct notifier_message *message, struct notifier_post *out)
{
    const struct notice *notice = message->notice;
    struct json_out json = { .to = &out->body };
    auto_str struct str text = STR_MAX(MAX_NOTICE_BYTES);
    add_escaped(&text, notice->title);
    str_add_char(&text, '\n');
    add_escaped(&text, notice->text);
    if (notice->url) {
        str_add(&text, "\n<");
        add_escaped(&text, notice->url);
        str_add(&text, "|Open in Sluice>");
    }
    json_open_object(&json);
    json_member_span(&json, "text", str_span(&text));
    json_member_bool(&json, "unfurl_links", false);
    json_member_bool(&json, "unfurl_media", false);
    json_close_object(&json);
    strs_push(&out->headers, "Content-Type: application/json");
}
