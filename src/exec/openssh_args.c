#include "exec/openssh_args.h"

#include "base/mem.h"
#include "base/str.h"

#include <string.h>

enum { MAX_ARG = 8192 };

static void add(struct openssh_args *args, const char *word)
{
    if (args->count + 1 < OPENSSH_MAX_ARGS)
        args->argv[args->count++] = mem_dup_str(word);
}

static void option(struct openssh_args *args, const char *name, const char *value)
{
    auto_str struct str text = STR_MAX(MAX_ARG);
    str_addf(&text, "%s=%s", name, value);
    add(args, "-o");
    add(args, str_text(&text));
}

static void number(struct openssh_args *args, const char *name, int64_t value)
{
    auto_str struct str text = STR_MAX(64);
    str_addf(&text, "%lld", (long long)value);
    option(args, name, str_text(&text));
}

/* In quotes for ssh's own words, and without its %-tokens. */
static void path_option(struct openssh_args *args, const char *name, const char *path)
{
    auto_str struct str text = STR_MAX(MAX_ARG);
    str_add_char(&text, '"');
    for (; *path; path++) {
        if (*path == '%')
            str_add_char(&text, '%');
        if (*path == '"' || *path == '\\')
            str_add_char(&text, '\\');
        str_add_char(&text, *path);
    }
    str_add_char(&text, '"');
    option(args, name, str_text(&text));
}

/* Who and where: what our own configuration says goes before ssh_config. */
static void add_target(struct openssh_args *args, const struct ssh_settings *set)
{
    auto_str struct str port = STR_MAX(32);
    str_addf(&port, "%u", set->port);
    if (set->has_user) {
        add(args, "-l");
        add(args, set->user);
    }
    if (set->has_port) {
        add(args, "-p");
        add(args, str_text(&port));
    }
    if (set->proxy_jump) {
        add(args, "-J");
        add(args, set->proxy_jump);
    }
    add(args, "--");
    add(args, set->host);
}

static void add_prompts(struct openssh_args *args, enum openssh_prompts prompts)
{
    option(args, "BatchMode", prompts == OPENSSH_NO_PROMPTS ? "yes" : "no");
    if (prompts != OPENSSH_PASSPHRASE)
        return;
    option(args, "KbdInteractiveAuthentication", "no");
    option(args, "PasswordAuthentication", "no");
}

/* What would let the user's ssh_config change what a master is. */
static void add_fixed(struct openssh_args *args)
{
    static const char *const fixed[][2] = {
        { "ControlPersist", "no" },
        { "ForkAfterAuthentication", "no" },
        { "ClearAllForwardings", "yes" },
        { "ForwardAgent", "no" },
        { "ForwardX11", "no" },
        { "PermitLocalCommand", "no" },
        { "RequestTTY", "no" },
        { "RemoteCommand", "none" },
        { "LogLevel", "INFO" },
        { "ConnectionAttempts", "1" },
        { "NumberOfPasswordPrompts", "1" },
        { "ServerAliveCountMax", "3" },
        { "Tunnel", "no" },
        { "UpdateHostKeys", "no" },
        { "VisualHostKey", "no" },
    };
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
        option(args, fixed[i][0], fixed[i][1]);
}

void openssh_args_master(struct openssh_args *args, const struct ssh_settings *set, const char *socket,
                         const char *log, enum openssh_prompts prompts)
{
    static const char *const first[] = { "ssh", "-M", "-N", "-T", "-S" };
    for (size_t i = 0; i < ARRAY_LEN(first); i++)
        add(args, first[i]);
    add(args, socket);
    add(args, "-E");
    add(args, log);
    if (set->config_file) {
        add(args, "-F");
        add(args, set->config_file);
    }
    add_prompts(args, prompts);
    add_fixed(args);
    option(args, "StrictHostKeyChecking", set->accept_new_host ? "accept-new" : "yes");
    number(args, "ConnectTimeout", set->connect_timeout_ms / 1000);
    number(args, "ServerAliveInterval", set->keepalive_ms / 1000);
    if (set->has_known_hosts)
        path_option(args, "UserKnownHostsFile", set->known_hosts);
    if (set->has_own_key) {
        path_option(args, "IdentityFile", set->keys[0]);
        option(args, "IdentitiesOnly", "yes");
    }
    add_target(args, set);
}

void openssh_args_settings(struct openssh_args *args, const struct ssh_settings *set, bool without_files)
{
    add(args, "ssh");
    add(args, "-G");
    if (without_files || set->config_file) {
        add(args, "-F");
        add(args, without_files ? "none" : set->config_file);
    }
    add_target(args, set);
}

void openssh_args_clear(struct openssh_args *args)
{
    for (size_t i = 0; i < args->count; i++)
        mem_clear_str(&args->argv[i]);
    args->count = 0;
}

/* --- its answers --- */

static const struct meaning {
    const char *words;
    enum err_code code;
} meanings[] = {
    { "REMOTE HOST IDENTIFICATION HAS CHANGED", ERR_AUTH },
    { "host key is known for", ERR_AUTH },
    { "Host key verification failed", ERR_AUTH },
    { "No matching host key fingerprint", ERR_AUTH },
    { "are too open", ERR_AUTH }, /* such a key is left out, and the login then denied */
    { "Permission denied", ERR_AUTH },
    { "Too many authentication failures", ERR_AUTH },
    { "No more authentication methods", ERR_AUTH },
    { "Bad configuration option", ERR_INVALID },
    { "terminating, ", ERR_INVALID },
    { "Unable to negotiate", ERR_UNSUPPORTED },
    { "no matching ", ERR_UNSUPPORTED },
};

/* The last line that says something; what follows the failure is only its echo. */
static struct span last_line(struct span log)
{
    struct span line, last = { "", 0 };
    while (span_next_line(&log, &line))
        if (span_trim(line).len)
            last = span_trim(line);
    return last;
}

static struct span telling_line(struct span log, const char *words)
{
    struct span line;
    while (span_next_line(&log, &line))
        if (span_has(line, words))
            return span_trim(line);
    return last_line(log);
}

void openssh_explain(const struct ssh_settings *set, struct span log, struct err *err, bool *needs_person)
{
    *needs_person = false;
    for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
        if (!span_has(log, meanings[i].words))
            continue;
        struct span line = telling_line(log, meanings[i].words);
        *needs_person = meanings[i].code == ERR_AUTH &&
                        (span_has(line, "keyboard-interactive") || span_has(line, "password"));
        const char *advice =
            *needs_person ? " (a person must answer its prompts: sluice connect CLUSTER)" : "";
        err_set(err, meanings[i].code, "%s: %.*s%s", set->host, SPAN_FMT(line),
                span_has(line, "are too open") ? " chmod 600 it" : advice);
        return;
    }
    struct span line = last_line(log);
    err_set(err, ERR_OFFLINE, "%s: %.*s", set->host, SPAN_FMT(line.len ? line : span_of("ssh ended")));
}

struct span openssh_setting(struct span settings, const char *key)
{
    struct span line, word;
    while (span_next_line(&settings, &line))
        if (span_next(&line, ' ', &word) && span_is(word, key))
            return span_trim(line);
    return (struct span){ "", 0 };
}

/* All lines of a key, as one text: there may be several IdentityFiles. */
static void all_of(struct span settings, const char *key, struct str *to)
{
    struct span line, word;
    while (span_next_line(&settings, &line))
        if (span_next(&line, ' ', &word) && span_is(word, key))
            str_addf(to, "%.*s\n", SPAN_FMT(line));
}

bool openssh_config_matters(struct span with, struct span without, struct str *why)
{
    static const char *const keys[] = {
        "hostname",          "user",         "port",          "proxyjump",
        "proxycommand",      "identityfile", "identityagent", "certificatefile",
        "pkcs11provider",    "hostkeyalias", "bindaddress",   "globalknownhostsfile",
        "userknownhostsfile"
    };
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        auto_str struct str a = STR_MAX(MAX_ARG), b = STR_MAX(MAX_ARG);
        all_of(with, keys[i], &a);
        all_of(without, keys[i], &b);
        if (span_eq(str_span(&a), str_span(&b)))
            continue;
        str_addf(why, "ssh_config says %s %.*s", keys[i], SPAN_FMT(span_trim(str_span(&a))));
        return true;
    }
    return false;
}
