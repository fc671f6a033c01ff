#include "svc/notify/notifier.h"

#include "text/mime.h"

#include <string.h>

static const struct {
    const char *level, *tag, *priority;
} levels[] = {
    { "good", "white_check_mark", "3" },
    { "bad", "rotating_light", "4" },
    { "info", "information_source", "2" },
};

static void push(struct notifier_post *out, const char *name, const char *value)
{
    auto_str struct str header = STR_MAX(MAX_NOTICE_BYTES);
    str_addf(&header, "%s: ", name);
    mime_words(&header, span_of(value));
    strs_push(&out->headers, str_text(&header));
}

void notifier_ntfy(const struct notifier_message *message, struct notifier_post *out)
{
    const struct notice *notice = message->notice;
    auto_str struct str header = STR_MAX(8192);
    str_add(&out->body, notice->text);
    strs_push(&out->headers, "Content-Type: text/plain; charset=utf-8");
    push(out, "Title", notice->title);
    for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
        if (strcmp(levels[i].level, notice->level) != 0)
            continue;
        push(out, "Tags", levels[i].tag);
        push(out, "Priority", levels[i].priority);
    }
    if (notice->url) {
        str_addf(&header, "Click: %s", notice->url); /* checked when the configuration was read */
        strs_push(&out->headers, str_text(&header));
        str_cut(&header, 0);
    }
    if (message->secrets->token.len) {
        str_addf(&header, "Authorization: Bearer %s", str_text(&message->secrets->token));
        strs_push(&out->headers, str_text(&header));
    }
}
