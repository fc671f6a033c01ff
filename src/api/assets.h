/* Files that are part of the program: the page, once it is built in, and what /docs needs.
 *
 * Until the page is there, GET / says where to look instead. Embedding adds rows to the table. */
#ifndef SLUICE_API_ASSETS_H
#define SLUICE_API_ASSETS_H

#include "base/span.h"

struct asset {
    const char *path; /* "docs/style.css" */
    const char *type;
    struct span bytes;
    struct span gzip; /* the same compressed, or empty */
    bool immutable;   /* its name holds its hash: may be kept for ever */
};

/* NULL: there is none. */
const struct asset *asset_find(const char *path);

#endif
