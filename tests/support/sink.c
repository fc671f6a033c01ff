#include "support/sink.h"

#include "base/mem.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

struct sink_conn {
    struct sink *sink;
    int fd;
    struct loop_watch *watch;
    struct str in;
    size_t done; /* bytes of in that were answered */
    bool is_data;
    struct sink_conn *prev, *next;
};

static void conn_free(struct sink_conn *conn)
{
    DL_DELETE(conn->sink->conns, conn);
    loop_watch_free(conn->watch);
    close(conn->fd);
    str_clear(&conn->in);
    free(conn);
}

static void say(struct sink_conn *conn, const char *text)
{
    (void)!send(conn->fd, text, strlen(text), MSG_NOSIGNAL);
}

static void record(struct sink_conn *conn)
{
    struct sink *sink = conn->sink;
    if (sink->count < SINK_MAX)
        sink->got[sink->count++] = span_dup(str_span(&conn->in));
}

/* True: the connection is over. */
static bool serve_http(struct sink_conn *conn)
{
    const char *text = str_text(&conn->in);
    const char *end = strstr(text, "\r\n\r\n"), *length = strcasestr(text, "content-length:");
    size_t body = length ? strtoul(length + 15, NULL, 10) : 0;
    if (!end || conn->in.len < (size_t)(end + 4 - text) + body)
        return false;
    record(conn);
    if (!conn->sink->reply) {
        loop_watch_set(conn->watch, 0);
        return false;
    }
    say(conn, conn->sink->reply);
    return true;
}

static const struct {
    const char *verb, *answer;
} smtp[] = {
    { "EHLO", "250-sink\r\n250 8BITMIME\r\n" },
    { "MAIL", "250 ok\r\n" },
    { "RCPT", "250 ok\r\n" },
    { "DATA", "354 go\r\n" },
    { "QUIT", "221 bye\r\n" },
};

static void answer_line(struct sink_conn *conn, const char *line)
{
    if (conn->is_data) {
        if (strncmp(line, ".\r\n", 3) != 0)
            return;
        conn->is_data = false;
        record(conn);
        say(conn, conn->sink->reply ? conn->sink->reply : "250 queued\r\n");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(smtp); i++) {
        if (strncasecmp(line, smtp[i].verb, 4) != 0)
            continue;
        say(conn, smtp[i].answer);
        conn->is_data = i == 3;
        return;
    }
    say(conn, "502 no\r\n");
}

static bool serve_smtp(struct sink_conn *conn)
{
    const char *line, *end;
    while (line = str_text(&conn->in) + conn->done, (end = strstr(line, "\r\n"))) {
        conn->done += (size_t)(end + 2 - line);
        answer_line(conn, line);
    }
    return false;
}

static void on_conn(void *ctx, unsigned events)
{
    struct sink_conn *conn = ctx;
    char bytes[4096];
    (void)events;
    ssize_t n = recv(conn->fd, bytes, sizeof(bytes), 0);
    if (n > 0)
        str_add_span(&conn->in, (struct span){ bytes, (size_t)n });
    if (n <= 0 || (conn->sink->is_smtp ? serve_smtp(conn) : serve_http(conn)))
        conn_free(conn);
}

static void on_listen(void *ctx, unsigned events)
{
    struct sink *sink = ctx;
    (void)events;
    int fd = accept4(sink->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    struct sink_conn *conn = mem_zalloc(sizeof(*conn));
    *conn = (struct sink_conn){ .sink = sink, .fd = fd, .in = STR_MAX(256 * 1024) };
    DL_APPEND(sink->conns, conn);
    conn->watch = loop_watch_fd(sink->loop, fd, LOOP_READ, on_conn, conn);
    sink->connections++;
    if (sink->is_smtp)
        say(conn, "220 sink\r\n");
}

void sink_up(struct sink *sink, struct loop *loop)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)sink->port) };
    socklen_t len = sizeof(address);
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sink->loop = loop;
    sink->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(sink->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(sink->fd, (struct sockaddr *)&address, len) < 0 || listen(sink->fd, 64) < 0)
        abort();
    getsockname(sink->fd, (struct sockaddr *)&address, &len);
    sink->port = ntohs(address.sin_port);
    sink->watch = loop_watch_fd(loop, sink->fd, LOOP_READ, on_listen, sink);
}

void sink_down(struct sink *sink)
{
    while (sink->conns)
        conn_free(sink->conns);
    loop_watch_free(sink->watch);
    sink->watch = NULL;
    if (sink->fd >= 0)
        close(sink->fd);
    sink->fd = -1;
}

void sink_clear(struct sink *sink)
{
    sink_down(sink);
    for (size_t i = 0; i < sink->count; i++)
        free(sink->got[i]);
    sink->count = 0;
}
