/* Why a job waits: Slurm's reason word -> a sentence that a person can act on. */
#ifndef SLUICE_SLURM_REASONS_H
#define SLUICE_SLURM_REASONS_H

#include "base/span.h"
#include "base/str.h"

struct reason {
    const char *sentence; /* static; NULL where the word is not known: show Slurm's own text */
    const char *field;    /* the config key to change, or NULL */
    bool never_runs;      /* as things are it will never start: say so at once */
    bool tells_end;       /* of an ended job it is why; others there are what it waited for last */
};

/* Reads squeue's %r ("Resources", "(QOSMaxGRESPerUser)", free text). "None" and "" give nothing. */
struct reason reason_read(struct span word);

/* The sentence for a job's `why`: ours, or Slurm's own text cleaned of control bytes. Nothing for none. */
void reason_add_sentence(struct str *to, struct span word);

#endif
