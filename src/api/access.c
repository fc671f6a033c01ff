#include "api/access.h"

#include "api/judge.h"
#include "api/peer.h"
#include "api/reply.h"
#include "api/respond.h"
#include "api/routes.h"
#include "base/mem.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>

/* 10 s without a sign of life, seen 5 s later at most: within a heartbeat (FANOUT_HEARTBEAT_MS). */
enum { STREAM_TIMEOUT_MS = 10000, STREAM_PROBE_S = 5 };
enum stage { STAGE_HEADER, STAGE_BODY, STAGE_WORK, STAGE_SENT };

struct pending { /* a request in the server's hands */
    struct pending *prev, *next;
    struct access *access;
    struct MHD_Connection *mhd;
    struct conn *conn;
    struct request *request;
    const char *raw_target; /* in the server's buffer; only for its place */
    size_t raw_target_bytes;
    enum stage stage;
    bool is_suspended, is_watched, is_refused, is_too_large;
};

static struct conn *conn_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* Where it cannot be watched, it is tried again when it next sleeps, at the latest behind a heartbeat. */
static void watch(struct pending *p, bool on)
{
    struct epoll_event event = { .events = EPOLLRDHUP | EPOLLONESHOT, .data.ptr = p };
    if (on == p->is_watched)
        return;
    int rc = epoll_ctl(p->access->watch_fd, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, p->conn->fd, &event);
    p->is_watched = on && rc == 0;
}

static void suspend(struct pending *p)
{
    watch(p, true);
    p->is_suspended = true;
    MHD_suspend_connection(p->mhd);
}

static void resume(struct pending *p)
{
    if (!p->is_suspended)
        return;
    if (p->stage != STAGE_SENT) /* a stream is watched to its end: it sleeps and wakes a thousand times */
        watch(p, false);
    p->is_suspended = false;
    p->access->has_resumed = true;
    MHD_resume_connection(p->mhd);
}

static void on_woken(struct request *request)
{
    if (request->edge)
        resume(request->edge);
}

/* The request's `answered`: p is NULL once the server has let go of it. */
static void on_answered(struct request *request)
{
    struct pending *p = request->edge;
    idempotency_finish(request);
    if (p)
        resume(p);
}

void *access_uri(void *ctx, const char *uri, struct MHD_Connection *mhd)
{
    struct access *access = ctx;
    struct pending *p = mem_zalloc(sizeof(*p));
    p->access = access;
    p->mhd = mhd;
    p->conn = conn_of(mhd);
    p->raw_target = uri;
    p->raw_target_bytes = strlen(uri);
    p->request = request_new(access->gw, &access->limits, access->base_path);
    p->request->edge = p;
    p->request->answered = on_answered;
    p->request->woken = on_woken;
    p->request->site = &access->site;
    judge_target(p->request, (struct span){ uri, p->raw_target_bytes });
    p->next = access->first;
    if (p->next)
        p->next->prev = p;
    access->first = p;
    if (p->conn && p->conn->phase == CONN_IDLE)
        conn_enter(&access->conns, p->conn, CONN_HEADER);
    return p;
}

static enum MHD_Result add_header(void *ctx, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    struct edge_request *edge = ctx;
    if (edge->count < EDGE_MAX_HEADERS)
        edge->headers[edge->count] = (struct edge_header){ name, value ? value : "" };
    edge->count++;
    return MHD_YES;
}

static void read_header(const struct pending *p, const char *method, const char *version,
                        struct edge_request *edge)
{
    edge->method = method;
    edge->target = p->raw_target;
    edge->target_bytes = p->raw_target_bytes;
    edge->version = version;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(p->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    edge->header_bytes = info ? info->header_size : 0;
    (void)MHD_get_connection_values(p->mhd, MHD_HEADER_KIND, add_header, edge);
}

/* Without users configured only this machine is heard, and in owner mode only the daemon's own uid.
 * TRUST_UNKNOWN, with the reason in err: the kernel could not be asked; the next request asks anew. */
static enum conn_trust look_at_peer(const struct access *access, const struct conn *conn, struct err *err)
{
    uid_t uid;
    if (!conn->is_loopback)
        return TRUST_NO;
    if (access->auth_mode != AUTH_OWNER)
        return access->auth_mode == AUTH_LOOPBACK ? TRUST_YES : TRUST_NO;
    if (peer_uid(conn->fd, &uid, err) < 0)
        return err->code == ERR_DENIED ? TRUST_NO : TRUST_UNKNOWN;
    return uid == geteuid() ? TRUST_YES : TRUST_NO;
}

/* Public routes need not know, and asking the kernel takes its time. */
static void identify(struct pending *p)
{
    struct err err;
    struct conn *conn = p->conn;
    if (p->request->route->flags & ROUTE_PUBLIC)
        return;
    if (conn->trust == TRUST_UNKNOWN)
        conn->trust = look_at_peer(p->access, conn, &err);
    if (conn->trust == TRUST_YES)
        p->request->user = mem_dup_str(p->access->user);
    else if (conn->trust == TRUST_UNKNOWN)
        p->request->unasked = mem_dup_str(err.text);
}

/* MHD_ContentReaderCallback of a reply with a source. */
static ssize_t read_source(void *ctx, uint64_t at, char *to, size_t max)
{
    struct pending *p = ctx;
    const struct reply_source *source = &p->request->reply.source;
    (void)at;
    if (p->request->gone || p->access->closing)
        return MHD_CONTENT_READER_END_OF_STREAM;
    ssize_t got = source->read(source->ctx, to, max);
    if (got < 0)
        return got == SOURCE_CUT ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
    if (got == 0)
        suspend(p);
    return got;
}

/* Nobody counts how long a stream takes, but what was sent must be taken: a client that vanished without a
 * word ends with its unanswered packets, or where there are none with the kernel's probes. */
static void begin_stream(struct pending *p)
{
    int fd = p->conn->fd, on = 1, probe_s = STREAM_PROBE_S;
    unsigned timeout_ms = STREAM_TIMEOUT_MS;
    conn_enter(&p->access->conns, p->conn, CONN_WORK);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &probe_s, sizeof(probe_s));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &probe_s, sizeof(probe_s));
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

static enum MHD_Result send_reply(struct pending *p)
{
    if (p->request->gone)
        return MHD_NO;
    p->stage = STAGE_SENT;
    conn_enter(&p->access->conns, p->conn, CONN_ANSWER);
    if (p->request->reply.source.read)
        begin_stream(p);
    return respond(p->mhd, &p->request->reply, &(struct responder){ read_source, p, p->access->closing });
}

static enum MHD_Result begin(struct pending *p, const char *method, const char *version)
{
    struct edge_request edge = { 0 };
    struct request *request = p->request;
    read_header(p, method, version, &edge);
    request->method = method;
    if (judge_edge(request, &edge, &p->access->hosts) < 0)
        return send_reply(p);
    judge_route(request, &edge);
    if (!request->reply.status) {
        identify(p);
        judge_request(request, &edge);
    }
    p->is_refused = request->reply.status != 0;
    if (p->is_refused && request->reply.close)
        return send_reply(p);
    p->stage = STAGE_BODY;
    conn_enter(&p->access->conns, p->conn, CONN_BODY);
    return MHD_YES;
}

/* A refused request's body is read and dropped, or the client would find its connection reset before it has
 * read why. */
static void take_body(struct pending *p, struct span bytes)
{
    struct str *body = &p->request->body;
    if (p->is_refused || p->is_too_large)
        return;
    str_add_span(body, bytes);
    p->is_too_large = body->failed;
}

static enum MHD_Result work(struct pending *p)
{
    struct request *request = p->request;
    p->stage = STAGE_WORK;
    conn_enter(&p->access->conns, p->conn, CONN_WORK);
    if (p->is_too_large)
        reply_errf(request, ERR_TOO_LARGE, "the body is longer than %zu bytes", request->body.max);
    if (!request->reply.status && judge_body(request) == 0 && idempotency_begin(&p->access->flights, request))
        request->route->handler(request);
    if (request->reply.status)
        return send_reply(p);
    suspend(p);
    return MHD_YES;
}

enum MHD_Result access_handle(void *ctx, struct MHD_Connection *mhd, const char *url, const char *method,
                              const char *version, const char *data, size_t *size, void **pending)
{
    (void)ctx;
    (void)mhd;
    (void)url;
    struct pending *p = *pending;
    switch (p->stage) {
    case STAGE_HEADER:
        return begin(p, method, version);
    case STAGE_BODY:
        if (*size == 0)
            return work(p);
        take_body(p, (struct span){ data, *size });
        *size = 0;
        return MHD_YES;
    case STAGE_WORK:
    case STAGE_SENT:
        break;
    }
    return send_reply(p);
}

void access_completed(void *ctx, struct MHD_Connection *mhd, void **pending,
                      enum MHD_RequestTerminationCode how)
{
    (void)mhd;
    (void)how;
    struct access *access = ctx;
    struct pending *p = *pending;
    if (!p)
        return;
    *pending = NULL;
    watch(p, false);
    p->request->edge = NULL;
    if (!p->request->reply.status)
        request_leave(p->request);
    if (p->conn)
        conn_enter(&access->conns, p->conn, CONN_IDLE);
    if (p->prev)
        p->prev->next = p->next;
    else
        access->first = p->next;
    if (p->next)
        p->next->prev = p->prev;
    request_drop(p->request);
    mem_free_ptr(&p);
}

void access_left(void *ptr)
{
    struct pending *p = ptr;
    request_hold(p->request);
    request_leave(p->request);
    request_drop(p->request);
    resume(p);
}

void access_connection(void *ctx, struct MHD_Connection *mhd, void **socket_ctx,
                       enum MHD_ConnectionNotificationCode what)
{
    struct access *access = ctx;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*socket_ctx)
            conns_remove(&access->conns, *socket_ctx);
        *socket_ctx = NULL;
        return;
    }
    const union MHD_ConnectionInfo *fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    int number = fd->connect_fd;
    const union MHD_ConnectionInfo *addr = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    *socket_ctx = conns_add(&access->conns, number, addr->client_addr);
}

enum MHD_Result access_accept(void *ctx, const struct sockaddr *addr, socklen_t len)
{
    (void)len;
    struct access *access = ctx;
    return conns_allow(&access->conns, addr) ? MHD_YES : MHD_NO;
}

void access_close(struct access *access)
{
    access->closing = true;
    for (struct pending *p = access->first; p; p = p->next)
        if (p->is_suspended)
            access_left(p);
    idempotency_abandon(&access->flights);
}
