/* This machine as a transport: each run is a child /bin/sh with the same command line, program and frame as
 * over SSH. At most max_children at a time, the rest waits. */
#ifndef SLUICE_EXEC_TRANSPORT_LOCAL_H
#define SLUICE_EXEC_TRANSPORT_LOCAL_H

#include "base/clock.h"
#include "exec/transport.h"
#include "io/loop.h"

struct local_options { /* all borrowed; must outlive the transport */
    struct loop *loop;
    const struct clock *clock;
    unsigned max_children; /* 0: 4 */
    bool use_login_shell;
    const char *const *env; /* whole list, NULL at the end; NULL: ours */
};

struct transport *transport_local_new(const struct local_options *options); /* never NULL */

#endif
