/* The daemon: makes every service, ties them together, runs the loop. */
#ifndef SLUICE_DAEMON_H
#define SLUICE_DAEMON_H

#include "domain/daemon_config.h"

#define SLUICE_VERSION "0.1.0"

/* Serves until SIGINT or SIGTERM. Takes the configuration. Gives the exit status. */
int daemon_run(struct daemon_config *config_taken);

#endif
