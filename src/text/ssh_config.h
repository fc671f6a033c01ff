/* As much of ssh_config as tells whether the system's file says anything about where a connection goes and
 * with what: only then is OpenSSH's client asked (`ssh -G`), which knows the whole language. Pure. */
#ifndef SLUICE_TEXT_SSH_CONFIG_H
#define SLUICE_TEXT_SSH_CONFIG_H

#include "base/span.h"

#define SSH_CONFIG_PARTS "/etc/ssh/ssh_config.d"

/* The next line that is no comment: its keyword, and its arguments as they stand ("a b", quotes and all).
 * False: there is none. As OpenSSH reads it: blanks around, and one '=' with blanks between the two. */
bool ssh_config_next(struct span *text, struct span *keyword, struct span *arguments);

/* True where a block names hosts, or where a keyword stands that changes host, user, port, keys or way.
 * Distributions' own files (`Host *`, SendEnv, Include of SSH_CONFIG_PARTS, where the caller looks itself)
 * say nothing of the kind. */
bool ssh_config_matters(struct span text);

#endif
