#include "svc/render/project_check.h"

#include "base/mem.h"
#include "domain/notice.h"
#include "domain/project.h"
#include "domain/request.h"
#include "svc/render/render.h"

#include <string.h>

/* A cluster that takes whatever a project may ask for. */
static const char stand_in[] = "clusters: [{name: stand-in, host: stand-in, gpus: {any: {mem: 900000G}}}]\n";

enum { MAX_OVERLAYS = 16 }; /* of profiles and of clusters that are gone through with each other */

struct checks {
    const struct project_config *project;
    struct clusters_config *clusters;
    const char *profiles[MAX_OVERLAYS + 1], *names[MAX_OVERLAYS + 1]; /* [0]: none */
    size_t profile_count, name_count;
    struct errs found[MAX_OVERLAYS + 1][MAX_OVERLAYS + 1]; /* by profile and cluster */
};

static void list_overlays(const struct checks *c, const char *section, const char **names, size_t *count)
{
    const struct doc *overlays = doc_get(c->project->doc, section);
    *count = 1;
    for (size_t i = 0; overlays && i < overlays->count && *count <= MAX_OVERLAYS; i++)
        names[(*count)++] = overlays->items[i].key;
}

static void check_occasions(const struct resolved *r, struct errs *errs)
{
    const struct doc *when = resolved_doc(r, "notify.when");
    const struct origin *origin = resolved_origin(r, "notify.when");
    for (size_t i = 0; when->kind == DOC_SEQ && i < when->count; i++) {
        const char *word = doc_scalar_text(&when->items[i]);
        if (word && notice_when_is_known(word))
            continue;
        struct errs_item at = { .file = origin->file, .line = origin->line, .col = origin->col };
        at.path = "notify.when";
        at.hint = "sluice config explain notify.when";
        (void)errs_addf(errs, &at, "%.100s is no occasion", word ? word : "?");
    }
}

static void check_one(struct checks *c, size_t profile, size_t name)
{
    struct errs *errs = &c->found[profile][name];
    struct cluster_config *cluster = &c->clusters->items[0];
    struct request request = { .profile = mem_dup_str(c->profiles[profile]) };
    auto_resolved struct resolved *resolved = NULL;
    auto_rendered struct rendered rendered = { 0 };
    mem_replace_str(&cluster->name, c->names[name] ? c->names[name] : "stand-in");
    const struct resolve_input in = { .request = &request, .project = c->project, .cluster = cluster };
    if (resolve(&in, &resolved, errs) == 0) {
        const struct render_input how = { .resolved = resolved,
                                          .cluster = cluster,
                                          .token = "jx00000000000000000000000000",
                                          .name = c->project->name ? c->project->name : "check",
                                          .has_code = true };
        check_occasions(resolved, errs);
        (void)render_job(&how, &rendered, errs);
    }
    mem_free_ptr(&request.profile);
}

static bool is_same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool has(const struct errs *errs, const struct errs_item *item)
{
    for (size_t i = 0; i < errs->count; i++) {
        const struct errs_item *one = &errs->items[i];
        if (one->line == item->line && is_same(one->path, item->path) && is_same(one->text, item->text))
            return true;
    }
    return false;
}

/* What an overlay puts right is no fault: with no profile and no cluster named, every one is tried; with one
 * of them, every other. */
static bool is_always(const struct checks *c, size_t profile, size_t name, const struct errs_item *item)
{
    for (size_t p = 0; p < c->profile_count; p++)
        for (size_t n = 0; n < c->name_count; n++)
            if ((!profile || p == profile) && (!name || n == name) && !has(&c->found[p][n], item))
                return false;
    return true;
}

static void tell(const struct checks *c, size_t p, size_t n, const char *file, struct errs *errs)
{
    for (size_t i = 0; i < c->found[p][n].count; i++) {
        struct errs_item item = c->found[p][n].items[i];
        item.file = item.file ? item.file : file;
        if (!has(errs, &item) && is_always(c, p, n, &item))
            (void)errs_add(errs, &item);
    }
}

static int check_all(const struct project_config *project, const char *file, struct errs *errs)
{
    struct checks *c = mem_zalloc(sizeof(*c));
    *c = (struct checks){ .project = project };
    list_overlays(c, "profiles", c->profiles, &c->profile_count);
    list_overlays(c, "clusters", c->names, &c->name_count);
    int rc = clusters_config_parse(span_of(stand_in), "stand-in", &c->clusters, errs);
    for (size_t p = 0; rc == 0 && p < c->profile_count; p++)
        for (size_t n = 0; n < c->name_count; n++)
            check_one(c, p, n);
    for (size_t p = 0; p < c->profile_count; p++)
        for (size_t n = 0; n < c->name_count; n++)
            tell(c, p, n, file, errs);
    for (size_t p = 0; p < c->profile_count; p++)
        for (size_t n = 0; n < c->name_count; n++)
            errs_clear(&c->found[p][n]);
    clusters_config_free(c->clusters);
    mem_free_ptr(&c);
    errs_sort(errs);
    return errs->count ? -1 : 0;
}

int project_check(const char *file, struct span text, struct errs *errs)
{
    auto_project_config struct project_config *project = NULL;
    if (project_config_parse(text, file, &project, errs) < 0)
        return -1;
    return check_all(project, file, errs);
}
