#include "exec/ssh_settings.h"

#include "base/mem.h"
#include "base/str.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_PATH_BYTES = 4096, MAX_HOST_BYTES = 255 };

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
    if (!is_plain(user, "@+"))
        return err_set(err, ERR_INVALID, "\"%s\" is not a user name", user);
    *set = (struct ssh_settings){ .loop = options->loop, .clock = options->clock };
    set_limits(set, options);
    set->name = mem_dup_str(options->name ? options->name : options->host);
    set->host = mem_dup_str(options->host);
    set->user = mem_dup_str(user);
    set->passphrase = mem_dup_str(options->passphrase);
    set->agent_socket = mem_dup_str(options->agent_socket);
    set->known_hosts = expand(home, options->known_hosts ? options->known_hosts : "~/.ssh/known_hosts");
    set->keys[0] = expand(home, options->key_path ? options->key_path : "~/.ssh/id_ed25519");
    if (!options->key_path)
        set->keys[1] = in_home(home, ".ssh/id_ecdsa");
    return 0;
}

void ssh_settings_clear(struct ssh_settings *set)
{
    if (set->passphrase)
        explicit_bzero(set->passphrase, strlen(set->passphrase));
    char **fields[] = { &set->name,         &set->host,        &set->user,    &set->passphrase,
                        &set->agent_socket, &set->known_hosts, &set->keys[0], &set->keys[1] };
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        mem_clear_str(fields[i]);
}
