#include "exec/ssh_settings.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/file.h"
#include "text/ssh_config.h"

#include <dirent.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_PATH_BYTES = 4096, MAX_HOST_BYTES = 255 };
static const char default_known_hosts[] = "~/.ssh/known_hosts";

/* Names reach logs, known_hosts and, with the other backend, an argument list: nothing that means anything.
 */
static bool is_plain(const char *text, const char *more)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t len = strlen(text);
    if (!len || len > MAX_HOST_BYTES || text[0] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!strchr(plain, text[i]) && !strchr(more, text[i]))
            return false;
    return true;
}

static char *in_home(const char *home, const char *path)
{
    struct str full = STR_MAX(MAX_PATH_BYTES);
    str_addf(&full, "%s/%s", home, path);
    return str_steal(&full);
}

static char *expand(const char *home, const char *path)
{
    return strncmp(path, "~/", 2) == 0 ? in_home(home, path + 2) : mem_dup_str(path);
}

static int64_t or_default(int64_t value, int64_t other)
{
    return value > 0 ? value : other;
}

static void set_limits(struct ssh_settings *set, const struct ssh_options *options)
{
    set->port = options->port ? options->port : 22;
    set->max_channels = (unsigned)or_default(options->max_channels, 4);
    set->max_logins_per_hour = (unsigned)or_default(options->max_logins_per_hour, 20);
    set->keepalive_ms = or_default(options->keepalive_s, 30) * 1000;
    set->connect_timeout_ms = or_default(options->connect_timeout_s, 15) * 1000;
    set->command_timeout_ms = or_default(options->command_timeout_s, 120) * 1000;
    set->accept_new_host = options->accept_new_host;
    set->use_login_shell = options->use_login_shell;
    set->has_own_key = options->key_path != NULL;
    set->has_user = options->user != NULL;
    set->has_port = options->port != 0;
    set->has_known_hosts = options->known_hosts && strcmp(options->known_hosts, default_known_hosts) != 0;
    set->is_manual = options->is_manual;
}

/* The last three are beyond libssh2: that they are there is why the other backend may get in. */
static void set_keys(struct ssh_settings *set, const char *home, const char *key_path)
{
    static const char *const usual[SSH_MAX_KEYS] = { ".ssh/id_ed25519", ".ssh/id_ecdsa", ".ssh/id_rsa",
                                                     ".ssh/id_ed25519_sk", ".ssh/id_ecdsa_sk" };
    if (key_path)
        set->keys[0] = expand(home, key_path);
    for (size_t i = 0; !key_path && i < SSH_MAX_KEYS; i++)
        set->keys[i] = in_home(home, usual[i]);
}

static bool system_file_matters(const char *path)
{
    auto_str struct str text = STR_MAX(0);
    return file_read(path, MAX_CONFIG_BYTES, &text, NULL) == 0 && ssh_config_matters(str_span(&text));
}

static bool has_parts(const char *folder)
{
    bool is_found = false;
    DIR *d = opendir(folder);
    for (const struct dirent *entry; !is_found && d && (entry = readdir(d));)
        is_found = span_ends(span_of(entry->d_name), ".conf");
    if (d)
        closedir(d);
    return is_found;
}

static bool has_config(const struct ssh_settings *set, const char *home)
{
    if (set->config_file)
        return access(set->config_file, R_OK) == 0;
    auto_free char *own = in_home(home, ".ssh/config");
    return has_parts(SSH_CONFIG_PARTS) || access(own, R_OK) == 0 ||
           system_file_matters("/etc/ssh/ssh_config");
}

int ssh_settings_init(struct ssh_settings *set, const struct ssh_options *options, struct err *err)
{
    char buf[16384];
    struct passwd pw, *me = NULL;
    if (getpwuid_r(getuid(), &pw, buf, sizeof(buf), &me) != 0)
        me = NULL;
    const char *home = me ? me->pw_dir : "/";
    const char *user = options->user ? options->user : me ? me->pw_name : "";
    if (!options->host || !is_plain(options->host, ":%"))
        return err_set(err, ERR_INVALID, "\"%s\" is not a host name", options->host ? options->host : "");
    if (options->proxy_jump && !is_plain(options->proxy_jump, "@:+,"))
        return err_set(err, ERR_INVALID, "proxy_jump \"%s\" is not a list of hosts", options->proxy_jump);
    if (!is_plain(user, "@+"))
        return err_set(err, ERR_INVALID, "\"%s\" is not a user name", user);
    *set = (struct ssh_settings){ .loop = options->loop, .clock = options->clock };
    set_limits(set, options);
    set->name = mem_dup_str(options->name ? options->name : options->host);
    set->host = mem_dup_str(options->host);
    set->user = mem_dup_str(user);
    set->passphrase = mem_dup_str(options->passphrase);
    set->agent_socket = mem_dup_str(options->agent_socket);
    set->known_hosts = expand(home, options->known_hosts ? options->known_hosts : default_known_hosts);
    set_keys(set, home, options->key_path);
    set->proxy_jump = mem_dup_str(options->proxy_jump);
    set->config_file = options->config_file ? expand(home, options->config_file) : NULL;
    set->control_dir = mem_dup_str(options->control_dir);
    set->instructions = mem_dup_str(options->instructions);
    set->has_config = has_config(set, home);
    return 0;
}

void ssh_settings_clear(struct ssh_settings *set)
{
    if (set->passphrase)
        explicit_bzero(set->passphrase, strlen(set->passphrase));
    char **fields[] = { &set->name,         &set->host,        &set->user,       &set->passphrase,
                        &set->agent_socket, &set->known_hosts, &set->proxy_jump, &set->config_file,
                        &set->control_dir,  &set->instructions };
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        mem_clear_str(fields[i]);
    for (size_t i = 0; i < SSH_MAX_KEYS; i++)
        mem_clear_str(&set->keys[i]);
}
