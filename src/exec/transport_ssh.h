/* A machine over SSH by libssh2, in process: one transport is one connection of one identity to one cluster,
 * with a channel per run, at most max_channels at a time, and one opened in advance whose shell waits for a
 * program.
 *
 * It connects with the first run and keeps the connection. What a loss means for a run: CUT if the last byte
 * of its program was handed to libssh2 (it may have left), NOT_SENT if some of it was but not the last, and
 * it waits for the next connection if nothing was. Those that wait end NOT_SENT once a new connection fails.
 * After failures: back-off with jitter, 2 s to 5 min; meanwhile runs end NOT_SENT at once, but an urgent one
 * tries again. A refused login or host key stops everything (LINK_REFUSED, LINK_NEEDS_LOGIN) until
 * transport_reconnect. */
#ifndef SLUICE_EXEC_TRANSPORT_SSH_H
#define SLUICE_EXEC_TRANSPORT_SSH_H

#include "exec/ssh_options.h"
#include "exec/transport.h"

/* Connects to nothing yet. -1 with ERR_INVALID for a host or user with odd characters. */
int transport_ssh_new(const struct ssh_options *options, struct transport **out, struct err *err);

#endif
