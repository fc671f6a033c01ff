#include "exec/ssh_socket.h"

#include "base/mem.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

void ssh_socket_init(struct ssh_socket *s)
{
    *s = (struct ssh_socket){ .fd = -1,
                              .wants_quick_ack = true,
                              .unsent = STR_MAX(SSH_SEND_MAX_BYTES),
                              .first = STR_MAX(SSH_FIRST_BYTES) };
}

void ssh_socket_close(struct ssh_socket *s)
{
    mem_close_fd(&s->fd);
    str_clear(&s->unsent);
    str_clear(&s->first);
    ssh_socket_init(s);
}

static void set_option(int fd, int level, int name, int value)
{
    /* Each is a help; none is worth failing for. */
    (void)setsockopt(fd, level, name, &value, sizeof(value));
}

int ssh_socket_connect(struct ssh_socket *s, const struct sockaddr *addr, socklen_t len, int64_t keepalive_ms,
                       struct err *err)
{
    auto_fd int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_errno(err, errno, "cannot make a socket");
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, (int)(keepalive_ms / 1000));
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, (int)(keepalive_ms / 1000));
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
    set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)(3 * keepalive_ms));
    if (connect(fd, addr, len) < 0 && errno != EINPROGRESS) {
        err_errno(err, errno, "cannot connect");
        if (err)
            err->code = ERR_OFFLINE;
        return -1;
    }
    s->fd = move_fd(fd);
    return 0;
}

int ssh_socket_connected(struct ssh_socket *s, struct err *err)
{
    int why = 0;
    socklen_t len = sizeof(why);
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &why, &len) < 0)
        why = errno;
    if (!why)
        return 0;
    err_errno(err, why, "cannot connect");
    if (err)
        err->code = ERR_OFFLINE;
    return -1;
}

size_t ssh_socket_unsent(const struct ssh_socket *s)
{
    return s->unsent.len - s->unsent_from;
}

void ssh_socket_flush(struct ssh_socket *s)
{
    while (ssh_socket_unsent(s) && !s->is_dead) {
        struct span rest = span_skip(str_span(&s->unsent), s->unsent_from);
        ssize_t n = send(s->fd, rest.ptr, rest.len, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n < 0)
            s->is_dead = true;
        else
            s->unsent_from += (size_t)n;
    }
    str_clear(&s->unsent);
    s->unsent_from = 0;
}

ssize_t ssh_socket_send(int fd, const void *buf, size_t len, int flags, void **abstract)
{
    (void)flags;
    struct ssh_socket *s = *abstract;
    size_t sent = 0;
    if (s->is_dead)
        return -EPIPE;
    s->sent += len;
    if (!ssh_socket_unsent(s)) {
        ssize_t n = send(fd, buf, len, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            s->is_dead = true;
            return -errno;
        }
        sent = n > 0 ? (size_t)n : 0;
    }
    if (s->unsent_from > SSH_SEND_HIGH_BYTES) { /* a long stream may never find the buffer empty */
        memmove(s->unsent.buf, s->unsent.buf + s->unsent_from, ssh_socket_unsent(s));
        str_cut(&s->unsent, ssh_socket_unsent(s));
        s->unsent_from = 0;
    }
    str_add_span(&s->unsent, (struct span){ (const char *)buf + sent, len - sent });
    if (s->unsent.failed)
        s->is_dead = true;
    return s->is_dead ? -EPIPE : (ssize_t)len;
}

ssize_t ssh_socket_recv(int fd, void *buf, size_t len, int flags, void **abstract)
{
    (void)flags;
    struct ssh_socket *s = *abstract;
    if (s->is_dead)
        return -ECONNRESET;
    ssize_t n = recv(fd, buf, len, 0);
    if (n < 0)
        return errno == EINTR ? -EAGAIN : -errno;
    if (n == 0 && !s->saw_end) {
        s->saw_end =
            true; /* libssh2 forgets what it has read when it meets the end: let that be read first */
        s->received++;
        return -EAGAIN;
    }
    if (n == 0)
        s->is_dead = true;
    s->received += (size_t)n;
    if (s->wants_quick_ack)
        set_option(fd, IPPROTO_TCP, TCP_QUICKACK, 1); /* the kernel forgets it: armed anew each time */
    if (s->first.len < s->first.max)
        str_add_span(&s->first, span_head((struct span){ buf, (size_t)n }, s->first.max - s->first.len));
    return n;
}
