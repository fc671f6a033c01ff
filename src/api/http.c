#include "api/http.h"

#include "api/access.h"
#include "api/listen.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECTION_MEMORY = 13 * 1024, /* half of it is touched by each connection */
    RUNS = 8,
    EVENTS = 64,
    ACCEPT_PAUSE_MS = 100,
};

struct http {
    struct access access;
    struct MHD_Daemon *mhd;
    char **names; /* what access.hosts points to */
    size_t name_count, name_cap;
    int listen_fd;
    int port;
    int64_t accept_again_us; /* 0: whoever comes is taken in; else not before then */
};

static void add_host(struct http *http, const char *name)
{
    *vec_push(http->names, http->name_count, http->name_cap) = mem_dup_str(name);
}

static void fill_hosts(struct http *http, const struct http_options *options)
{
    static const char *const own[] = { "localhost", "127.0.0.1", "[::1]" };
    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        add_host(http, own[i]);
    if (options->host) {
        auto_str struct str name = STR_MAX(300);
        str_addf(&name, strchr(options->host, ':') ? "[%s]" : "%s", options->host);
        add_host(http, str_text(&name));
    }
    for (size_t i = 0; i < options->extra_host_count; i++)
        add_host(http, options->extra_hosts[i]);
    http->access.hosts = (struct edge_hosts){ (const char *const *)http->names, http->name_count };
}

static void log_server(void *ctx, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
static void log_server(void *ctx, const char *format, va_list args)
{
    (void)ctx;
    char line[300];
    (void)vsnprintf(line, sizeof(line), format, args);
    line[strcspn(line, "\n")] = '\0';
    log_debug("http: %s", line);
}

/* Targets are split and decoded by api/target.c; the server leaves them as they came. */
static size_t leave_escapes(void *ctx, struct MHD_Connection *mhd, char *text)
{
    (void)ctx;
    (void)mhd;
    return strlen(text);
}

/* We accept by ourselves: short of descriptors, the server would not listen again before one of its
 * connections has ended, and of those some are streams that last for days. */
static int watch_listener(struct http *http, bool on)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = http };
    return epoll_ctl(http->access.watch_fd, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, http->listen_fd, &event);
}

static int start(struct http *http, struct err *err)
{
    struct access *access = &http->access;
    http->mhd = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
        access_accept, access, access_handle, access, MHD_OPTION_EXTERNAL_LOGGER, log_server, NULL,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)(MAX_CONNECTIONS + CONNS_LEAVING_MAX),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_URI_LOG_CALLBACK, access_uri, access, MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, access_completed, access, MHD_OPTION_NOTIFY_CONNECTION,
        access_connection, access, MHD_OPTION_END);
    if (!http->mhd)
        return err_set(err, ERR_IO, "the HTTP server does not start");
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->mhd, MHD_DAEMON_INFO_EPOLL_FD);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
    if (!info || epoll_ctl(access->watch_fd, EPOLL_CTL_ADD, info->epoll_fd, &event) < 0 ||
        watch_listener(http, true) < 0)
        return err_set(err, ERR_INTERNAL, "the HTTP server's descriptors cannot be watched");
    return 0;
}

static int open_socket(struct http *http, const struct http_options *options, struct err *err)
{
    if (options->fd > 0)
        http->listen_fd = options->fd;
    else if (listen_open(options->host, options->port, &http->listen_fd, err) < 0)
        return -1;
    bool is_loopback = false;
    if (listen_look(http->listen_fd, &http->port, &is_loopback, err) < 0)
        return -1;
    if (!is_loopback && (options->auth_mode == AUTH_OWNER || options->auth_mode == AUTH_LOOPBACK))
        return err_set(err, ERR_UNSUPPORTED,
                       "without users the gateway listens on a loopback address only, not on %s",
                       options->host ? options->host : "the given socket");
    return 0;
}

static struct http *make(const struct http_options *options, const struct gateway *gw)
{
    struct http *http = mem_zalloc(sizeof(*http));
    struct access *access = &http->access;
    http->listen_fd = -1;
    access->gw = gw;
    access->conns.clock = gw->clock;
    access->conns.limits = options->limits ? *options->limits : conn_limits_default;
    access->limits = (struct daemon_limits){ MAX_BODY_BYTES, MAX_SUBMIT_BODY_BYTES,
                                             (int64_t)access->conns.limits.total, MAX_PAGE_ROWS };
    access->auth_mode = options->auth_mode;
    access->base_path = mem_dup_str(options->base_path ? options->base_path : "");
    access->user = mem_dup_str(options->user ? options->user : "owner");
    access->watch_fd = epoll_create1(EPOLL_CLOEXEC);
    site_init(&access->site, access->base_path, gw->version);
    fill_hosts(http, options);
    return http;
}

int http_new(const struct http_options *options, const struct gateway *gw, struct http **out, struct err *err)
{
    struct http *http = make(options, gw);
    if (open_socket(http, options, err) < 0 || start(http, err) < 0) {
        http_free(http);
        return -1;
    }
    *out = http;
    return 0;
}

void http_set_limits(struct http *http, const struct daemon_limits *limits)
{
    http->access.limits = *limits;
    http->access.conns.limits.total = (size_t)limits->connections;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    struct access *access = &http->access;
    access_close(access);
    if (http->mhd) {
        (void)MHD_run(http->mhd); /* takes up what was resumed */
        MHD_stop_daemon(http->mhd);
    }
    mem_close_fd(&http->listen_fd);
    mem_close_fd(&access->watch_fd);
    site_clear(&access->site);
    mem_clear_str(&access->base_path);
    mem_clear_str(&access->user);
    for (size_t i = 0; i < http->name_count; i++)
        mem_clear_str(&http->names[i]);
    mem_free_ptr(&http->names);
    mem_free_ptr(&http);
}

int http_port(const struct http *http)
{
    return http->port;
}

int http_epoll_fd(const struct http *http)
{
    return http->access.watch_fd;
}

static bool is_shortage(int number)
{
    return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM;
}

static void pause_accepting(struct http *http)
{
    if (!http->accept_again_us && watch_listener(http, false) == 0)
        http->accept_again_us = clock_mono_us(http->access.conns.clock) + ACCEPT_PAUSE_MS * US_PER_MS;
}

static void accept_again(struct http *http)
{
    int64_t now = clock_mono_us(http->access.conns.clock);
    if (!http->accept_again_us || now < http->accept_again_us)
        return;
    bool is_watched = watch_listener(http, true) == 0;
    http->accept_again_us = is_watched ? 0 : now + ACCEPT_PAUSE_MS * US_PER_MS;
}

/* Who waits meanwhile is taken in when there is room again. */
static void accept_waiting(struct http *http)
{
    for (int i = 0; i < EVENTS; i++) {
        struct sockaddr_storage addr = { 0 };
        socklen_t len = sizeof(addr);
        int fd = accept4(http->listen_fd, (struct sockaddr *)&addr, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            (void)MHD_add_connection(http->mhd, fd, (struct sockaddr *)&addr,
                                     len); /* closes it if it cannot */
            continue;
        }
        if (is_shortage(errno))
            pause_accepting(http);
        return;
    }
}

static void see_who_came_and_left(struct http *http)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(http->access.watch_fd, events, EVENTS, 0);
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == http)
            accept_waiting(http);
        else if (events[i].data.ptr)
            access_left(events[i].data.ptr);
    }
}

static bool wants_more(const struct http *http)
{
    MHD_UNSIGNED_LONG_LONG ms;
    if (http->access.has_resumed)
        return true;
    return MHD_get_timeout(http->mhd, &ms) == MHD_YES && ms == 0;
}

void http_run(struct http *http)
{
    accept_again(http);
    see_who_came_and_left(http);
    conns_sweep(&http->access.conns);
    /* A connection may be ready for more than one step; a few are taken here, the rest in the next turn. */
    for (int i = 0; i < RUNS; i++) {
        http->access.has_resumed = false;
        (void)MHD_run(http->mhd);
        if (!wants_more(http))
            break;
    }
}

int64_t http_timeout_ms(const struct http *http)
{
    int64_t wait_ms = wants_more(http) ? 0 : conns_timeout_ms(&http->access.conns);
    return http->accept_again_us && (wait_ms < 0 || wait_ms > ACCEPT_PAUSE_MS) ? ACCEPT_PAUSE_MS : wait_ms;
}

size_t http_connections(const struct http *http)
{
    return http->access.conns.count;
}
