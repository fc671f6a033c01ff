/* The inside of struct resolved. For the resolve_*.c files alone. */
#ifndef SLUICE_DOMAIN_RESOLVE_LEAF_H
#define SLUICE_DOMAIN_RESOLVE_LEAF_H

#include "domain/resolve.h"

struct leaf {
    char *path;
    const struct schema_row *row; /* NULL: an entry of `overrides` or `request.args` */
    struct doc value;
    struct origin origin; /* its strings are owned */
};

struct dict { /* a merged map (env.vars), as one document beside its leaves */
    const char *path;
    struct doc map;
    struct origin origin; /* of an empty one: built-in */
};

struct resolved {
    struct leaf *leaves;
    size_t count, cap;
    struct dict *dicts;
    size_t dict_count, dict_cap;
};

struct leaf *resolved_find(const struct resolved *r, const char *path);      /* NULL none */
struct leaf *resolved_need(const struct resolved *r, const char *path);      /* aborts where no leaf is */
const struct doc *resolved_dict(const struct resolved *r, const char *path); /* NULL: no such map */
struct origin origin_dup(const struct origin *origin);
void origin_clear(struct origin *origin);
void leaf_set_origin(struct leaf *leaf, const struct origin *origin); /* copies */

/* What follows from several values together: derived ones are filled in, contradictions reported. */
int resolve_rules(const struct resolve_input *in, struct resolved *r, struct errs *errs);

#endif
