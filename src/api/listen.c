#include "api/listen.h"

#include "api/peer.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

/* No look-up by name: it would block the loop, and a name may mean another address tomorrow. */
static int read_address(const char *host, int port, struct sockaddr_storage *addr, socklen_t *len,
                        struct err *err)
{
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
    const char *text = !host || strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    memset(addr, 0, sizeof(*addr));
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
        memcpy(addr, &four, *len = sizeof(four));
        return 0;
    }
    if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1) {
        memcpy(addr, &six, *len = sizeof(six));
        return 0;
    }
    return err_set(err, ERR_INVALID, "listen address %s is not an IP address or localhost", text);
}

int listen_open(const char *host, int port, int *fd, struct err *err)
{
    struct sockaddr_storage addr;
    socklen_t len = 0;
    int on = 1;
    if (read_address(host, port, &addr, &len, err) < 0)
        return -1;
    auto_fd int sock = socket(addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (sock < 0)
        return err_errno(err, errno, "socket");
    (void)setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(sock, (struct sockaddr *)&addr, len) < 0 || listen(sock, BACKLOG) < 0)
        return err_errno(err, errno, "listen on %s port %d", host ? host : "127.0.0.1", port);
    *fd = move_fd(sock);
    return 0;
}

int listen_look(int fd, int *port, bool *is_loopback, struct err *err)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } addr = { 0 };
    socklen_t len = sizeof(addr);
    if (getsockname(fd, &addr.any, &len) < 0)
        return err_errno(err, errno, "getsockname");
    *is_loopback = peer_is_loopback(&addr.any);
    *port = ntohs(addr.any.sa_family == AF_INET6 ? addr.six.sin6_port : addr.four.sin_port);
    return 0;
}
