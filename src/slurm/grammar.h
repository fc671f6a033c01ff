/* The grammars behind directive.h, one per kind of value. */
#ifndef SLUICE_SLURM_GRAMMAR_H
#define SLUICE_SLURM_GRAMMAR_H

#include "slurm/directive.h"

/* NULL where value is of that kind, else what is expected, for a message. No grammar lets a control byte, a
 * double quote or a backslash through. */
const char *grammar_refuses(enum directive_kind kind, struct span value);

#endif
