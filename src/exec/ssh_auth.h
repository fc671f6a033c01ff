/* The login on a session whose host key is checked: what the server offers, then the agent's keys, then the
 * key files. A first factor that is accepted but not enough (libssh2 calls it a failure) leads on to the
 * next. */
#ifndef SLUICE_EXEC_SSH_AUTH_H
#define SLUICE_EXEC_SSH_AUTH_H

#include "exec/ssh_settings.h"
#include "io/loop.h"

#include <libssh2.h>

enum ssh_auth_step {
    SSH_AUTH_AGAIN, /* wait for the socket (or for wake), then step again */
    SSH_AUTH_POOL,  /* a pass phrase costs 0.1 s and more: step again in the thread pool */
    SSH_AUTH_DONE,
    SSH_AUTH_FAILED, /* err: ERR_AUTH, ERR_DENIED, ERR_UNSUPPORTED for good; else the connection broke */
    SSH_AUTH_PROMPTS /* err: the server wants answers of a person */
};

struct ssh_auth;
/* All borrowed. wake runs when a step may lead on without the socket having changed (the agent answered). */
struct ssh_auth *ssh_auth_new(LIBSSH2_SESSION *session, const struct ssh_settings *set, loop_fn *wake,
                              void *ctx);
void ssh_auth_free(struct ssh_auth *auth); /* NULL is fine */
enum ssh_auth_step ssh_auth_step(struct ssh_auth *auth, struct err *err);

#endif
