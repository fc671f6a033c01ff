#include "svc/notify/notifier.h"

#include "base/mem.h"
#include "svc/submit/secret.h"

#include <sodium.h>
#include <string.h>

static notifier_kind *const kinds[] = {
    [NOTIFIER_SLACK] = notifier_slack,     [NOTIFIER_DISCORD] = notifier_discord,
    [NOTIFIER_WEBHOOK] = notifier_webhook, [NOTIFIER_NTFY] = notifier_ntfy,
    [NOTIFIER_EMAIL] = notifier_email,
};
_Static_assert(ARRAY_LEN(kinds) == NOTIFIER_TYPE_COUNT, "a function for each kind");

int notifier_secrets_read(const struct notifier_config *config, const char *state_dir,
                          struct notifier_secrets *out, struct err *err)
{
    struct notifier_secrets read = { 0 };
    const struct {
        const char *name;
        struct str *to;
    } wanted[] = {
        { config->url_secret, &read.url },
        { config->sign_secret, &read.sign },
        { config->token_secret, &read.token },
        { config->password_secret, &read.password },
    };
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        if (!wanted[i].name || secret_read(state_dir, wanted[i].name, wanted[i].to, err) == 0)
            continue;
        notifier_secrets_clear(&read);
        return -1;
    }
    *out = read;
    return 0;
}

static void wipe(struct str *secret)
{
    if (secret->buf)
        sodium_memzero(secret->buf, secret->cap);
    str_clear(secret);
}

void notifier_secrets_clear(struct notifier_secrets *secrets)
{
    wipe(&secrets->url);
    wipe(&secrets->sign);
    wipe(&secrets->token);
    wipe(&secrets->password);
}

/* Of a webhook's address everything behind the host is secret. */
static struct span url_path(const struct notifier_secrets *secrets)
{
    struct span url = str_span(&secrets->url);
    size_t at = span_find(url, SPAN_LIT("://"));
    struct span rest = span_skip(url, at + 3);
    struct span path = span_skip(rest, span_find_char(rest, '/'));
    return span_skip(path, 1);
}

void notifier_redact(const struct notifier_secrets *secrets, struct span text, struct str *out)
{
    enum { SHORTEST = 4 }; /* "a" for a path would black out every a */
    const struct span hidden[] = { str_span(&secrets->url), url_path(secrets), str_span(&secrets->sign),
                                   str_span(&secrets->token), str_span(&secrets->password) };
    while (text.len) {
        size_t cut = 0;
        for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
            if (hidden[i].len >= SHORTEST && hidden[i].len > cut &&
                span_eq(span_head(text, hidden[i].len), hidden[i]))
                cut = hidden[i].len;
        if (cut)
            str_add(out, "***");
        else
            str_add_char(out, text.ptr[0]);
        text = span_skip(text, cut ? cut : 1);
    }
}

void notifier_post_clear(struct notifier_post *post)
{
    if (post->url.buf)
        sodium_memzero(post->url.buf, post->url.cap);
    str_clear(&post->url);
    str_clear(&post->body);
    for (size_t i = 0; i < post->headers.count; i++)
        sodium_memzero(post->headers.items[i], strlen(post->headers.items[i]));
    strs_clear(&post->headers);
}

int notifier_render(const struct notifier_message *message, struct notifier_post *out, struct err *err)
{
    struct notifier_post post = { .url = STR_MAX(8192), .body = STR_MAX(MAX_NOTIFIER_BODY_BYTES) };
    str_add_span(&post.url, str_span(&message->secrets->url));
    kinds[message->config->type](message, &post);
    if (post.url.failed || post.body.failed) {
        notifier_post_clear(&post);
        return err_set(err, ERR_TOO_LARGE, "the message is too large");
    }
    *out = post;
    return 0;
}
