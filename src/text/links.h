/* Addresses of experiment trackers in a log, found as its bytes pass: across read boundaries, through colour
 * codes. Which address belongs to which tracker is one table (links.c). Pure. */
#ifndef SLUICE_TEXT_LINKS_H
#define SLUICE_TEXT_LINKS_H

#include "base/span.h"

enum { LINK_CARRY_BYTES = 4096, MAX_LINK_BYTES = 1000 };

/* What a project adds to the table: an address with * for anything, and what its links are called. */
struct link_pattern {
    char *name, *address;
};
struct link_patterns {
    struct link_pattern *items;
    size_t count, cap;
};
void link_patterns_add(struct link_patterns *patterns, const char *name, const char *address); /* copies */
void link_patterns_clear(struct link_patterns *patterns);

struct link_scan {                /* zeroed at a log's start, but for patterns */
    char carry[LINK_CARRY_BYTES]; /* the line not yet ended */
    size_t carried;
    int64_t line;                         /* newlines so far; negative: not known */
    const struct link_patterns *patterns; /* borrowed; NULL: none */
};

struct link {
    const char *kind; /* "wandb", "mlflow" ..., or a pattern's name */
    struct span url;
    int64_t line; /* from 1; 0 not known */
};
typedef void link_each(void *ctx, const struct link *link);

/* Whole lines (ended by LF or CR) are looked at; the last waits for its end, or for links_end. */
void links_feed(struct link_scan *scan, struct span bytes, link_each *each, void *ctx);
void links_end(struct link_scan *scan, link_each *each, void *ctx);

#endif
