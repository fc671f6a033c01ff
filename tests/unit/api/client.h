/* A raw HTTP client for the tests: bytes out, bytes in, the server driven from the same thread. */
#ifndef SLUICE_TESTS_CLIENT_H
#define SLUICE_TESTS_CLIENT_H

#include "unit/api/fake_services.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST "Host: localhost\r\n"
#define JSON "Content-Type: application/json\r\n"

static struct http *http;
static struct gateway gateway;

struct client {
    int fd;
    char got[256 * 1024];
    size_t len;
    bool is_closed; /* by the server */
    bool is_ours;   /* its descriptor is open */
};
static struct client clients[8];
static size_t next_client;

static inline struct http *server_start(const struct http_options *options)
{
    struct http *made = NULL;
    struct err err;
    gateway = (struct gateway){ .clock = &fake.clock.clock, .version = "1.2.3" };
    if (http_new(options, &gateway, &made, &err) < 0)
        fail_msg("%s", err.text);
    return made;
}

static inline void client_close(struct client *client)
{
    if (client->is_ours)
        close(client->fd);
    client->is_ours = false;
}

static inline int server_setup(void **state)
{
    (void)state;
    fake_reset();
    http = server_start(&(struct http_options){ .auth_mode = AUTH_OWNER, .user = "ada" });
    return 0;
}

static inline int server_teardown(void **state)
{
    (void)state;
    http_free(http);
    for (size_t i = 0; i < ARRAY_LEN(clients); i++)
        client_close(&clients[i]);
    return 0;
}
#define WITH_SERVER(name) cmocka_unit_test_setup_teardown(name, server_setup, server_teardown)

static inline struct client *client_open(void)
{
    struct client *client = &clients[next_client++ % ARRAY_LEN(clients)];
    client_close(client);
    *client = (struct client){ .fd = socket(AF_INET, SOCK_STREAM, 0), .is_ours = true };
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons((uint16_t)http_port(http)) };
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(client->fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    return client;
}

static inline void client_send(struct client *client, const char *bytes, size_t len)
{
    assert_int_equal(send(client->fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* Runs the server until it has nothing to do at the moment. */
static inline void serve(void)
{
    for (int quiet = 0; quiet < 3;) {
        struct pollfd fd = { .fd = http_epoll_fd(http), .events = POLLIN };
        bool is_busy = poll(&fd, 1, 1) > 0;
        http_run(http);
        quiet = is_busy ? 0 : quiet + 1;
    }
}

static inline void client_take(struct client *client)
{
    ssize_t n = 1;
    size_t max = sizeof(client->got) - 1;
    serve();
    while (client->len < max && n > 0) {
        n = recv(client->fd, client->got + client->len, max - client->len, MSG_DONTWAIT);
        client->len += n > 0 ? (size_t)n : 0;
    }
    client->got[client->len] = '\0';
    if (n == 0 || (n < 0 && errno == ECONNRESET))
        client->is_closed = true;
}

/* Sends, and gives all that came back so far. */
static inline const char *client_ask(struct client *client, const char *request)
{
    client->len = 0;
    client_send(client, request, strlen(request));
    client_take(client);
    return client->got;
}

static inline void client_end(struct client *client)
{
    client_close(client);
    serve();
}

static inline const char *ask_bytes(const char *bytes, size_t len)
{
    struct client *client = client_open();
    client_send(client, bytes, len);
    client_take(client);
    client_end(client);
    return client->got;
}

static inline const char *ask(const char *request)
{
    return ask_bytes(request, strlen(request));
}

static inline int status_of(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

static inline const char *body_of(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    return end ? end + 4 : "";
}

#endif
