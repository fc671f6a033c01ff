/* A project's .mlops-config.yaml, checked. */
#ifndef SLUICE_DOMAIN_PROJECT_H
#define SLUICE_DOMAIN_PROJECT_H

#include "domain/schema_bind.h"

#define PROJECT_FILE ".mlops-config.yaml"

struct project_config {
    char *file; /* as messages name it */
    char *name; /* NULL: the directory's name */
    struct strs profiles;
    struct doc *doc;
};

/* An empty text is a project with nothing but defaults. */
int project_config_parse(struct span text, const char *file, struct project_config **out, struct errs *errs);
void project_config_free(struct project_config *project);
void project_config_free_ptr(struct project_config **project);
#define auto_project_config __attribute__((cleanup(project_config_free_ptr)))

#endif
