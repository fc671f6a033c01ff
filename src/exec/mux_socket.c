#include "exec/mux_socket.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Whoever can put a socket there would be given every program: it must be ours (or root's). */
static int check_owner(const char *path, struct err *err)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return err_set(err, errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_DENIED,
                       "no SSH master at %s: %s", path, strerror(errno));
    if (!S_ISSOCK(st.st_mode) || (st.st_uid != getuid() && st.st_uid != 0))
        return err_set(err, ERR_DENIED, "%s is no control socket of ours", path);
    return 0;
}

static int dial(const char *path, int *out, struct err *err)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof(addr.sun_path))
        return err_set(err, ERR_INVALID, "the path of the control socket is too long: %s", path);
    memcpy(addr.sun_path, path, strlen(path) + 1);
    auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_errno(err, errno, "socket");
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
        return err_set(err,
                       errno == EAGAIN   ? ERR_BUSY
                       : errno == ENOENT ? ERR_NOT_FOUND
                                         : ERR_OFFLINE,
                       "nobody answers at %s: %s", path, strerror(errno));
    *out = move_fd(fd);
    return 0;
}

int mux_socket_open(struct mux_socket *s, const char *path, struct err *err)
{
    auto_fd int fd = -1;
    if (check_owner(path, err) < 0 || dial(path, &fd, err) < 0)
        return -1;
    *s = (struct mux_socket){ .fd = move_fd(fd), .in = STR_MAX((size_t)2 * MAX_MUX_BYTES) };
    auto_str struct str hello = STR_MAX(64);
    mux_add_hello(&hello);
    if (mux_socket_send(s, str_span(&hello), err) == 0)
        return 0;
    mux_socket_close(s);
    return -1;
}

void mux_socket_close(struct mux_socket *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    s->taken = 0;
    str_clear(&s->in);
}

int mux_socket_send(const struct mux_socket *s, struct span bytes, struct err *err)
{
    ssize_t n = send(s->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
    if (n == (ssize_t)bytes.len)
        return 0;
    return err_set(err, ERR_OFFLINE, "the SSH master takes nothing: %s",
                   n < 0 ? strerror(errno) : "its socket is full");
}

int mux_socket_send_fds(const struct mux_socket *s, const int fds[3], struct err *err)
{
    for (int i = 0; i < 3; i++) {
        char byte = 0;
        _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
        struct iovec iov = { &byte, 1 };
        struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
        msg.msg_control = control;
        msg.msg_controllen = sizeof(control);
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &fds[i], sizeof(int));
        if (sendmsg(s->fd, &msg, MSG_NOSIGNAL) != 1)
            return err_set(err, ERR_OFFLINE, "the SSH master takes no descriptor: %s", strerror(errno));
    }
    return 0;
}

/* 1 something came. */
static int fill(struct mux_socket *s, struct err *err)
{
    char buf[4096];
    ssize_t n = recv(s->fd, buf, sizeof(buf), 0);
    if (n > 0) {
        str_add_span(&s->in, (struct span){ buf, (size_t)n });
        return s->in.failed ? err_set(err, ERR_CORRUPT, "the SSH master says too much") : 1;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return err_set(err, ERR_OFFLINE, "the SSH master closed its control socket");
}

int mux_socket_next(struct mux_socket *s, struct mux_message *out, struct err *err)
{
    for (;;) {
        struct span rest = span_skip(str_span(&s->in), s->taken);
        int rc = mux_next(&rest, out, err);
        s->taken = s->in.len - rest.len;
        if (rc)
            return rc;
        if (s->taken == s->in.len) {
            str_cut(&s->in, 0);
            s->taken = 0;
        }
        rc = fill(s, err);
        if (rc <= 0)
            return rc;
    }
}
