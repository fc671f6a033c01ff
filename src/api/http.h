/* The HTTP server: libmicrohttpd in external-epoll mode on the gateway's loop.
 *
 * It owns no thread and no timer. The daemon watches http_epoll_fd() for reading and a timer of
 * http_timeout_ms(), calls http_run() when either fires, and asks for the time-out again after each run. */
#ifndef SLUICE_API_HTTP_H
#define SLUICE_API_HTTP_H

#include "api/conn.h"
#include "base/err.h"
#include "domain/daemon_config.h"
#include "svc/gateway.h"

struct http_options {               /* strings are copied */
    const char *host;               /* an address, or localhost; NULL: 127.0.0.1 */
    int port;                       /* 0: any free one */
    int fd;                         /* > 0: an already listening socket instead; taken, also on failure */
    const char *base_path;          /* NULL or "": none; else "/sluice" */
    const char *const *extra_hosts; /* names that Host may have beside ours */
    size_t extra_host_count;
    enum auth_mode auth_mode;
    const char *user;                 /* the owner's name, for jobs */
    const struct conn_limits *limits; /* NULL: conn_limits_default */
};

struct http;

/* gw is borrowed until http_free. ERR_UNSUPPORTED: an address that is not loopback, with an auth mode that
 * knows loopback only. */
int http_new(const struct http_options *options, const struct gateway *gw, struct http **out,
             struct err *err);
/* limits.* of sluice.yaml, at the start and when it was read again; until then the built-in ones hold. */
void http_set_limits(struct http *http, const struct daemon_limits *limits);
/* Ends every connection; requests that services hold are answered to nobody. NULL is fine. */
void http_free(struct http *http);

int http_port(const struct http *http);
int http_epoll_fd(const struct http *http);
void http_run(struct http *http);
/* 0: run again at once; -1: no time-out. */
int64_t http_timeout_ms(const struct http *http);
size_t http_connections(const struct http *http);

#endif
