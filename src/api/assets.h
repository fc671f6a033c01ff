/* Files that are part of the program: the page, where it is built in, and what /docs needs.
 *
 * scripts/embed-assets makes the table of the page's files out of build/web. `make NO_WEB=1` makes an empty
 * one: then every address of the page says where to look instead. */
#ifndef SLUICE_API_ASSETS_H
#define SLUICE_API_ASSETS_H

#include "base/str.h"

enum { MAX_PAGE_BYTES = 64 * 1024 };

struct asset {
    const char *path; /* "docs/style.css", "assets/main-3F2A.js" */
    const char *type;
    struct span bytes;
    struct span gzip, brotli; /* the same compressed, or empty */
    bool immutable;           /* its name holds its hash: may be kept for ever */
};

extern const struct asset embedded_assets[]; /* made; closed by a row without a path */

/* NULL: there is none. */
const struct asset *asset_find(const char *path);
/* The bytes to send to who accepts these codings (Accept-Encoding, NULL: none said); *coding is the
 * Content-Encoding, or NULL for the plain bytes. */
struct span asset_coded(const struct asset *asset, const char *accept, const char **coding);
/* index.html for a gateway that lives at base_path ("" or "/sluice"). */
void page_render(const char *base_path, struct str *out);

#endif
