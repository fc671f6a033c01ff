#include "exec/transport_make.h"

#include "base/limits.h"
#include "base/str.h"
#include "exec/transport_auto.h"
#include "exec/transport_local.h"
#include "exec/transport_openssh.h"
#include "exec/transport_ssh.h"
#include "io/file.h"

#include <string.h>

static struct transport *make_local(const struct cluster_config *cluster, const struct executor_deps *deps)
{
    struct local_options options = { .loop = deps->loop, .clock = deps->clock };
    options.use_login_shell = cluster->use_login_shell;
    return transport_local_new(&options);
}

/* The name of a secret, never the secret, stands in clusters.yaml. */
static int read_passphrase(const struct cluster_config *cluster, const struct executor_deps *deps,
                           struct str *out, struct err *err)
{
    const char *name = cluster->ssh.passphrase_secret;
    auto_str struct str path = STR_MAX(MAX_STDERR_BYTES);
    if (!name)
        return 0;
    if (strchr(name, '/') || name[0] == '.' || !deps->state_dir)
        return err_set(err, ERR_INVALID, "ssh.passphrase_secret %s is no name of a secret", name);
    str_addf(&path, "%s/secrets/%s", deps->state_dir, name);
    if (file_read(str_text(&path), 4096, out, err) < 0)
        return err_wrap(err, "ssh.passphrase_secret %s", name);
    while (out->len && (out->buf[out->len - 1] == '\n' || out->buf[out->len - 1] == '\r'))
        str_cut(out, out->len - 1);
    return 0;
}

static int make_ssh(const struct cluster_config *cluster, const struct executor_deps *deps,
                    struct transport **out, struct err *err)
{
    auto_str struct str passphrase = STR_MAX(4096), control_dir = STR_MAX(4096);
    str_addf(&control_dir, "%s/ssh", deps->state_dir ? deps->state_dir : "");
    if (read_passphrase(cluster, deps, &passphrase, err) < 0)
        return -1;
    struct ssh_options options = {
        .loop = deps->loop,
        .clock = deps->clock,
        .name = cluster->name,
        .host = cluster->host,
        .user = cluster->user,
        .port = cluster->port > 0 ? (unsigned)cluster->port : 0,
        .key_path = cluster->ssh_key_path,
        .passphrase = passphrase.len ? str_text(&passphrase) : NULL,
        .agent_socket = deps->ssh_agent_socket,
        .known_hosts = cluster->ssh.known_hosts,
        .accept_new_host = cluster->ssh.host_key == HOST_KEY_ACCEPT_NEW,
        .use_login_shell = cluster->use_login_shell,
        .keepalive_s = cluster->ssh.keepalive_s,
        .connect_timeout_s = cluster->ssh.connect_timeout_s,
        .command_timeout_s = cluster->ssh.command_timeout_s,
        .max_channels = cluster->ssh.max_channels,
        .max_logins_per_hour = cluster->ssh.max_logins_per_hour,
        .proxy_jump = cluster->proxy_jump,
        .config_file = cluster->ssh.config_file,
        .control_dir = str_text(&control_dir),
        .instructions = cluster->connection_instructions,
        .is_manual = cluster->requires_manual_auth,
    };
    static int (*const makers[])(const struct ssh_options *, struct transport **, struct err *) = {
        [BACKEND_AUTO] = transport_auto_new,
        [BACKEND_LIBSSH2] = transport_ssh_new,
        [BACKEND_OPENSSH] = transport_openssh_new,
    };
    return makers[cluster->ssh.backend](&options, out, err);
}

/* What libssh2 cannot do must not be asked of it. */
static int check_backend(const struct cluster_config *cluster, struct err *err)
{
    if (cluster->ssh.backend != BACKEND_LIBSSH2)
        return 0;
    if (cluster->proxy_jump)
        return err_set(err, ERR_UNSUPPORTED, "proxy_jump needs ssh.backend auto or openssh");
    if (cluster->requires_manual_auth)
        return err_set(err, ERR_UNSUPPORTED, "requires_manual_auth needs ssh.backend auto or openssh");
    return 0;
}

int transport_make(const struct cluster_config *cluster, const struct executor_deps *deps,
                   struct transport **out, struct err *err)
{
    if (!cluster->host) {
        *out = make_local(cluster, deps);
        return 0;
    }
    if (check_backend(cluster, err) < 0)
        return -1;
    return make_ssh(cluster, deps, out, err);
}
