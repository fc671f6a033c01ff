#include "domain/project.h"

#include "base/mem.h"
#include "text/yaml.h"

#include <stddef.h>
#include <stdlib.h>

static const struct bind binds[] = {
    { "name", BIND_STR, offsetof(struct project_config, name) },
};

int project_config_parse(struct span text, const char *file, struct project_config **out, struct errs *errs)
{
    auto_doc struct doc *doc = NULL;
    if (yaml_parse(text, file, &doc, errs) < 0 || schema_check(&schema_project, doc, file, errs) < 0)
        return -1;
    struct project_config *project = mem_zalloc(sizeof(*project));
    bind_fill(&schema_project, "", doc, binds, ARRAY_LEN(binds), project);
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
