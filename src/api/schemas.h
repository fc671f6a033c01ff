/* The component schemas of the OpenAPI document: what requests and answers look like. The job comes from
 * job_fields, the request of a job from the configuration's tables, the rest from texts here. */
#ifndef SLUICE_API_SCHEMAS_H
#define SLUICE_API_SCHEMAS_H

#include "base/str.h"

/* {"Job": {...}, ...}: the value of components.schemas. */
void schemas_render(struct str *out);
/* Whether there is one of that name; *summary (NULL allowed) gets its description or NULL. */
bool schemas_has(const char *name);

#endif
