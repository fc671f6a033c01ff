/* What sbatch's words mean when it did not give an id.
 *
 * Definite or not decides whether a second sbatch is safe: only a text of the table is a definite no; a
 * socket time-out, a signal and every unknown text are ambiguous (the job may exist) and lead to
 * reconciliation. Definite ones are permanent (nothing but another request helps) or transient. */
#ifndef SLUICE_SLURM_REFUSALS_H
#define SLUICE_SLURM_REFUSALS_H

#include "base/span.h"

#include <stdbool.h>

enum refusal_kind { REFUSAL_AMBIGUOUS, REFUSAL_PERMANENT, REFUSAL_TRANSIENT };

struct refusal {
    enum refusal_kind kind;
    const char *field;    /* the config key it points at ("slurm.partition"), or NULL */
    const char *sentence; /* for a person; static, never NULL */
    bool is_new;          /* sbatch ended by itself and said words that no row knows */
    struct span words;    /* sbatch's own line, into `text`, without "sbatch: error: "; may be empty */
};

/* rc is sbatch's exit status (124, 137: by our timeout), text its standard error. */
struct refusal refusal_read(int rc, struct span text);

#endif
