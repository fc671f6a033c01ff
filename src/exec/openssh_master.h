/* A master of the system's ssh: found, or started and watched. One connection to its control socket stays
 * open: when the master goes, we are told at once.
 *
 * Which one, in this order: the one at our own socket, which outlives the gateway where a person answered its
 * prompts; with is_manual the one a person opened (the ControlPath their ssh_config names); else a new one,
 * unless is_manual, where only openssh_master_login (a person asked) starts one. Nothing falls back to a
 * fresh login by itself. */
#ifndef SLUICE_EXEC_OPENSSH_MASTER_H
#define SLUICE_EXEC_OPENSSH_MASTER_H

#include "exec/ssh_settings.h"

struct openssh_master_owner {
    void *ctx;
    void (*up)(void *ctx, bool was_login);
    /* was_login: a login was tried for it. needs_person: prompts, or a master, must come from a person. */
    void (*down)(void *ctx, const struct err *err, bool was_login, bool needs_person);
};

struct openssh_master;
/* set is borrowed. -1 where the folder of the control sockets cannot be used. */
int openssh_master_new(const struct ssh_settings *set, const struct openssh_master_owner *owner,
                       struct openssh_master **out, struct err *err);
void openssh_master_free(struct openssh_master *m); /* ends the master, but for one that a person opened */

/* Only while down; up or down follows, once, from the loop. with_person: prompts are passed on. */
void openssh_master_start(struct openssh_master *m, bool with_person);
void openssh_master_stop(struct openssh_master *m); /* no callback */
bool openssh_master_is_up(const struct openssh_master *m);
bool openssh_master_is_down(const struct openssh_master *m);
const char *openssh_master_socket(const struct openssh_master *m); /* while up */
bool openssh_master_is_own(const struct openssh_master *m);        /* at our socket, not at a person's */

int64_t openssh_master_made_us(
    const struct openssh_master *m); /* wall clock, when somebody logged in; 0 unknown */
bool openssh_master_may_be_there(const struct openssh_master *m); /* a socket of an earlier life stands */

/* What ssh asks the person now, or NULL; and the answer. */
const char *openssh_master_prompt(const struct openssh_master *m);
int openssh_master_answer(struct openssh_master *m, const char *answer, struct err *err);

#endif
