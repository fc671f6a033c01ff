#include "domain/config.h"

#include "base/mem.h"
#include "domain/cluster.h"
#include "domain/daemon_config.h"
#include "domain/project.h"
#include "text/yaml.h"

#include <string.h>

static int check_project(const char *file, struct span text, struct errs *errs)
{
    auto_project_config struct project_config *project = NULL;
    return project_config_parse(text, file, &project, errs);
}

static int check_clusters(const char *file, struct span text, struct errs *errs)
{
    auto_clusters_config struct clusters_config *clusters = NULL;
    return clusters_config_parse(text, file, &clusters, errs);
}

static int check_daemon(const char *file, struct span text, struct errs *errs)
{
    auto_daemon_config struct daemon_config *config = NULL;
    const struct daemon_input in = { .text = text, .file = file };
    return daemon_config_parse(&in, &config, errs);
}

static const struct kind {
    const char *name;
    const char *in_file_name;
    const struct schema *schema;
    int (*check)(const char *file, struct span text, struct errs *errs);
} kinds[] = {
    { "project", "mlops-config", &schema_project, check_project },
    { "clusters", "clusters", &schema_clusters, check_clusters },
    { "sluice", "sluice", &schema_daemon, check_daemon },
};

/* How many of the top-level keys a schema knows. `clusters` as a list is the clusters' file. */
static size_t known_keys(const struct kind *kind, const struct doc *doc)
{
    size_t known = 0;
    for (size_t i = 0; doc->kind == DOC_MAP && i < doc->count; i++) {
        const struct schema_row *row = schema_row_at(kind->schema, doc->items[i].key);
        bool is_list = doc->items[i].kind == DOC_SEQ;
        bool fits = row && (strcmp(row->path, "clusters") != 0 || (row->type == SCHEMA_OBJECTS) == is_list);
        known += fits && strcmp(row->path, "version") != 0;
    }
    return known;
}

static const char *kind_by_keys(struct span text)
{
    auto_doc struct doc *doc = NULL;
    const char *best = NULL;
    size_t most = 0;
    if (yaml_parse(text, NULL, &doc, NULL) < 0)
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        size_t known = known_keys(&kinds[i], doc);
        if (known <= most)
            continue;
        most = known;
        best = kinds[i].name;
    }
    return best;
}

const char *config_kind(const char *file, struct span text)
{
    const char *slash = file ? strrchr(file, '/') : NULL;
    const char *name = slash ? slash + 1 : file;
    for (size_t i = 0; name && i < ARRAY_LEN(kinds); i++)
        if (strstr(name, kinds[i].in_file_name))
            return kinds[i].name;
    return kind_by_keys(text);
}

int config_check(const char *kind, const char *file, struct span text, struct errs *errs)
{
    if (!kind)
        kind = config_kind(file, text);
    for (size_t i = 0; kind && i < ARRAY_LEN(kinds); i++)
        if (strcmp(kinds[i].name, kind) == 0)
            return kinds[i].check(file, text, errs);
    struct errs_item item = { .file = file, .hint = "say it by --kind project, clusters or sluice" };
    item.text = kind ? "no such kind of file" : "neither its name nor its keys tell which file this is";
    return errs_add(errs, &item);
}
