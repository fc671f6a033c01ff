/* sluice.yaml: how the daemon itself runs. Each key is also SLUICE_<SECTION>_<KEY> in the environment and a
 * flag
 * (--log-level for log.level). Highest first: flag, environment, file, built-in. */
#ifndef SLUICE_DOMAIN_DAEMON_CONFIG_H
#define SLUICE_DOMAIN_DAEMON_CONFIG_H

#include "base/str.h"
#include "domain/schema_bind.h"

enum auth_mode { AUTH_OWNER, AUTH_LOOPBACK, AUTH_TOKENS, AUTH_PROXY };

struct daemon_limits { /* limits.*: what one client may ask */
    int64_t body_bytes, submit_body_bytes, connections, page_rows;
};

struct daemon_config {
    char *listen_host; /* of listen, without brackets */
    int64_t listen_port;
    char *base_path;                 /* "" or "/sluice": no slash at its end */
    char *public_url;                /* NULL, or http(s)://host[/path] without a slash at its end */
    char *state_dir, *clusters_file; /* NULL: main decides from XDG folders */
    struct strs project_roots;       /* empty: any readable path, while only the owner can reach the daemon */
    int auth_mode;                   /* enum auth_mode */
    struct daemon_limits limits;
    struct strs webhooks_allow; /* io/net_guard.h */
    int64_t retention_events_s;
    int64_t retention_logs_s; /* BIND_NONE: for ever */
    int64_t job_log_bytes;    /* limits.job_log */
    int64_t t_settle_s;       /* BIND_NONE: 60 s + 2 x MessageTimeout, at least 120 s */
    int log_level;            /* enum log_level */
    bool log_json;
    char *ssh_agent_socket; /* no key: SSH_AUTH_SOCK of the environment, set by `serve`; NULL none */
    struct doc *doc;        /* what all of them said, with origins in errs only */
};

struct daemon_setting { /* one value from outside the file */
    const char *path;   /* "log.level" */
    const char *value;
    const char *origin; /* "environment SLUICE_LOG_LEVEL", "flag --log-level" */
};

struct daemon_input {
    struct span text; /* of the file, or empty */
    const char *file;
    const struct daemon_setting *settings; /* later ones win */
    size_t setting_count;
};

/* Where the daemon's configuration is read from, at start and again on SIGHUP: cli/verb_serve.c layers file,
 * environment and flags. load: 0 and *out, or -1 with every error. */
struct daemon_source {
    int (*load)(void *ctx, struct daemon_config **out, struct errs *errs);
    void *ctx; /* borrowed for as long as the daemon runs */
};

int daemon_config_parse(const struct daemon_input *in, struct daemon_config **out, struct errs *errs);
void daemon_config_free(struct daemon_config *config);
void daemon_config_free_ptr(struct daemon_config **config);
#define auto_daemon_config __attribute__((cleanup(daemon_config_free_ptr)))

/* What a running daemon cannot change (its address, its state directory ...) moves from `before` to `fresh`.
 * Appends the keys whose value would have been another, comma between. */
void daemon_config_keep_fixed(struct daemon_config *fresh, struct daemon_config *before, struct str *changed);

/* The key behind a flag's name ("--log-level", "log-level") or an environment name ("SLUICE_LOG_LEVEL"): its
 * path, static; NULL where no key is so called. */
const char *daemon_config_flag_path(const char *flag);
const char *daemon_config_env_path(const char *name);

#endif
