/* The socket below a session: connecting without waiting, options, and the two callbacks libssh2 sends and
 * receives by. */
#ifndef SLUICE_EXEC_SSH_SOCKET_H
#define SLUICE_EXEC_SSH_SOCKET_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>
#include <sys/socket.h>

enum { SSH_SEND_HIGH_BYTES = 256 * 1024, SSH_SEND_MAX_BYTES = 16 * 1024 * 1024, SSH_FIRST_BYTES = 8192 };

struct ssh_socket {
    int fd; /* -1 none */
    bool is_dead, saw_end;
    bool wants_quick_ack; /* sshd turns its delay off only at its first exec: until then every byte is acked
                             at once */
    uint64_t received, sent;
    struct str unsent;
    size_t unsent_from;
    struct str first; /* the first bytes received, in clear: for ssh_methods_explain */
};

void ssh_socket_init(struct ssh_socket *s);
void ssh_socket_close(struct ssh_socket *s);
/* 0 under way (or connected), -1. keepalive_ms: when the kernel gives up on a silent peer is three times
 * that. */
int ssh_socket_connect(struct ssh_socket *s, const struct sockaddr *addr, socklen_t len, int64_t keepalive_ms,
                       struct err *err);
int ssh_socket_connected(struct ssh_socket *s, struct err *err); /* once writable */
void ssh_socket_flush(struct ssh_socket *s);
size_t ssh_socket_unsent(const struct ssh_socket *s);

/* For libssh2_session_callback_set, with the socket as the session's abstract pointer. */
ssize_t ssh_socket_recv(int fd, void *buf, size_t len, int flags, void **abstract);
ssize_t ssh_socket_send(int fd, const void *buf, size_t len, int flags, void **abstract);

#endif
