/* What is rendered once, when the server starts, from the route table. */
#ifndef SLUICE_API_SITE_H
#define SLUICE_API_SITE_H

#include "base/str.h"

struct site {
    struct str openapi; /* JSON */
    struct str docs;    /* HTML */
    struct str page;    /* HTML: index.html with the base path in it */
    struct str policy;  /* its Content-Security-Policy */
};

/* base_path: "" or "/sluice"; version: the gateway's. */
void site_init(struct site *site, const char *base_path, const char *version);
void site_clear(struct site *site);

#endif
