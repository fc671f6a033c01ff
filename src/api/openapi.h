/* The OpenAPI 3.1 document and the readable page, both from the route table (api/routes.h) and the component
 * schemas (api/schemas.h). */
#ifndef SLUICE_API_OPENAPI_H
#define SLUICE_API_OPENAPI_H

#include "base/str.h"

enum { MAX_OPENAPI_BYTES = 4 * 1024 * 1024 };

void openapi_render(const char *base_path, const char *version, struct str *out);
/* HTML without script or inline style. */
void docs_render(const char *version, struct str *out);

#endif
