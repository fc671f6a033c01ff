/* What POST /jobs:render and a dry run answer, for people. */
#ifndef SLUICE_CLI_PREVIEW_VIEW_H
#define SLUICE_CLI_PREVIEW_VIEW_H

#include "cli/verb.h"
#include "text/doc.h"

/* The script; on a terminal, or where asked for, with the origin of each line beside it. */
void preview_view_script(struct cli *cli, const struct doc *preview, bool with_origins);
/* Warnings, and what the scheduler said to a dry run, on stderr. False where it refused. */
bool preview_view_verdict(struct cli *cli, const struct doc *preview);

#endif
