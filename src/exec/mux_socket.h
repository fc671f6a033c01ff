/* One connection to a master's control socket: bytes out, messages in, and the descriptors of a session
 * passed along. The socket belongs to this machine: what is sent fits its buffer, or the master is stuck. */
#ifndef SLUICE_EXEC_MUX_SOCKET_H
#define SLUICE_EXEC_MUX_SOCKET_H

#include "exec/mux_wire.h"

struct mux_socket {
    int fd; /* -1 closed */
    struct str in;
    size_t taken; /* of in */
};

/* 0; ERR_NOT_FOUND: no socket there; ERR_OFFLINE: nobody listens any more (stale); ERR_BUSY: its queue is
 * full; ERR_DENIED: it belongs to somebody else. Says hello at once. */
int mux_socket_open(struct mux_socket *s, const char *path, struct err *err);
void mux_socket_close(struct mux_socket *s);
int mux_socket_send(const struct mux_socket *s, struct span bytes, struct err *err);
/* stdin, stdout and stderr of the session asked for right before; borrowed. */
int mux_socket_send_fds(const struct mux_socket *s, const int fds[3], struct err *err);
/* 1 a message, 0 none now, -1 closed or nonsense. out points into s until the next call. */
int mux_socket_next(struct mux_socket *s, struct mux_message *out, struct err *err);

#endif
