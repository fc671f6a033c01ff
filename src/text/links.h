/* Addresses of experiment trackers in a log, found as its bytes pass: across read boundaries, through colour
 * codes. Which address belongs to which tracker is one table (links.c). Pure. */
#ifndef SLUICE_TEXT_LINKS_H
#define SLUICE_TEXT_LINKS_H

#include "base/span.h"

enum { LINK_CARRY_BYTES = 4096, MAX_LINK_BYTES = 1000 };

struct link_scan {                /* zeroed at a log's start */
    char carry[LINK_CARRY_BYTES]; /* the line not yet ended */
    size_t carried;
    int64_t line; /* newlines so far; negative: not known */
};

struct link {
    const char *kind; /* "wandb", "mlflow" ... */
    struct span url;
    int64_t line; /* from 1; 0 not known */
};
typedef void link_each(void *ctx, const struct link *link);

/* Whole lines (ended by LF or CR) are looked at; the last waits for its end, or for links_end. */
void links_feed(struct link_scan *scan, struct span bytes, link_each *each, void *ctx);
void links_end(struct link_scan *scan, link_each *each, void *ctx);
/* One line, for tests and for what is no stream. */
void links_in_line(struct span line, int64_t number, link_each *each, void *ctx);

#endif
