/* What the rules over a job's values share. For resolve_rules.c and resolve_cluster.c alone. */
#ifndef SLUICE_DOMAIN_RESOLVE_RULES_H
#define SLUICE_DOMAIN_RESOLVE_RULES_H

#include "domain/resolve_leaf.h"

struct rules {
    const struct resolve_input *in;
    struct resolved *r;
    struct errs *errs;
    bool failed;
};

/* Reports at the place where the value came from. */
void rules_fail(struct rules *k, const struct leaf *leaf, const char *text, const char *hint);
bool leaf_is_set(const struct leaf *leaf); /* by somebody: neither built in nor a limit */
/* GPUs and their type, partition, time and sizes. */
void resolve_within_cluster(struct rules *k);

#endif
