#include "svc/settings.h"

#include "base/limits.h"
#include "base/mem.h"
#include "io/file.h"

#include <stdlib.h>

struct settings {
    struct daemon_config *daemon;
    struct clusters_config *clusters, *before; /* before: executors still point into it until fleet_apply */
    char *problem;
};

struct settings *settings_new_take(struct daemon_config *config)
{
    struct settings *settings = mem_zalloc(sizeof(*settings));
    settings->daemon = config;
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
    free(settings);
}

static int read_clusters(const struct settings *settings, struct clusters_config **out, struct errs *errs)
{
    const char *path = settings->daemon->clusters_file;
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

int settings_load(struct settings *settings, struct errs *errs)
{
    struct clusters_config *fresh = NULL;
    if (read_clusters(settings, &fresh, errs) < 0) {
        auto_str struct str text = STR_MAX(MAX_CONFIG_BYTES);
        errs_text(errs, &text);
        mem_replace_str(&settings->problem, str_text(&text));
        return -1;
    }
    clusters_config_free(settings->before);
    settings->before = settings->clusters;
    settings->clusters = fresh;
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
