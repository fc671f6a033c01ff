/* Projects: a folder with an .mlops-config.yaml, its git state, and what is wrong with its configuration. */
#ifndef SLUICE_SVC_PROJECT_PROJECTS_H
#define SLUICE_SVC_PROJECT_PROJECTS_H

#include "base/str.h"
#include "svc/answer.h"
#include "svc/gateway.h"
#include "text/doc.h"

struct projects *projects_new(const struct gateway *gw);
void projects_free(struct projects *projects);
/* All answer with the project's document; what is wrong with its folder, git or file stands in it.
 * body: {path, name?, group?}. Registering the same path again is fine. -1 with what is wrong with a field in
 * errs. */
int projects_register(struct projects *projects, const struct doc *body, answer_done *done, void *ctx,
                      struct errs *errs, struct err *err);
int projects_sync(struct projects *projects, const char *name, answer_done *done, void *ctx, struct err *err);
int projects_patch(struct projects *projects, const char *name, const struct doc *body, answer_done *done,
                   void *ctx, struct errs *errs, struct err *err);
int projects_remove(struct projects *projects, const char *name, struct err *err);
int projects_list(struct projects *projects, struct str *out, struct err *err);
int projects_get(struct projects *projects, const char *name, answer_done *done, void *ctx, struct err *err);

#endif
