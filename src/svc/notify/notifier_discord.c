#include "svc/notify/notifier.h"

#include "text/json_out.h"
#include "text/utf8.h"

#include <string.h>

enum { MAX_CONTENT_BYTES = 1900, SUPPRESS_EMBEDS = 4 };

/* Markdown's marks, mentions and links lose their meaning behind a backslash. */
static void add_escaped(struct str *to, const char *text)
{
    for (; *text; text++) {
        if (strchr("\\*_~`|>#[]()<:@-", *text))
            str_add_char(to, '\\');
        str_add_char(to, *text);
    }
}

/* At most so many bytes (never more characters than that), no character cut. */
static struct span cut(struct span text)
{
    if (text.len <= MAX_CONTENT_BYTES)
        return text;
    size_t len = MAX_CONTENT_BYTES;
    while (len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len--;
    return span_head(text, len);
}

void notifier_discord(const struct notifier_message *message, struct notifier_post *out)
{
    const struct notice *notice = message->notice;
    struct json_out json = { .to = &out->body };
    auto_str struct str text = STR_MAX(MAX_NOTICE_BYTES), content = STR_MAX(MAX_NOTICE_BYTES);
    str_add(&text, "**");
    add_escaped(&text, notice->title);
    str_add(&text, "**\n");
    add_escaped(&text, notice->text);
    str_add_span(&content, cut(str_span(&text)));
    if (notice->url)
        str_addf(&content, "\n<%s>", notice->url);
    json_open_object(&json);
    json_member_span(&json, "content", str_span(&content));
    json_member_int(&json, "flags", SUPPRESS_EMBEDS);
    json_member_raw(&json, "allowed_mentions", SPAN_LIT("{\"parse\":[]}"));
    json_close_object(&json);
    strs_push(&out->headers, "Content-Type: application/json");
}
