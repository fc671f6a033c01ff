/* What we tell OpenSSH's client on its command line, and what its words at the end mean. Pure. */
#ifndef SLUICE_EXEC_OPENSSH_ARGS_H
#define SLUICE_EXEC_OPENSSH_ARGS_H

#include "base/str.h"
#include "exec/ssh_settings.h"

enum { OPENSSH_MAX_ARGS = 64 };

struct openssh_args {
    char *argv[OPENSSH_MAX_ARGS]; /* NULL at the end; all owned */
    size_t count;
};

enum openssh_prompts {
    OPENSSH_NO_PROMPTS,  /* BatchMode */
    OPENSSH_PASSPHRASE,  /* of a key, and nothing else */
    OPENSSH_ALL_PROMPTS, /* a person answers */
};

/* A master that stays in the foreground: `ssh -M -N -S socket ... -- host`. */
void openssh_args_master(struct openssh_args *args, const struct ssh_settings *set, const char *socket,
                         const char *log, enum openssh_prompts prompts);
/* `ssh -G`: the settings in force for the host. without_files: those of nobody's files, to compare. */
void openssh_args_settings(struct openssh_args *args, const struct ssh_settings *set, bool without_files);
void openssh_args_clear(struct openssh_args *args);

/* Why the login failed: ERR_AUTH (needs_person: the server wants prompts answered), ERR_DENIED (host key),
 * ERR_INVALID (its configuration), else ERR_OFFLINE. */
void openssh_explain(const struct ssh_settings *set, struct span log, struct err *err, bool *needs_person);

/* The value of a key in `ssh -G`'s answer, or the empty span. */
struct span openssh_setting(struct span settings, const char *key);
/* Does ssh_config know what a client that reads no files does not? 0 no; 1 yes, why says what. */
bool openssh_config_matters(struct span with, struct span without, struct str *why);

#endif
