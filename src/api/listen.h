/* The listening socket. */
#ifndef SLUICE_API_LISTEN_H
#define SLUICE_API_LISTEN_H

#include "base/err.h"

#include <stdbool.h>

/* host: a numeric address, or localhost, or NULL for 127.0.0.1; port 0: any free one. */
int listen_open(const char *host, int port, int *fd, struct err *err);
/* Where it listens, and whether only this machine reaches it. */
int listen_look(int fd, int *port, bool *is_loopback, struct err *err);

#endif
