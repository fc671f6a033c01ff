/* From resolved values to the batch script. Pure: the same input gives the same bytes. */
#ifndef SLUICE_SVC_RENDER_RENDER_H
#define SLUICE_SVC_RENDER_RENDER_H

#include "svc/render/rendered.h"

/* -1 with everything found in errs; *out is then empty. */
int render_job(const struct render_input *in, struct rendered *out, struct errs *errs);

/* [{"line": 3, "path": "slurm.partition", "origin": "profile big, .mlops-config.yaml:12:9"}, ...] */
void rendered_lines_json(const struct rendered *rendered, const struct resolved *resolved, struct str *to);

#endif
