/* A machine over SSH by libssh2, in process: one transport is one connection of one identity to one cluster,
 * with a channel per run, at most max_channels at a time, and one opened in advance.
 *
 * It connects with the first run and keeps the connection. What a loss means for a run: CUT if the last byte
 * of its program was handed to libssh2 (it may have left), NOT_SENT if some of it was but not the last, and
 * it waits for the next connection if nothing was. Those that wait end NOT_SENT once a new connection fails.
 * After failures: back-off with jitter, 2 s to 5 min; meanwhile runs end NOT_SENT at once, but an urgent one
 * tries again. A refused login or host key stops everything (LINK_REFUSED, LINK_NEEDS_LOGIN) until
 * transport_reconnect. */
#ifndef SLUICE_EXEC_TRANSPORT_SSH_H
#define SLUICE_EXEC_TRANSPORT_SSH_H

#include "base/clock.h"
#include "exec/transport.h"
#include "io/loop.h"

struct ssh_options {
    struct loop *loop; /* borrowed, as the clock; the strings are copied */
    const struct clock *clock;
    const char *name;         /* the cluster's, for logs and errors */
    const char *host, *user;  /* user NULL: ours */
    unsigned port;            /* 0: 22 */
    const char *key_path;     /* "~/" is our home; NULL: ~/.ssh/id_ed25519 and ~/.ssh/id_ecdsa */
    const char *passphrase;   /* of the key file, or NULL */
    const char *agent_socket; /* the value of SSH_AUTH_SOCK; NULL: no agent */
    const char *known_hosts;  /* NULL: ~/.ssh/known_hosts */
    bool accept_new_host;     /* add an unknown host's key to known_hosts; a changed key is always refused */
    bool use_login_shell;
    int64_t keepalive_s, connect_timeout_s, command_timeout_s; /* <= 0: 30, 15, 120 */
    int64_t max_channels, max_logins_per_hour;                 /* <= 0: 4, 20 */
};

/* Connects to nothing yet. -1 with ERR_INVALID for a host or user with odd characters. */
int transport_ssh_new(const struct ssh_options *options, struct transport **out, struct err *err);

#endif
