/* Who is at the other end of a loopback connection: the uid that owns the peer's socket.
 *
 * The kernel is asked for that one socket (api/peer_ask.h), or where that is not allowed lists every TCP
 * socket with its owner (/proc/net/tcp, tcp6): the peer's is the row whose local end is the connection's
 * remote end and the other way round. A socket without an inode is held by nobody any more: its uid reads 0
 * and counts as unknown. */
#ifndef SLUICE_API_PEER_H
#define SLUICE_API_PEER_H

#include "base/err.h"
#include "base/span.h"

#include <sys/socket.h>
#include <sys/types.h>

bool peer_is_loopback(const struct sockaddr *addr);
/* ERR_DENIED where the kernel knows no such socket; ERR_BUSY where it could not be asked (no descriptor, no
 * memory): then nothing is known, and asking again may tell. */
int peer_uid(int fd, uid_t *uid, struct err *err);

/* The same from the text of such a list; ends as the kernel writes them ("0100007F:2116"). Pure. */
bool peer_find(struct span table, struct span local, struct span remote, uid_t *uid);

#endif
