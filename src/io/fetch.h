/* Requests to other services: HTTP(S) POST on the loop by libcurl's multi interface; mail in the pool, one at
 * a time, because libcurl waits for the mail server's last words without returning.
 *
 * For addresses that somebody chose: http, https, smtp and smtps only, no name or password in the URL, no
 * redirects, no proxy, no connection kept; each socket is judged before it is opened (io/net_guard.h).
 * Certificates are checked. Times and sizes end: FETCH_TIMEOUT_MS in all, FETCH_ANSWER_BYTES of an answer
 * kept, FETCH_READ_BYTES read. done runs once, from the loop, also when fetch_free ends what is under way. */
#ifndef SLUICE_IO_FETCH_H
#define SLUICE_IO_FETCH_H

#include "base/err.h"
#include "base/span.h"
#include "io/loop.h"
#include "io/net_guard.h"

enum {
    FETCH_TIMEOUT_MS = 20 * 1000,
    FETCH_CONNECT_MS = 10 * 1000,
    FETCH_ANSWER_BYTES = 4 * 1024,
    FETCH_READ_BYTES = 64 * 1024,
};

struct fetch;
/* Takes what the guard holds. */
struct fetch *fetch_new(struct loop *loop, struct net_guard *guard);
/* ERR_CANCELLED to all; a mail under way is waited for by loop_free, a second at most. NULL is fine. */
void fetch_free(struct fetch *fetch);

enum fetch_tls { FETCH_STARTTLS, FETCH_CLEAR }; /* of smtp://; smtps:// is encrypted from the start */

struct fetch_mail {
    const char *from; /* plain addresses, checked by the caller */
    const char *const *to;
    size_t to_count;
    enum fetch_tls tls; /* FETCH_STARTTLS: refused where the server has none */
    const char *user, *password;
};

struct fetch_request { /* copied */
    const char *url;
    const char *const *headers;    /* "Name: value", NULL-terminated; NULL none */
    struct span body;              /* of the POST, or the mail with its headers */
    const struct fetch_mail *mail; /* NULL: HTTP */
    const char *resolve;           /* tests: "name:port:address", what the resolver says now; else NULL */
};

struct fetch_answer {
    const struct err *err; /* NULL: the other side answered. ERR_DENIED: the address may not be reached */
    int64_t status;        /* HTTP's, or SMTP's last; 0 none */
    struct span body;      /* the beginning of the answer; any bytes */
    int64_t retry_after_s; /* as it asked; 0 it did not */
};
typedef void fetch_done(void *ctx, const struct fetch_answer *answer);

/* -1 with ERR_INVALID or ERR_DENIED for a URL that is none or not allowed; the text never holds the URL. */
int fetch_start(struct fetch *fetch, const struct fetch_request *request, fetch_done *done, void *ctx,
                struct err *err);

#endif
