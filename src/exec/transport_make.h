/* The transport that a cluster's configuration asks for. */
#ifndef SLUICE_EXEC_TRANSPORT_MAKE_H
#define SLUICE_EXEC_TRANSPORT_MAKE_H

#include "exec/specs.h"

/* local without a host; else ssh (libssh2), openssh, or auto. -1 with ERR_UNSUPPORTED for what the backend
 * that was asked for cannot do. Connects to nothing. */
int transport_make(const struct cluster_config *cluster, const struct executor_deps *deps,
                   struct transport **out, struct err *err);

#endif
