/* A request for a job (POST /api/v1/jobs, `sluice submit`): its own fields and any section of the project
 * file. */
#ifndef SLUICE_DOMAIN_REQUEST_H
#define SLUICE_DOMAIN_REQUEST_H

#include "domain/schema_bind.h"

struct request {
    char *project, *cluster, *profile; /* NULL: none named */
    char *name, *description, *group;
    struct strs tags;
    int64_t priority;
    struct doc *doc; /* the whole body, checked: resolve() reads the sections */
};

/* Unknown fields, types, ranges: all at once, with JSON pointers. */
int request_parse(struct span json, struct request **out, struct errs *errs);
/* The same of a body that is already a document (the CLI's, a clone's); doc is taken. */
int request_take(struct doc *doc, struct request **out, struct errs *errs);
void request_free(struct request *request);
void request_free_ptr(struct request **request);
#define auto_request __attribute__((cleanup(request_free_ptr)))

#endif
