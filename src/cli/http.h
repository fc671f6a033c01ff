/* One HTTP exchange with the gateway, by libcurl. */
#ifndef SLUICE_CLI_HTTP_H
#define SLUICE_CLI_HTTP_H

#include "base/err.h"
#include "base/str.h"

struct http;
/* base: "http://127.0.0.1:8470", with or without a path; token NULL: none. ERR_INVALID where it is no URL. */
int http_new(const char *base, const char *token, struct http **out, struct err *err);
void http_free(struct http *http);
const char *http_base(const struct http *http); /* without a slash at its end */

struct http_call {
    const char *method;
    const char *path; /* "/api/v1/jobs?limit=1", already encoded */
    const char *body; /* JSON, or NULL */
    const char *key;  /* Idempotency-Key, or NULL */
    int timeout_s;    /* 0: the default */
};

struct http_reply {
    long status;
    struct str body;
    int64_t offset, size; /* of a log: X-Sluice-Offset, X-Sluice-Size; -1 not said */
    int64_t retry_after_s;
};
void http_reply_clear(struct http_reply *reply);
#define auto_reply __attribute__((cleanup(http_reply_clear)))

/* Any status is an answer (0). ERR_OFFLINE: nobody answers there, nothing was sent. ERR_IO: the request may
 * have arrived, no whole answer came. ERR_TOO_LARGE: an answer past all bounds. */
int http_exchange(struct http *http, const struct http_call *call, struct http_reply *reply, struct err *err);

/* Appends text with everything but unreserved characters percent-encoded. */
void http_add_encoded(struct str *to, const char *text);

#endif
