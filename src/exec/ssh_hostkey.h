/* Is the machine at the other end the one we know? Strict: an unknown key is refused unless accept_new_host,
 * a changed or revoked one always. The error tells a person what to do. */
#ifndef SLUICE_EXEC_SSH_HOSTKEY_H
#define SLUICE_EXEC_SSH_HOSTKEY_H

#include "exec/ssh_settings.h"

#include <libssh2.h>

struct str;
/* The text of the known_hosts file; empty where there is none. */
int ssh_hostkey_read(const struct ssh_settings *set, struct str *text, struct err *err);
int ssh_hostkey_check(LIBSSH2_SESSION *session, const struct ssh_settings *set, struct span known_hosts,
                      struct err *err);
/* The same over a raw key and its SHA-256. Writes known_hosts only to accept a new one. */
int ssh_hostkey_judge(const struct ssh_settings *set, struct span known_hosts, struct span key,
                      struct span sha256, struct err *err);

#endif
