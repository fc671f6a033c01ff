/* Node lists: "n[1-3,07]-x,gpu05" to names and back. */
#ifndef SLUICE_SLURM_NODELIST_H
#define SLUICE_SLURM_NODELIST_H

#include "base/err.h"
#include "base/str.h"

enum { MAX_NODELIST_NODES = 65536, MAX_NODE_NAME_BYTES = 255 };

struct nodelist {
    char **names; /* in the order of the text; a name may stand twice */
    size_t count, cap;
};

/* Expands any number of brackets a name. "(null)", "None assigned" and "" are no nodes. -1 with ERR_INVALID
 * on an unclosed or empty bracket, a range that runs backwards or a byte outside [A-Za-z0-9_.-],
 * ERR_TOO_LARGE past the limits above. */
int nodelist_expand(struct span text, struct nodelist *list, struct err *err);
void nodelist_clear(struct nodelist *list);
#define auto_nodelist __attribute__((cleanup(nodelist_clear)))

/* Appends the shortest text that gives the same names in the same order, folding runs of the last number of a
 * name: "n[1-3]-x,gpu05". */
void nodelist_compress(const struct nodelist *list, struct str *to);

#endif
