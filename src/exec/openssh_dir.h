/* The folder of one master below the control folder: socket `s`, `log`, askpass and its questions. The path
 * is short (a socket's name has 108 bytes), and the same after a restart: a master is found again. */
#ifndef SLUICE_EXEC_OPENSSH_DIR_H
#define SLUICE_EXEC_OPENSSH_DIR_H

#include "base/str.h"
#include "exec/ssh_settings.h"

/* <control_dir>/<hash of who and where>, 0700 and ours; where that is too long, below /tmp. */
int openssh_dir_make(const struct ssh_settings *set, struct str *out, struct err *err);

#endif
