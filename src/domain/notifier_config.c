#include "domain/notifier_config.h"

#include "base/mem.h"
#include "domain/schema_place.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(key, kind, member)                               \
    {                                                       \
        key, kind, offsetof(struct notifier_config, member) \
    }

static const struct bind binds[] = {
    AT("type", BIND_ENUM, type),
    AT("url_secret", BIND_STR, url_secret),
    AT("sign_secret", BIND_STR, sign_secret),
    AT("token_secret", BIND_STR, token_secret),
    AT("host", BIND_STR, host),
    AT("port", BIND_INT, port),
    AT("tls", BIND_ENUM, tls),
    AT("user", BIND_STR, user),
    AT("password_secret", BIND_STR, password_secret),
    AT("from", BIND_STR, from),
    AT("to", BIND_STRS, to),
};

/* Keys beside `type`: '|' between, and at both ends. */
static const struct {
    const char *word, *needs, *may;
} types[] = {
    [NOTIFIER_SLACK] = { "slack", "|url_secret|", "" },
    [NOTIFIER_DISCORD] = { "discord", "|url_secret|", "" },
    [NOTIFIER_WEBHOOK] = { "webhook", "|url_secret|sign_secret|", "" },
    [NOTIFIER_NTFY] = { "ntfy", "|url_secret|", "|token_secret|" },
    [NOTIFIER_EMAIL] = { "email", "|host|from|to|", "|port|tls|user|password_secret|" },
};
_Static_assert(ARRAY_LEN(types) == NOTIFIER_TYPE_COUNT, "a row for each type");

const char *notifier_type_word(enum notifier_type type)
{
    return types[type].word;
}

void notifiers_clear(struct notifiers *notifiers)
{
    for (size_t i = 0; i < notifiers->count; i++) {
        free(notifiers->items[i].name);
        bind_clear(binds, ARRAY_LEN(binds), &notifiers->items[i]);
    }
    free(notifiers->items);
    *notifiers = (struct notifiers){ 0 };
}

const struct notifier_config *notifiers_find(const struct notifiers *notifiers, const char *name)
{
    for (size_t i = 0; i < notifiers->count; i++)
        if (strcmp(notifiers->items[i].name, name) == 0)
            return &notifiers->items[i];
    return NULL;
}

bool mail_address_is_ok(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    char local[80], domain[80];
    (void)snprintf(local, sizeof(local), "%s._%%+=~-", letters);
    (void)snprintf(domain, sizeof(domain), "%s.-", letters);
    size_t at = strspn(text, local);
    if (at == 0 || at > 64 || text[at] != '@')
        return false;
    const char *host = text + at + 1;
    size_t len = strspn(host, domain);
    return len > 0 && len < 254 && host[len] == '\0' && host[0] != '.' && host[0] != '-';
}

/* --- what no single row can say --- */

struct place {
    const struct doc *map; /* of one notifier */
    const char *file;
    struct errs *errs;
};

static int fail(const struct place *place, const char *key, const char *what)
{
    const struct doc *at = doc_get(place->map, key);
    auto_str struct str path = STR_MAX(256), pointer = STR_MAX(256);
    errs_path_key(&path, &pointer, "notifiers");
    errs_path_key(&path, &pointer, place->map->key);
    errs_path_key(&path, &pointer, key);
    return errs_add(place->errs, &(struct errs_item){ .file = place->file,
                                                      .line = at ? at->line : place->map->line,
                                                      .col = at ? at->col : place->map->col,
                                                      .path = str_text(&path),
                                                      .pointer = str_text(&pointer),
                                                      .text = what });
}

static bool is_listed(const char *list, struct span word)
{
    auto_str struct str marked = STR_MAX(128);
    str_addf(&marked, "|%.*s|", SPAN_FMT(word));
    return strstr(list, str_text(&marked)) != NULL;
}

static bool is_given(const struct doc *map, const char *key)
{
    const struct doc *value = doc_get(map, key);
    return value && !schema_is_null(value) && !(value->kind == DOC_SEQ && value->count == 0);
}

static int check_needs(const struct place *place, int type)
{
    struct span rest = span_of(types[type].needs + 1), part;
    int rc = 0;
    while (span_next(&rest, '|', &part)) {
        auto_free char *key = span_dup(part);
        if (!is_given(place->map, key))
            rc = fail(place, key, "must be given for this type of notifier");
    }
    return rc;
}

static int check_keys(const struct place *place, int type)
{
    int rc = 0;
    for (size_t i = 0; i < place->map->count; i++) {
        const struct doc *item = &place->map->items[i];
        struct span key = span_of(item->key);
        bool is_ours = span_is(key, "type") || is_listed(types[type].needs, key) ||
                       is_listed(types[type].may, key) || schema_is_null(item);
        if (!is_ours)
            rc = fail(place, item->key, "means nothing for this type of notifier");
    }
    return rc;
}

static int check_mail(const struct place *place, const struct notifier_config *one)
{
    int rc = 0;
    if (one->from && !mail_address_is_ok(one->from))
        rc = fail(place, "from", "expected a plain address like sluice@example.org");
    for (size_t i = 0; i < one->to.count; i++)
        if (!mail_address_is_ok(one->to.items[i]))
            rc = fail(place, "to", "expected plain addresses like me@example.org");
    if (one->to.count > MAX_MAIL_RECIPIENTS)
        rc = fail(place, "to", "more than 20 recipients: use a mailing list");
    if ((one->user != NULL) != (one->password_secret != NULL))
        rc = fail(place, "user", "user and password_secret go together");
    if (one->user && one->tls == NOTIFIER_CLEAR)
        rc = fail(place, "tls", "a password is not sent in the clear");
    if (one->host && strchr(one->host, '@'))
        rc = fail(place, "host", "is the server's name alone; the login is user");
    return rc;
}

int notifiers_fill(struct notifiers *notifiers, const struct doc *map, const char *file, struct errs *errs)
{
    size_t count = map && map->kind == DOC_MAP ? map->count : 0;
    if (count > MAX_NOTIFIERS)
        return errs_addf(errs, &(struct errs_item){ .file = file, .line = map->line, .path = "notifiers" },
                         "more than %d notifiers", MAX_NOTIFIERS);
    int rc = 0;
    notifiers->items = mem_zalloc((count + 1) * sizeof(*notifiers->items));
    for (size_t i = 0; i < count; i++) {
        struct notifier_config *one = &notifiers->items[notifiers->count++];
        const struct place place = { &map->items[i], file, errs };
        one->name = mem_dup_str(map->items[i].key);
        bind_fill(&schema_clusters, "notifiers.NAME", &map->items[i], BIND_LIST(binds), one);
        rc |= check_needs(&place, one->type) | check_keys(&place, one->type);
        if (one->type == NOTIFIER_EMAIL)
            rc |= check_mail(&place, one);
    }
    return rc;
}
