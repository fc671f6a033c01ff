/* The options of one SSH transport, copied and completed; read by all ssh_* modules. */
#ifndef SLUICE_EXEC_SSH_SETTINGS_H
#define SLUICE_EXEC_SSH_SETTINGS_H

#include "base/err.h"
#include "base/span.h"
#include "exec/ssh_options.h"

/* For every error that is a limit of libssh2 and not of the site. */
#define SSH_BEYOND "beyond libssh2 1.10 (ssh.backend openssh or auto can)"

enum { SSH_MAX_KEYS = 5 };

struct ssh_settings {
    struct loop *loop;
    const struct clock *clock;
    char *name, *host, *user, *passphrase, *agent_socket, *known_hosts;
    char *keys[SSH_MAX_KEYS]; /* files to try, in order */
    char *proxy_jump, *config_file, *control_dir, *instructions;
    unsigned port, max_channels, max_logins_per_hour;
    bool has_own_key;                         /* key_path was given: its absence is an error */
    bool has_user, has_port, has_known_hosts; /* given, and not our default: ssh_config must not decide */
    bool is_manual;
    bool has_config; /* there is an ssh_config that may say something about hosts */
    bool accept_new_host, use_login_shell;
    int64_t keepalive_ms, connect_timeout_ms, command_timeout_ms;
};

int ssh_settings_init(struct ssh_settings *set, const struct ssh_options *options, struct err *err);
void ssh_settings_clear(struct ssh_settings *set); /* wipes the pass phrase */

#endif
