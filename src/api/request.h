/* One request, from its first line to its answer: what handlers see of it.
 *
 * A handler answers at once (api/reply.h), or holds the request, starts something, and answers from the
 * callback; every hold is matched by one drop. The client may leave meanwhile: then `gone` is set, an answer
 * goes nowhere, and nothing else changes for the handler. All on the loop's thread. */
#ifndef SLUICE_API_REQUEST_H
#define SLUICE_API_REQUEST_H

#include "api/target.h"
#include "base/str.h"
#include "domain/daemon_config.h"
#include "svc/gateway.h"
#include "text/doc.h"

#include <sys/types.h>

enum { REQUEST_PARAMS = 2, REPLY_HEADERS = 8 };

/* An answer whose end is not known yet. read is asked for more whenever the client has taken what there was:
 * bytes put into `to`; 0: nothing now (reply_wake when there is); SOURCE_OVER; SOURCE_CUT: there would be
 * more, and the client must learn that it has not got all. close runs once, last. */
enum { SOURCE_OVER = -1, SOURCE_CUT = -2 };

struct reply_source {
    ssize_t (*read)(void *ctx, char *to, size_t max); /* NULL: no stream */
    void (*close)(void *ctx);
    void *ctx;
};

struct reply {
    int status;                 /* 0: none yet */
    const char *type;           /* static */
    struct str body;            /* owned, given to the server as it is */
    struct span fixed;          /* instead of body: bytes that outlive the server */
    struct reply_source source; /* instead of body: a stream */
    const char *cache;          /* Cache-Control, static; NULL: no-store */
    const char *policy;         /* Content-Security-Policy, outlives the server; NULL: policy_usual */
    bool close;                 /* the connection ends behind it */
    struct {
        const char *name; /* static */
        char *value;
    } headers[REPLY_HEADERS];
    size_t header_count;
};

struct route;
struct site;

struct request {
    const struct gateway *gw;
    const struct route *route;
    const struct daemon_limits *limits; /* in force; the server's */
    const struct site *site; /* api/site.h: what was rendered at start; the server's, not for callbacks */
    const char *method;
    char *base_path; /* "" or "/sluice" */
    char *user;      /* who asks; NULL: nobody known (public routes only) */
    char *unasked;   /* why it cannot be told now who asks; NULL: it can */
    struct target target;
    char *target_error;                 /* why there is none */
    struct span params[REQUEST_PARAMS]; /* what stands for {...} in the route's pattern */
    char *if_none_match, *idempotency_key, *accept_encoding;
    char *last_event_id;
    bool wants_stream; /* Accept names text/event-stream */
    struct str body;
    struct doc *doc; /* the parsed body; NULL where the route takes none, or an optional one is absent */
    struct reply reply;
    bool gone;
    int64_t replay_job; /* a submit that was answered before, by its Idempotency-Key: the job; 0 none */

    /* The server's side; handlers keep off. */
    unsigned refs;
    void (*woken)(struct request *request);    /* a stream has more */
    void (*answered)(struct request *request); /* runs when reply is complete; NULL none */
    void (*on_gone)(void *ctx);
    void *on_gone_ctx;
    void *edge;   /* api/access.c */
    void *flight; /* api/idempotency.c: others may wait for the same answer; NULL: none */
};

/* One reference. limits is borrowed. */
struct request *request_new(const struct gateway *gw, const struct daemon_limits *limits,
                            const char *base_path);
void request_hold(struct request *request);
void request_drop(struct request *request);
/* fn runs at most once, when the client leaves before the answer; NULL takes it back. It may drop. */
void request_on_gone(struct request *request, void (*fn)(void *ctx), void *ctx);
void request_leave(struct request *request); /* the client left */

/* The text of a path parameter; caller frees. */
char *request_param_dup(const struct request *request, size_t i);

/* Query parameters by type. Absent: *out stays as it is. Wrong: -1 with the parameter named. */
const char *request_query(const struct request *request, const char *name);
int request_query_int(const struct request *request, const char *name, int64_t min, int64_t max, int64_t *out,
                      struct err *err);
/* `limit` of a list: at most MAX_PAGE_ROWS may be asked for, limits.page_rows are given. */
int request_query_limit(const struct request *request, int64_t *out, struct err *err);
int request_query_bool(const struct request *request, const char *name, bool *out, struct err *err);
/* "500ms", "60s", "2m", "1h". Cut to max_ms. */
int request_query_duration(const struct request *request, const char *name, int64_t max_ms, int64_t *out_ms,
                           struct err *err);
/* The same, and a bare number is seconds: pages ask for max_age so. */
int request_query_age(const struct request *request, const char *name, int64_t max_ms, int64_t *out_ms,
                      struct err *err);

#endif
