#include "svc/settings.h"

#include "base/limits.h"
#include "base/mem.h"
#include "io/file.h"
#include "io/net_guard.h"

#include <stdlib.h>

struct settings {
    const struct daemon_source *source;
    struct daemon_config *daemon;
    struct clusters_config *clusters, *before; /* before: executors still point into it until fleet_apply */
    char *problem, *kept;
    settings_check *check; /* NULL none */
    void *check_ctx;
};

struct settings *settings_new(const struct daemon_source *source)
{
    struct settings *settings = mem_zalloc(sizeof(*settings));
    settings->source = source;
    return settings;
}

void settings_free(struct settings *settings)
{
    if (!settings)
        return;
    daemon_config_free(settings->daemon);
    clusters_config_free(settings->clusters);
    clusters_config_free(settings->before);
    free(settings->problem);
    free(settings->kept);
    free(settings);
}

/* What the schema cannot judge: who may be reached is io/net_guard.h's grammar. */
static int check_allowed(const struct daemon_config *config, struct errs *errs)
{
    struct net_guard guard = { 0 };
    struct err err = { 0 };
    int rc = 0;
    for (size_t i = 0; i < config->webhooks_allow.count; i++)
        if (net_guard_add(&guard, config->webhooks_allow.items[i], &err) < 0)
            rc = errs_add(errs, &(struct errs_item){ .code = err.code,
                                                     .path = "webhooks.allow",
                                                     .pointer = "/webhooks/allow",
                                                     .text = err.text });
    net_guard_clear(&guard);
    return rc;
}

static int read_daemon(const struct settings *settings, struct daemon_config **out, struct errs *errs)
{
    auto_daemon_config struct daemon_config *config = NULL;
    if (settings->source->load(settings->source->ctx, &config, errs) < 0 || check_allowed(config, errs) < 0)
        return -1;
    *out = move_ptr(config);
    return 0;
}

static int read_clusters(const char *path, struct clusters_config **out, struct errs *errs)
{
    if (!path) {
        *out = clusters_config_builtin();
        return 0;
    }
    struct err err = { 0 };
    auto_str struct str text = STR_MAX(MAX_CONFIG_BYTES);
    if (file_read(path, MAX_CONFIG_BYTES, &text, &err) < 0)
        return errs_add(errs, &(struct errs_item){ .code = err.code, .file = path, .text = err.text });
    return clusters_config_parse(str_span(&text), path, out, errs);
}

void settings_on_clusters(struct settings *settings, settings_check *check, void *ctx)
{
    settings->check = check;
    settings->check_ctx = ctx;
}

static int check_clusters(const struct settings *settings, const struct clusters_config *fresh,
                          struct errs *errs)
{
    size_t before = errs->count;
    if (settings->check)
        settings->check(settings->check_ctx, fresh, errs);
    return errs->count > before ? -1 : 0;
}

static int refuse(struct settings *settings, const struct errs *errs)
{
    auto_str struct str text = STR_MAX(MAX_CONFIG_BYTES);
    errs_line(errs, &text);
    mem_replace_str(&settings->problem, str_text(&text));
    return -1;
}

static void keep_fixed(struct settings *settings, struct daemon_config *fresh)
{
    auto_str struct str changed = STR_MAX(1024);
    if (settings->daemon)
        daemon_config_keep_fixed(fresh, settings->daemon, &changed);
    mem_replace_str(&settings->kept, changed.len ? str_text(&changed) : NULL);
}

int settings_load(struct settings *settings, struct errs *errs)
{
    auto_daemon_config struct daemon_config *daemon = NULL;
    struct clusters_config *clusters = NULL;
    const struct daemon_config *old = settings->daemon;
    int rc = read_daemon(settings, &daemon, errs);
    const char *path = daemon ? daemon->clusters_file : old ? old->clusters_file : NULL;
    if (daemon || old) /* their errors are told too */
        rc |= read_clusters(path, &clusters, errs);
    if (rc == 0)
        rc = check_clusters(settings, clusters, errs);
    if (rc < 0) {
        clusters_config_free(clusters);
        return refuse(settings, errs);
    }
    keep_fixed(settings, daemon);
    daemon_config_free(settings->daemon);
    settings->daemon = move_ptr(daemon);
    clusters_config_free(settings->before);
    settings->before = settings->clusters;
    settings->clusters = clusters;
    mem_clear_str(&settings->problem);
    return 0;
}

const struct daemon_config *settings_daemon(const struct settings *settings)
{
    return settings->daemon;
}

const struct clusters_config *settings_clusters(const struct settings *settings)
{
    return settings->clusters;
}

const char *settings_problem(const struct settings *settings)
{
    return settings->problem;
}

const char *settings_kept(const struct settings *settings)
{
    return settings->kept;
}
