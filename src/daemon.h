/* The daemon: makes every service, ties them together, runs the loop. */
#ifndef SLUICE_DAEMON_H
#define SLUICE_DAEMON_H

#include "domain/daemon_config.h"

#define SLUICE_VERSION "0.1.0"

/* Serves until SIGINT or SIGTERM; SIGHUP reads source again. Gives the exit status: 2 where the configuration
 * is wrong, 1 where it cannot run. */
int daemon_run(const struct daemon_source *source);

#endif
