/* A project folder's .mlops-config.yaml. */
#ifndef SLUICE_SVC_PROJECT_PROJECT_FILE_H
#define SLUICE_SVC_PROJECT_PROJECT_FILE_H

#include "domain/project.h"

/* Reads and checks the file; a folder without one is a project of defaults. -1 with every error of the file.
 */
int project_file_read(const char *folder, struct project_config **out, struct errs *errs);

#endif
