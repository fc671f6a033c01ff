/* One TCP socket's owner, asked of the kernel by netlink (sock_diag). */
#ifndef SLUICE_API_PEER_ASK_H
#define SLUICE_API_PEER_ASK_H

#include <sys/socket.h>
#include <sys/types.h>

enum peer_answer { PEER_FOUND, PEER_NONE, PEER_CANNOT_ASK };

/* The socket whose local end is `theirs` and whose remote end is `ours`; both of one family. */
enum peer_answer peer_ask(const struct sockaddr_storage *theirs, const struct sockaddr_storage *ours,
                          uid_t *uid);

#endif
