/* The kinds of notifier: each turns a message into one request. One file a kind, one row in the table. */
#ifndef SLUICE_SVC_NOTIFY_NOTIFIER_H
#define SLUICE_SVC_NOTIFY_NOTIFIER_H

#include "base/str.h"
#include "domain/notice.h"
#include "domain/notifier_config.h"

enum { MAX_NOTIFIER_BODY_BYTES = 2 * MAX_NOTICE_BYTES };

struct notifier_secrets { /* cleared to zeroes after use; empty where the kind has none */
    struct str url, sign, token, password;
};
/* -1 names the secret. */
int notifier_secrets_read(const struct notifier_config *config, const char *state_dir,
                          struct notifier_secrets *out, struct err *err);
void notifier_secrets_clear(struct notifier_secrets *secrets);
#define auto_secrets __attribute__((cleanup(notifier_secrets_clear)))
/* Text of the other side or of libcurl, every secret in it replaced by ***. */
void notifier_redact(const struct notifier_secrets *secrets, struct span text, struct str *out);

struct notifier_message { /* borrowed */
    const struct notifier_config *config;
    const struct notifier_secrets *secrets;
    const struct notice *notice;
    struct span json; /* the notice as rendered */
    int64_t now_us;
};
struct notifier_post {
    struct str url, body;
    struct strs headers; /* "Name: value" */
};
void notifier_post_clear(struct notifier_post *post);
#define auto_post __attribute__((cleanup(notifier_post_clear)))

/* Appends what is to be sent; the table row's render. */
int notifier_render(const struct notifier_message *message, struct notifier_post *out, struct err *err);

/* The rows' functions; url is set already where there is a url_secret. */
typedef void notifier_kind(const struct notifier_message *message, struct notifier_post *out);
notifier_kind notifier_slack, notifier_discord, notifier_webhook, notifier_ntfy, notifier_email;

#endif
