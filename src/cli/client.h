/* One HTTP exchange with the gateway, by libcurl. */
#ifndef SLUICE_CLI_CLIENT_H
#define SLUICE_CLI_CLIENT_H

#include "base/err.h"
#include "base/str.h"

struct client;
/* base: "http://127.0.0.1:8470", with or without a path; token NULL: none. ERR_INVALID where it is no URL. */
int client_new(const char *base, const char *token, struct client **out, struct err *err);
void client_free(struct client *client);
const char *client_base(const struct client *client); /* without a slash at its end */

struct client_call {
    const char *method;
    const char *path; /* "/api/v1/jobs?limit=1", already encoded */
    const char *body; /* JSON, or NULL */
    const char *key;  /* Idempotency-Key, or NULL */
    int timeout_s;    /* 0: the default */
};

struct client_reply {
    long status;
    struct str body;
    int64_t offset, size, begun; /* of a log: X-Sluice-Offset, -Size, -Begun; -1 not said */
    int64_t retry_after_s;
};
void client_reply_clear(struct client_reply *reply);
#define auto_reply __attribute__((cleanup(client_reply_clear)))

/* Any status is an answer (0). ERR_OFFLINE: nobody answers there, nothing was sent. ERR_IO: the request may
 * have arrived, no whole answer came. ERR_TOO_LARGE: an answer past all bounds. */
int client_exchange(struct client *client, const struct client_call *call, struct client_reply *reply,
                    struct err *err);

/* Appends text with everything but unreserved characters percent-encoded. */
void client_add_encoded(struct str *to, const char *text);

#endif
