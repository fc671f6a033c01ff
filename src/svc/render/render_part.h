/* The parts of svc/render/render.c: template context and #SBATCH lines. */
#ifndef SLUICE_SVC_RENDER_RENDER_PART_H
#define SLUICE_SVC_RENDER_RENDER_PART_H

#include "domain/params.h"
#include "svc/render/rendered.h"

/* The names of templates/README.md as a map. */
void render_context(const struct render_input *in, const struct payload *payload, struct doc *context);
/* The config path behind a template's name, NULL where there is none. */
const char *render_name_path(struct span name);

/* True where the resolved values have this path: resolved_origin may be asked for it. */
bool render_has_path(const struct resolved *resolved, const char *path);

/* One #SBATCH line per option, each noted in out->lines (numbered from first_line on). */
int render_directives(const struct render_input *in, unsigned first_line, struct str *to,
                      struct rendered *out, struct errs *errs);

#endif
