#include "domain/daemon_config.h"

#include "base/limits.h"
#include "base/mem.h"
#include "domain/schema_place.h"
#include "text/yaml.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define AT(key, kind, member)                             \
    {                                                     \
        key, kind, offsetof(struct daemon_config, member) \
    }

static const struct bind binds[] = {
    AT("base_path", BIND_STR, base_path),
    AT("public_url", BIND_STR, public_url),
    AT("state_dir", BIND_STR, state_dir),
    AT("clusters_file", BIND_STR, clusters_file),
    AT("project_roots", BIND_STRS, project_roots),
    AT("auth.mode", BIND_ENUM, auth_mode),
    AT("limits.body", BIND_INT, limits.body_bytes),
    AT("limits.submit_body", BIND_INT, limits.submit_body_bytes),
    AT("limits.connections", BIND_INT, limits.connections),
    AT("limits.page_rows", BIND_INT, limits.page_rows),
    AT("limits.job_log", BIND_INT, job_log_bytes),
    AT("webhooks.allow", BIND_STRS, webhooks_allow),
    AT("retention.events", BIND_INT, retention_events_s),
    AT("retention.logs", BIND_INT, retention_logs_s),
    AT("t_settle", BIND_INT, t_settle_s),
    AT("log.level", BIND_ENUM, log_level),
};

void daemon_config_free(struct daemon_config *config)
{
    if (!config)
        return;
    bind_clear(binds, ARRAY_LEN(binds), config);
    free(config->listen_host);
    free(config->ssh_agent_socket);
    doc_free(config->doc);
    free(config);
}

void daemon_config_free_ptr(struct daemon_config **config)
{
    daemon_config_free(*config);
}

/* --- a second reading --- */

static void keep_str(char **fresh, char **before, const char *key, struct str *changed)
{
    char *wanted = *fresh;
    if (!wanted != !*before || (wanted && strcmp(wanted, *before) != 0))
        str_addf(changed, "%s%s", changed->len ? ", " : "", key);
    *fresh = *before; /* the pointer itself: services hold it */
    *before = wanted;
}

static void keep_number(int64_t *fresh, int64_t before, const char *key, struct str *changed)
{
    if (*fresh != before)
        str_addf(changed, "%s%s", changed->len ? ", " : "", key);
    *fresh = before;
}

void daemon_config_keep_fixed(struct daemon_config *fresh, struct daemon_config *before, struct str *changed)
{
    int64_t mode = fresh->auth_mode;
    keep_str(&fresh->listen_host, &before->listen_host, "listen", changed);
    keep_number(&fresh->listen_port, before->listen_port, "listen (its port)", changed);
    keep_str(&fresh->base_path, &before->base_path, "base_path", changed);
    keep_str(&fresh->state_dir, &before->state_dir, "state_dir", changed);
    keep_str(&fresh->ssh_agent_socket, &before->ssh_agent_socket, "SSH_AUTH_SOCK", changed);
    keep_number(&mode, before->auth_mode, "auth.mode", changed);
    fresh->auth_mode = (int)mode;
}

/* --- names of keys outside the file --- */

static bool is_leaf(const struct schema_row *row)
{
    return row->type != SCHEMA_OBJECT && strcmp(row->path, "version") != 0;
}

/* "log.level" as "log-level" or "LOG_LEVEL". */
static bool is_called(const char *path, const char *name, char separator, bool is_upper)
{
    size_t i = 0;
    for (; path[i] && name[i]; i++) {
        char c = path[i] == '.' || path[i] == '_' ? separator : path[i];
        if (is_upper && c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (c != name[i])
            return false;
    }
    return !path[i] && !name[i];
}

static const char *path_called(const char *name, char separator, bool is_upper)
{
    for (size_t i = 0; i < schema_daemon.count; i++)
        if (is_leaf(&schema_daemon.rows[i]) &&
            is_called(schema_daemon.rows[i].path, name, separator, is_upper))
            return schema_daemon.rows[i].path;
    return NULL;
}

/* Two flags have shorter names that the documents promise. */
static const struct {
    const char *flag, *path;
} short_flags[] = { { "clusters", "clusters_file" } };

const char *daemon_config_flag_path(const char *flag)
{
    const char *name = strncmp(flag, "--", 2) == 0 ? flag + 2 : flag;
    for (size_t i = 0; i < ARRAY_LEN(short_flags); i++)
        if (strcmp(short_flags[i].flag, name) == 0)
            return short_flags[i].path;
    return path_called(name, '-', false);
}

const char *daemon_config_env_path(const char *name)
{
    return strncmp(name, "SLUICE_", 7) == 0 ? path_called(name + 7, '_', true) : NULL;
}

/* --- values from outside the file --- */

/* Another kind in the same place: the key stays. */
static void make_empty(struct doc *doc, enum doc_kind kind)
{
    char *key = move_ptr(doc->key);
    doc_clear(doc);
    doc->key = key;
    doc->kind = kind;
}

/* The node of a dotted path, made where it is not. */
static struct doc *node_at(struct doc *doc, const char *path)
{
    struct span rest = span_of(path), part;
    while (span_next(&rest, '.', &part)) {
        auto_free char *key = span_dup(part);
        if (doc->kind != DOC_MAP)
            make_empty(doc, DOC_MAP);
        struct doc *child = (struct doc *)doc_get(doc, key);
        doc = child ? child : doc_push(doc, key);
    }
    return doc;
}

/* "a,b" becomes a list where the key wants one. */
static void set_text(struct doc *node, const struct schema_row *row, const char *value)
{
    if (row->type != SCHEMA_STRS) {
        doc_set_str(node, value);
        node->plain = row->type != SCHEMA_STR;
        return;
    }
    make_empty(node, DOC_SEQ);
    struct span rest = span_of(value), part;
    while (span_next(&rest, ',', &part)) {
        auto_free char *item = span_dup(span_trim(part));
        doc_set_str(doc_push(node, NULL), item);
    }
}

/* Each setting is checked alone first, so that the message names where it came from. */
static int apply(struct doc *doc, const struct daemon_setting *setting, struct errs *errs)
{
    const struct schema_row *row = schema_row_at(&schema_daemon, setting->path);
    struct doc alone = { .kind = DOC_MAP };
    if (!row)
        abort(); /* the path is not one that daemon_config_*_path gave */
    set_text(node_at(&alone, setting->path), row, setting->value);
    int rc = schema_check(&schema_daemon, &alone, setting->origin, errs);
    doc_clear(&alone);
    if (rc < 0)
        return -1;
    set_text(node_at(doc, setting->path), row, setting->value);
    return 0;
}

/* --- what no single row can say --- */

static void split_listen(struct daemon_config *config)
{
    struct doc value = { 0 };
    const struct doc *listen = doc_get(config->doc, "listen");
    const struct schema_row *row = schema_row_at(&schema_daemon, "listen");
    if (!listen || schema_type(row, listen, &value, NULL) < 0 || value.kind != DOC_STR)
        schema_default(row, &value);
    char *colon = strrchr(value.text, ':');
    uint64_t port = 0;
    (void)span_u64(span_of(colon + 1), &port);
    struct span host = { value.text, (size_t)(colon - value.text) };
    if (host.len > 2 && host.ptr[0] == '[')
        host = (struct span){ host.ptr + 1, host.len - 2 };
    config->listen_host = span_dup(host);
    config->listen_port = (int64_t)port;
    doc_clear(&value);
}

/* A key's text; NULL: it is not given, or wrong already. */
static const char *sound_text(const struct doc *doc, const char *key, const struct errs *errs)
{
    const struct doc *at = doc_get(doc, key);
    bool is_sound = at && !schema_is_null(at) && !(errs->count && errs_within(errs, key));
    return is_sound ? doc_scalar_text(at) : NULL;
}

static int refuse(const struct doc *doc, const char *file, const struct errs_item *item, struct errs *errs)
{
    const struct doc *at = doc_get(doc, item->path);
    struct errs_item placed = *item;
    placed.file = at->line ? file : NULL;
    placed.line = at->line;
    placed.col = at->col;
    return errs_add(errs, &placed);
}

static int check_base_path(const struct doc *doc, const char *file, struct errs *errs)
{
    const char *path = sound_text(doc, "base_path", errs);
    size_t len = path ? strlen(path) : 0;
    if (len == 0 || (path[0] == '/' && path[len - 1] != '/' && !strpbrk(path, " ?#%\"<>\\")))
        return 0;
    return refuse(doc, file,
                  &(struct errs_item){ .path = "base_path",
                                       .pointer = "/base_path",
                                       .text = "expected a path like /sluice, without a slash at its end" },
                  errs);
}

static int check_public_url(const struct doc *doc, const char *file, struct errs *errs)
{
    const char *url = sound_text(doc, "public_url", errs);
    bool ok = !url || strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0;
    if (ok && (!url || !strpbrk(url, " ?#\"<>\\|@")))
        return 0;
    return refuse(doc, file,
                  &(struct errs_item){ .path = "public_url",
                                       .pointer = "/public_url",
                                       .text = "expected an address like https://sluice.example.org" },
                  errs);
}

/* Both modes that there are know nobody but this machine. */
static int check_listen(const struct doc *doc, const char *file, struct errs *errs)
{
    const char *listen = sound_text(doc, "listen", errs);
    if (!listen || strncmp(listen, "127.", 4) == 0 || strncmp(listen, "[::1]:", 6) == 0 ||
        strncmp(listen, "localhost:", 10) == 0)
        return 0;
    return refuse(doc, file,
                  &(struct errs_item){ .path = "listen",
                                       .pointer = "/listen",
                                       .text = "must be a loopback address: without tokens anybody could "
                                               "submit jobs",
                                       .hint = "127.0.0.1:8470, and an SSH tunnel to it" },
                  errs);
}

static void fill(struct daemon_config *config)
{
    bind_fill(&schema_daemon, "", config->doc, BIND_LIST(binds), config);
    const struct doc *log = doc_get(config->doc, "log");
    const char *format = doc_scalar_text(doc_get(log, "format"));
    config->log_json = format && strcmp(format, "json") == 0;
    split_listen(config);
    size_t len = config->public_url ? strlen(config->public_url) : 0;
    if (len && config->public_url[len - 1] == '/')
        config->public_url[len - 1] = '\0';
}

int daemon_config_parse(const struct daemon_input *in, struct daemon_config **out, struct errs *errs)
{
    auto_doc struct doc *doc = NULL;
    int rc = yaml_parse(in->text, in->file, &doc, errs);
    if (rc == 0)
        rc = schema_check(&schema_daemon, doc, in->file, errs);
    if (!doc)
        doc = mem_zalloc(sizeof(*doc));
    for (size_t i = 0; i < in->setting_count; i++)
        rc |= apply(doc, &in->settings[i], errs);
    rc |= check_base_path(doc, in->file, errs) | check_public_url(doc, in->file, errs) |
          check_listen(doc, in->file, errs);
    if (rc < 0) {
        errs_sort(errs);
        return -1;
    }
    auto_daemon_config struct daemon_config *config = mem_zalloc(sizeof(*config));
    config->doc = move_ptr(doc);
    fill(config);
    *out = move_ptr(config);
    return 0;
}
