/* One connection: addresses, TCP, key exchange, host key, login; then it stands until it breaks. The owner
 * drives the channels from `ready`; here is only what concerns the whole session.
 *
 * Sending never blocks and never says EAGAIN to libssh2: what the socket does not take is kept here (an
 * EAGAIN in the midst of a packet would have to be repeated with the same bytes before anything else). So
 * EAGAIN always means: wait for the server. Owners stop writing while ssh_conn_is_full. */
#ifndef SLUICE_EXEC_SSH_CONN_H
#define SLUICE_EXEC_SSH_CONN_H

#include "exec/ssh_settings.h"

#include <libssh2.h>

struct ssh_conn_owner {
    void *ctx;
    void (*up)(void *ctx);
    void (*ready)(void *ctx); /* bytes came, or there is room to send again */
    /* Closed; the session and all its channels are gone. needs_person: the server wants prompts answered. */
    void (*down)(void *ctx, const struct err *err, bool needs_person);
};

struct ssh_conn;
/* Never NULL. set (on the heap) lives as long as the connection, which may be a little longer than its owner.
 */
struct ssh_conn *ssh_conn_new_take(struct ssh_settings *set, const struct ssh_conn_owner *owner);
void ssh_conn_free(struct ssh_conn *conn); /* no callback any more */

void ssh_conn_start(struct ssh_conn *conn); /* only while down; up or down follows, once, from the loop */
void ssh_conn_fail(struct ssh_conn *conn, const struct err *err); /* closes; down runs before it returns */
bool ssh_conn_is_up(const struct ssh_conn *conn);
bool ssh_conn_is_down(const struct ssh_conn *conn);
bool ssh_conn_was_login(const struct ssh_conn *conn); /* the last start reached the key exchange: it counts */

LIBSSH2_SESSION *ssh_conn_session(const struct ssh_conn *conn);
uint64_t ssh_conn_received(const struct ssh_conn *conn); /* bytes so far: did a pass bring anything? */
uint64_t ssh_conn_sent(const struct ssh_conn *conn);     /* bytes handed over by libssh2 so far */
bool ssh_conn_is_full(const struct ssh_conn *conn);
/* After calls to libssh2: watches for room to send. Without a reader (no channel) what comes is left in the
 * socket, or the loop would be woken for it again and again. */
void ssh_conn_sync(struct ssh_conn *conn, bool has_reader);
void ssh_conn_calm(struct ssh_conn *conn); /* the first exec answered: no more quick ACKs */

#endif
