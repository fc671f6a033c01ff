/* The request target as it stood on the wire: "/api/v1/jobs?limit=50".
 *
 * Strict, because what this refuses can never reach a path or a proxy's second opinion: origin form only, no
 * encoded slash, backslash or NUL, no "." or ".." or empty segment (also not percent-encoded), no control
 * bytes, well-formed escapes, UTF-8. At most MAX_TARGET_BYTES and TARGET_MAX_PAIRS parameters, none twice.
 * Pure. */
#ifndef SLUICE_API_TARGET_H
#define SLUICE_API_TARGET_H

#include "base/err.h"
#include "base/span.h"

enum { MAX_TARGET_BYTES = 8192, TARGET_MAX_PAIRS = 16 };

struct target_pair {
    const char *name, *value; /* decoded; '+' is a blank */
};

struct target {
    char *path;      /* decoded, below the base path: "/api/v1/jobs" */
    char *query;     /* as it came, without '?'; "" none */
    char *query_buf; /* what pairs point into */
    struct target_pair pairs[TARGET_MAX_PAIRS];
    size_t pair_count;
};

/* base_path ("" or "/sluice") is taken off where it stands; a proxy may have done so already. */
int target_parse(struct span raw, const char *base_path, struct target *out, struct err *err);
void target_clear(struct target *target);
/* NULL: not given. */
const char *target_query(const struct target *target, const char *name);

/* Whether path fits pattern ("/api/v1/jobs/{job}/log"); params get what stood for each {...}, at most max of
 * them, borrowed from path. */
bool target_match(const char *pattern, const char *path, struct span *params, size_t max);

#endif
