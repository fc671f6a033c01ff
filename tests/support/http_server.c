#include "support/http_server.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_REQUESTS = 256, MAX_REQUEST_BYTES = 4 * 1024 * 1024 };

struct http_server {
    const struct http_script *script;
    size_t script_count;
    int listener, port;
    pthread_t thread;
    pthread_mutex_t lock;
    char *requests[MAX_REQUESTS];
    size_t count;
};

/* Bytes of the body that the head announces. */
static size_t body_len(const char *head)
{
    const char *at = strcasestr(head, "\r\nContent-Length:");
    return at ? (size_t)strtoul(at + 17, NULL, 10) : 0;
}

static bool is_whole(const struct str *text)
{
    const char *end = strstr(str_text(text), "\r\n\r\n");
    return end && text->len >= (size_t)(end + 4 - text->buf) + body_len(text->buf);
}

static bool read_request(int fd, struct str *text)
{
    char chunk[16 * 1024];
    while (!is_whole(text) && !text->failed) {
        ssize_t got = read(fd, chunk, sizeof(chunk));
        if (got <= 0)
            return false;
        str_add_span(text, (struct span){ chunk, (size_t)got });
    }
    return true;
}

static void write_all(int fd, const struct str *text)
{
    for (size_t at = 0; at < text->len;) {
        ssize_t done = send(fd, text->buf + at, text->len - at, MSG_NOSIGNAL);
        if (done <= 0)
            return;
        at += (size_t)done;
    }
}

static void reply(int fd, const struct http_script *row)
{
    auto_str struct str text = STR_MAX(64 * 1024 * 1024);
    const char *body = row->body ? row->body : "";
    str_addf(&text, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n", row->status,
             strlen(body), row->headers ? row->headers : "");
    str_add(&text, body);
    write_all(fd, &text);
}

static size_t keep(struct http_server *server, struct str *text)
{
    pthread_mutex_lock(&server->lock);
    size_t index = server->count;
    if (index < MAX_REQUESTS)
        server->requests[server->count++] = str_steal(text);
    pthread_mutex_unlock(&server->lock);
    return index;
}

static void serve(struct http_server *server, int fd)
{
    static const struct http_script unexpected = { .status = 599, .body = "not in the script" };
    auto_str struct str text = STR_MAX(MAX_REQUEST_BYTES);
    if (!read_request(fd, &text))
        return;
    size_t index = keep(server, &text);
    const struct http_script *row = index < server->script_count ? &server->script[index] : &unexpected;
    const char *request = http_server_request(server, index);
    if (row->expect && request && strncmp(request, row->expect, strlen(row->expect)) != 0)
        row = &unexpected;
    if (!row->is_lost)
        reply(fd, row);
}

static void *run(void *ctx)
{
    struct http_server *server = ctx;
    for (;;) {
        int fd = accept(server->listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        serve(server, fd);
        close(fd);
    }
}

struct http_server *http_server_new(const struct http_script *script, size_t count)
{
    struct http_server *server = mem_zalloc(sizeof(*server));
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(address);
    server->script = script;
    server->script_count = count;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pthread_mutex_init(&server->lock, NULL);
    if (bind(server->listener, (struct sockaddr *)&address, len) < 0 || listen(server->listener, 64) < 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &len) < 0 ||
        pthread_create(&server->thread, NULL, run, server) != 0) {
        perror("http_server");
        abort();
    }
    server->port = ntohs(address.sin_port);
    return server;
}

void http_server_free(struct http_server *server)
{
    shutdown(server->listener, SHUT_RDWR); /* accept ends */
    pthread_join(server->thread, NULL);
    close(server->listener);
    for (size_t i = 0; i < server->count; i++)
        free(server->requests[i]);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

size_t http_server_count(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    size_t count = server->count;
    pthread_mutex_unlock(&server->lock);
    return count;
}

const char *http_server_request(struct http_server *server, size_t index)
{
    pthread_mutex_lock(&server->lock);
    const char *text = index < server->count ? server->requests[index] : NULL;
    pthread_mutex_unlock(&server->lock);
    return text;
}

void http_server_header(struct http_server *server, size_t index, const char *name, struct str *to)
{
    const char *text = http_server_request(server, index);
    struct span rest = span_of(text), line;
    while (span_next_line(&rest, &line) && span_trim(line).len) {
        size_t colon = span_find_char(line, ':');
        if (colon == strlen(name) && strncasecmp(line.ptr, name, colon) == 0)
            str_add_span(to, span_trim(span_skip(line, colon + 1)));
    }
}
