/* Who can be told of a job: `notifiers` of clusters.yaml. Secrets are only names here: the address of a
 * webhook, a key, a password stand in files of the state directory (svc/submit/secret.h). */
#ifndef SLUICE_DOMAIN_NOTIFIER_CONFIG_H
#define SLUICE_DOMAIN_NOTIFIER_CONFIG_H

#include "domain/schema_bind.h"

enum notifier_type { /* in the order of the schema's words */
                     NOTIFIER_SLACK,
                     NOTIFIER_DISCORD,
                     NOTIFIER_WEBHOOK,
                     NOTIFIER_NTFY,
                     NOTIFIER_EMAIL,
                     NOTIFIER_TYPE_COUNT
};
enum notifier_tls { NOTIFIER_STARTTLS, NOTIFIER_SMTPS, NOTIFIER_CLEAR };

enum { MAX_NOTIFIERS = 50, MAX_MAIL_RECIPIENTS = 20 };

struct notifier_config {
    char *name;
    int type; /* enum notifier_type */
    char *url_secret, *sign_secret, *token_secret, *password_secret;
    char *host, *user, *from;
    int64_t port; /* BIND_NONE: by tls */
    int tls;      /* enum notifier_tls */
    struct strs to;
};

struct notifiers {
    struct notifier_config *items;
    size_t count;
};

/* map: the checked document's `notifiers`, or NULL. -1 with every notifier that lacks what its type needs,
 * has an address that is none, or names a key that its type does not have. */
int notifiers_fill(struct notifiers *notifiers, const struct doc *map, const char *file, struct errs *errs);
void notifiers_clear(struct notifiers *notifiers);
const struct notifier_config *notifiers_find(const struct notifiers *notifiers, const char *name);
const char *notifier_type_word(enum notifier_type type);
/* local@domain of plain ASCII: nothing that a mail's header or an SMTP command could be broken with. */
bool mail_address_is_ok(const char *text);

#endif
