/* A machine over SSH by the system's OpenSSH client: whatever ssh can log in to. One transport is one master;
 * its control socket is spoken directly (PROTOCOL.mux), with a session per run and no process per run.
 *
 * The same rules as transport_ssh.h for losses, back-off and budgets. With is_manual the gateway never logs
 * in by itself: without a master that a person opened it says LINK_NEEDS_LOGIN and the instructions, looks
 * for one again with each run, and only transport_login starts one. */
#ifndef SLUICE_EXEC_TRANSPORT_OPENSSH_H
#define SLUICE_EXEC_TRANSPORT_OPENSSH_H

#include "exec/ssh_options.h"
#include "exec/transport.h"

/* Connects to nothing yet. -1 with ERR_INVALID for odd names, ERR_DENIED for a control folder of others. */
int transport_openssh_new(const struct ssh_options *options, struct transport **out, struct err *err);

/* Is there a master of an earlier life of the gateway? It may have gone meanwhile. */
bool transport_openssh_has_master(const struct transport *t);
/* The server wants a person's prompts, as another backend found out: LINK_NEEDS_LOGIN from the start. */
void transport_openssh_needs_person(struct transport *t, const struct err *why);

#endif
