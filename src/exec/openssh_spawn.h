/* The processes of OpenSSH that we start: always an argument list, never a shell's line. */
#ifndef SLUICE_EXEC_OPENSSH_SPAWN_H
#define SLUICE_EXEC_OPENSSH_SPAWN_H

#include "exec/openssh_args.h"
#include "io/spawn.h"

struct openssh_login {
    const char *dir, *socket, *log; /* dir holds the askpass helper */
    enum openssh_prompts prompts;
};

/* A master, detached: it ends by spawn_abandon, or by itself. */
int openssh_spawn_master(const struct ssh_settings *set, const struct openssh_login *login, spawn_done *done,
                         void *ctx, struct child **out, struct err *err);
/* `ssh -G`; its answer is the child's output. */
int openssh_spawn_settings(const struct ssh_settings *set, bool without_files, spawn_done *done, void *ctx,
                           struct child **out, struct err *err);

#endif
