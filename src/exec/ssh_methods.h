/* What we agree on with a server: no SHA-1, no CBC, no DSS, no MD5. And why a server did not agree. */
#ifndef SLUICE_EXEC_SSH_METHODS_H
#define SLUICE_EXEC_SSH_METHODS_H

#include "exec/ssh_settings.h"

#include <libssh2.h>

/* Types of which known_hosts (its text) has a key come first, so that the server shows that one. */
int ssh_methods_set(LIBSSH2_SESSION *session, const struct ssh_settings *set, struct span known_hosts,
                    struct err *err);

/* Reads the server's first bytes (banner and KEXINIT, both in clear). True, with ERR_UNSUPPORTED and which
 * list has nothing for us, where that is why a key exchange failed. Pure. */
bool ssh_methods_explain(struct span first_bytes, struct err *err);

#endif
