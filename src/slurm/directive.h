/* #SBATCH lines: which options there are, and a grammar for each value.
 *
 * sbatch parses these lines itself: a blank in a value begins another option, a line feed another line, '#'
 * cuts, quotes group. So every value passes its option's grammar, none of which lets a double quote, a
 * backslash or a control byte through, and stands in double quotes. */
#ifndef SLUICE_SLURM_DIRECTIVE_H
#define SLUICE_SLURM_DIRECTIVE_H

#include "base/err.h"
#include "base/str.h"
#include "slurm/grammar.h"

/* 0 where value is one of that kind. -1 with ERR_INVALID and what was expected. */
int directive_check(enum directive_kind kind, struct span value, struct err *err);

/* Appends `#SBATCH --option="value"` and a line feed (a flag without value). -1 with ERR_INVALID on a value
 * that its grammar refuses, ERR_UNSUPPORTED on an option that is none of ours; nothing is appended then. */
int directive_add(struct str *script, const char *option, struct span value, struct err *err);

/* Whether users may set it under slurm.extra. -1 with ERR_INVALID on an unknown option and on one that the
 * gateway sets itself; the text names the config key to use where there is one. */
int directive_allow_extra(const char *option, struct err *err);

#endif
