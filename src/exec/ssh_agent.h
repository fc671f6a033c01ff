/* The SSH agent's protocol without waiting: libssh2's own client would block the loop on a hung agent.
 * One question at a time; wake runs from the loop when an answer (or the agent's silence) can be looked at.
 */
#ifndef SLUICE_EXEC_SSH_AGENT_H
#define SLUICE_EXEC_SSH_AGENT_H

#include "base/err.h"
#include "base/span.h"
#include "io/loop.h"

enum { SSH_AGENT_AGAIN = 1, MAX_AGENT_BYTES = 256 * 1024, MAX_AGENT_KEYS = 64 };

struct ssh_agent;
int ssh_agent_open(struct loop *loop, const char *socket_path, loop_fn *wake, void *ctx,
                   struct ssh_agent **out, struct err *err);
void ssh_agent_free(struct ssh_agent *agent); /* NULL is fine */

/* 0 listed, SSH_AGENT_AGAIN, -1. */
int ssh_agent_list(struct ssh_agent *agent, struct err *err);
size_t ssh_agent_count(const struct ssh_agent *agent);
struct span ssh_agent_key(const struct ssh_agent *agent,
                          size_t index); /* raw public key; while agent lives */
struct span ssh_agent_comment(const struct ssh_agent *agent, size_t index);

/* 0 with the bare signature in *sig (a copy, caller frees), SSH_AGENT_AGAIN, -1. The same data each time. */
int ssh_agent_sign(struct ssh_agent *agent, size_t index, struct span data, struct span *sig,
                   struct err *err);

#endif
