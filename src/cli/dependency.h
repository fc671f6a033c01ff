/* --dependency: jobs by the gateway's own numbers, as everywhere on the command line, become the scheduler's.
 */
#ifndef SLUICE_CLI_DEPENDENCY_H
#define SLUICE_CLI_DEPENDENCY_H

#include "cli/ask.h"

/* "afterok:12:13,singleton" with each job's number on its cluster appended to *to. cluster: where the new job
 * goes, NULL not said. 0, or an exit status (told): there is no such job, it is on another cluster, or the
 * scheduler has not given it a number yet. */
int dependency_translate(struct cli *cli, const char *text, const char *cluster, struct str *to);

#endif
