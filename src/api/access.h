/* Between libmicrohttpd and the handlers: every request passes here, is judged (api/edge.h, owner, route,
 * body), handed over, suspended while a service works, and answered.
 *
 * One object per server; all on the loop's thread. */
#ifndef SLUICE_API_ACCESS_H
#define SLUICE_API_ACCESS_H

#include "api/conn.h"
#include "api/edge.h"
#include "api/idempotency.h"
#include "api/site.h"
#include "domain/daemon_config.h"

#include <microhttpd.h>
#include <stdint.h>

struct pending;

struct access {
    const struct gateway *gw;
    struct conns conns;
    struct edge_hosts hosts;
    struct site site;
    struct flights flights;
    enum auth_mode auth_mode;
    struct daemon_limits limits;
    char *base_path, *user;
    int watch_fd; /* an epoll of ours: suspended connections stand in it, to see a client leave */
    struct pending *first;
    bool closing;
    bool has_resumed; /* by a service, outside MHD_run, whose own time-out does not tell */
};

/* Callbacks for libmicrohttpd; ctx is the struct access. */
void *access_uri(void *ctx, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result access_handle(void *ctx, struct MHD_Connection *mhd, const char *url, const char *method,
                              const char *version, const char *data, size_t *size, void **pending);
void access_completed(void *ctx, struct MHD_Connection *mhd, void **pending,
                      enum MHD_RequestTerminationCode how);
void access_connection(void *ctx, struct MHD_Connection *mhd, void **socket_ctx,
                       enum MHD_ConnectionNotificationCode what);
enum MHD_Result access_accept(void *ctx, const struct sockaddr *addr, socklen_t len);

/* The client of a suspended request left: ptr is what the watch gave. */
void access_left(void *ptr);
/* Ends every request that waits, so that the server can stop. */
void access_close(struct access *access);

#endif
