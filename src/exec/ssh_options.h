/* What a transport over SSH is told; the executor fills it from the cluster's entry. */
#ifndef SLUICE_EXEC_SSH_OPTIONS_H
#define SLUICE_EXEC_SSH_OPTIONS_H

#include "base/clock.h"

#include <stdbool.h>

struct loop;

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

    /* of the openssh backend alone */
    const char *proxy_jump;   /* or NULL */
    const char *config_file;  /* ssh_config; NULL: the user's */
    const char *control_dir;  /* holds the masters' sockets: short, ours alone; made where missing */
    const char *instructions; /* how a person logs in; or NULL */
    bool is_manual;           /* use the master that a person opened; never log in by ourselves */
};

#endif
