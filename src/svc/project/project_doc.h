/* A project as JSON: its row, its git state, its configuration file and what is wrong with them. */
#ifndef SLUICE_SVC_PROJECT_PROJECT_DOC_H
#define SLUICE_SVC_PROJECT_PROJECT_DOC_H

#include "store/misc_store.h"
#include "svc/project/git.h"

/* Reads the file. git: NULL unknown; problem: of the folder or its git, NULL none. */
void project_doc(const struct project_row *row, const struct git_state *git, const struct err *problem,
                 struct str *text);

#endif
