#include "domain/project.h"

#include "base/mem.h"
#include "domain/param.h"
#include "text/yaml.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct bind binds[] = {
    { "name", BIND_STR, offsetof(struct project_config, name) },
};

struct declarations { /* where they stand: the file, or an overlay of it */
    const char *file;
    struct str path, pointer;
    struct errs *errs;
    bool failed;
};

static void wrong(struct declarations *d, const struct doc *at, const char *text)
{
    d->failed = true;
    (void)errs_add(d->errs, &(struct errs_item){ .file = d->file,
                                                 .line = at->line,
                                                 .col = at->col,
                                                 .path = str_text(&d->path),
                                                 .pointer = str_text(&d->pointer),
                                                 .text = text });
}

static void check_declaration(struct declarations *d, const struct doc *written)
{
    struct doc declaration = { 0 };
    struct err err;
    doc_copy(&declaration, written);
    doc_core_tree(&declaration);
    const struct doc *value = doc_get(&declaration, "default"), *choices = doc_get(&declaration, "choices");
    const char *type = doc_scalar_text(doc_get(&declaration, "type"));
    if (type && strcmp(type, "choice") == 0 && (!choices || choices->count == 0))
        wrong(d, written, "a choice needs choices");
    if (param_bounds_check(&declaration, &err) < 0)
        wrong(d, written, err.text);
    else if (value && param_check(written->key, value, &declaration, &err) < 0) {
        errs_path_key(&d->path, &d->pointer, "default");
        wrong(d, value, err.text);
    }
    doc_clear(&declaration);
}

static void check_declarations(struct declarations *d, const struct doc *params)
{
    for (size_t i = 0; params && params->kind == DOC_MAP && i < params->count; i++) {
        size_t path = d->path.len, pointer = d->pointer.len;
        errs_path_key(&d->path, &d->pointer, "params");
        errs_path_key(&d->path, &d->pointer, params->items[i].key);
        check_declaration(d, &params->items[i]);
        str_cut(&d->path, path);
        str_cut(&d->pointer, pointer);
    }
}

static void check_overlays(struct declarations *d, const struct doc *doc, const char *section)
{
    const struct doc *overlays = doc_get(doc, section);
    for (size_t i = 0; overlays && overlays->kind == DOC_MAP && i < overlays->count; i++) {
        errs_path_key(&d->path, &d->pointer, section);
        errs_path_key(&d->path, &d->pointer, overlays->items[i].key);
        check_declarations(d, doc_get(&overlays->items[i], "params"));
        str_cut(&d->path, 0);
        str_cut(&d->pointer, 0);
    }
}

/* The default of a declared parameter is held against its own declaration. */
static int check_params(const struct doc *doc, const char *file, struct errs *errs)
{
    struct declarations d = { .file = file, .path = STR_MAX(4096), .pointer = STR_MAX(4096), .errs = errs };
    check_declarations(&d, doc_get(doc, "params"));
    check_overlays(&d, doc, "profiles");
    check_overlays(&d, doc, "clusters");
    str_clear(&d.path);
    str_clear(&d.pointer);
    return d.failed ? -1 : 0;
}

int project_config_parse(struct span text, const char *file, struct project_config **out, struct errs *errs)
{
    auto_doc struct doc *doc = NULL;
    if (yaml_parse(text, file, &doc, errs) < 0)
        return -1;
    int rc = schema_check(&schema_project, doc, file, errs);
    bool is_sound = rc == 0 || !(errs_within(errs, "params") || errs_within(errs, "profiles") ||
                                 errs_within(errs, "clusters"));
    if (is_sound && check_params(doc, file, errs) < 0)
        rc = -1;
    if (rc < 0) {
        errs_sort(errs);
        return -1;
    }
    struct project_config *project = mem_zalloc(sizeof(*project));
    bind_fill(&schema_project, "", doc, BIND_LIST(binds), project);
    const struct doc *profiles = doc_get(doc, "profiles");
    for (size_t i = 0; profiles && profiles->kind == DOC_MAP && i < profiles->count; i++)
        strs_push(&project->profiles, profiles->items[i].key);
    project->file = mem_dup_str(file);
    project->doc = move_ptr(doc);
    *out = project;
    return 0;
}

void project_config_free(struct project_config *project)
{
    if (!project)
        return;
    bind_clear(binds, ARRAY_LEN(binds), project);
    strs_clear(&project->profiles);
    free(project->file);
    doc_free(project->doc);
    free(project);
}

void project_config_free_ptr(struct project_config **project)
{
    project_config_free(*project);
}
