/* Which project a folder belongs to. */
#ifndef SLUICE_CLI_PROJECT_HERE_H
#define SLUICE_CLI_PROJECT_HERE_H

#include "cli/ask.h"

/* Registers the folder (relative to the current one). 0 with the project's document, or an exit status
 * (told). */
int project_register(struct cli *cli, const char *path, const char *name, struct answer *answer);

/* The registered project that holds the current folder, the innermost of several. A folder with an
 * .mlops-config.yaml that is not registered is registered first, and that is said. *name is the caller's.
 * 0, or an exit status (told). */
int project_here(struct cli *cli, char **name);

#endif
