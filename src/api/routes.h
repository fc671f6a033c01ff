/* The one table of routes: matching, permissions, limits, OpenAPI and the docs page all read it. */
#ifndef SLUICE_API_ROUTES_H
#define SLUICE_API_ROUTES_H

#include "base/str.h"

struct request;
typedef void route_handler(struct request *request);

enum route_flag {
    ROUTE_WRITES = 1,        /* changes something: Origin is checked */
    ROUTE_PUBLIC = 2,        /* answers anybody */
    ROUTE_BODY_OPTIONAL = 4, /* the request schema holds for a body where there is one */
    ROUTE_NO_KEY = 8,        /* has no effect, so an Idempotency-Key means nothing */
    ROUTE_ANY_QUERY = 32,    /* its query parameters are the page's own */
    ROUTE_JOB_TOKEN = 64,    /* a job may ask with its own token, and then only for itself */
    ROUTE_KEEPS_KEY = 16     /* the service stores the key with what it makes (api/idempotency.h) */
};

struct route_query {
    const char *name; /* NULL ends a list */
    const char *type; /* of JSON Schema: string, integer, boolean */
    const char *help;
};

struct route {
    const char *method, *pattern;
    route_handler *handler;
    unsigned flags;
    size_t body_max;            /* bytes; 0: takes no body */
    const char *request_schema; /* component of the OpenAPI document; NULL: no body */
    const char *answer_schema;  /* NULL: not JSON, answer_type tells */
    const char *answer_type;    /* NULL: application/json */
    int status;                 /* of the good answer */
    const char *trial_schema;   /* ?dry_run=1: 200 with this one; NULL none */
    const struct route_query *query;
    const struct route_query *headers; /* of the good answer; NULL none of its own */
    const char *scope;                 /* read, submit, cancel, admin */
    const char *summary;
};

extern const struct route routes[];
extern const size_t route_count;

/* The page: whatever a GET asks for that is no route and stands not below /api/, /assets/ or /docs/. */
extern const struct route page_route;
bool routes_is_page(const char *method, const char *path);

enum { ROUTE_PARAMS = 2 };

/* The route of method (HEAD finds GET) and path. NULL: *allow is the list of methods that the path has, empty
 * where it has none. */
const struct route *routes_find(const char *method, const char *path, struct span params[ROUTE_PARAMS],
                                struct str *allow);
/* Whether the route knows a query parameter of that name. */
bool route_has_query(const struct route *route, const char *name);

#endif
