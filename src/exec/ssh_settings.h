/* The options of one SSH transport, copied and completed; read by all ssh_* modules. */
#ifndef SLUICE_EXEC_SSH_SETTINGS_H
#define SLUICE_EXEC_SSH_SETTINGS_H

#include "base/err.h"
#include "base/span.h"
#include "exec/ssh_options.h"

/* For every error that is a limit of libssh2 and not of the site. */
#define SSH_BEYOND "beyond libssh2 1.10: set ssh.backend: openssh (that backend comes with the next release)"

enum { SSH_MAX_KEYS = 2 };

struct ssh_settings {
    struct loop *loop;
    const struct clock *clock;
    char *name, *host, *user, *passphrase, *agent_socket, *known_hosts;
    char *keys[SSH_MAX_KEYS]; /* files to try, in order */
    unsigned port, max_channels, max_logins_per_hour;
    bool has_own_key; /* key_path was given: its absence is an error */
    bool accept_new_host, use_login_shell;
    int64_t keepalive_ms, connect_timeout_ms, command_timeout_ms;
};

int ssh_settings_init(struct ssh_settings *set, const struct ssh_options *options, struct err *err);
void ssh_settings_clear(struct ssh_settings *set); /* wipes the pass phrase */

#endif
