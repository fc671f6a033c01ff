/* ssh.backend auto: libssh2, which is fast and in process, until something is beyond it; then OpenSSH, for
 * good, with the reason logged and shown. What changes it:
 *   - ssh_config knows something about the host that libssh2 does not read (an alias, a jump, a key ...)
 *   - a key type or algorithm beyond libssh2 (ERR_UNSUPPORTED): RSA keys, certificates, -etm MACs, GCM ...
 *   - the server wants a person's prompts, or a master that a person logged in is still open
 * A refused key or a wrong host key changes nothing: another client would ask the same again. */
#ifndef SLUICE_EXEC_TRANSPORT_AUTO_H
#define SLUICE_EXEC_TRANSPORT_AUTO_H

#include "exec/ssh_options.h"
#include "exec/transport.h"

/* Connects to nothing yet. */
int transport_auto_new(const struct ssh_options *options, struct transport **out, struct err *err);

#endif
