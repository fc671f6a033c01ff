#include "exec/openssh_spawn.h"

#include "base/str.h"

enum { SETTINGS_TIMEOUT_MS = 10 * 1000, MAX_SETTINGS = 256 * 1024, MAX_VALUE = 4096 };

/* env(1) sets what says how prompts are answered, and becomes ssh: nothing secret is among it. */
int openssh_spawn_master(const struct ssh_settings *set, const struct openssh_login *login, spawn_done *done,
                         void *ctx, struct child **out, struct err *err)
{
    enum { ENV_WORDS = 6 };
    const char *argv[OPENSSH_MAX_ARGS + ENV_WORDS] = { "env", "-u", "DISPLAY" };
    size_t n = 3;
    struct openssh_args args = { 0 };
    auto_str struct str askpass = STR_MAX(MAX_VALUE), agent = STR_MAX(MAX_VALUE);
    str_addf(&askpass, "SSH_ASKPASS=%s/askpass", login->dir);
    argv[n++] = str_text(&askpass);
    argv[n++] =
        login->prompts == OPENSSH_NO_PROMPTS ? "SSH_ASKPASS_REQUIRE=never" : "SSH_ASKPASS_REQUIRE=force";
    if (set->agent_socket) {
        str_addf(&agent, "SSH_AUTH_SOCK=%s", set->agent_socket);
        argv[n++] = str_text(&agent);
    }
    openssh_args_master(&args, set, login->socket, login->log, login->prompts);
    for (size_t i = 0; i < args.count; i++)
        argv[n++] = args.argv[i];
    struct spawn_request request = { .argv = argv, .detached = true };
    int rc = spawn_child(set->loop, &request, done, ctx, out, err);
    openssh_args_clear(&args);
    return rc;
}

int openssh_spawn_settings(const struct ssh_settings *set, bool without_files, spawn_done *done, void *ctx,
                           struct child **out, struct err *err)
{
    struct openssh_args args = { 0 };
    openssh_args_settings(&args, set, without_files);
    struct spawn_request request = { .argv = (const char *const *)args.argv,
                                     .max_output_bytes = MAX_SETTINGS,
                                     .max_error_bytes = MAX_VALUE,
                                     .timeout_ms = SETTINGS_TIMEOUT_MS };
    int rc = spawn_child(set->loop, &request, done, ctx, out, err);
    openssh_args_clear(&args);
    return rc;
}
