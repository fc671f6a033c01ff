/* The configuration in force: sluice.yaml and clusters.yaml, read at start and on SIGHUP. A bad file is
 * refused whole and the old one stays in force; the refusal is kept for /readyz. */
#ifndef SLUICE_SVC_SETTINGS_H
#define SLUICE_SVC_SETTINGS_H

#include "base/str.h"
#include "domain/cluster.h"
#include "domain/daemon_config.h"
#include "text/errs.h"

struct settings;

/* Takes the daemon's configuration (already layered from file, environment and flags). */
struct settings *settings_new_take(struct daemon_config *config);
void settings_free(struct settings *settings);
/* Reads the clusters file (none configured: one cluster `local`). 0, or -1 with every error of the file. */
int settings_load(struct settings *settings, struct errs *errs);
const struct daemon_config *settings_daemon(const struct settings *settings);
const struct clusters_config *settings_clusters(const struct settings *settings);
/* The last refused reload in words, or NULL. */
const char *settings_problem(const struct settings *settings);

#endif
