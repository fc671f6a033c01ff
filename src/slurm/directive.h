/* #SBATCH lines: which options there are, and a grammar for each value.
 *
 * sbatch parses these lines itself: a blank in a value begins another option, a line feed another line, '#'
 * cuts, quotes group. So every value passes its option's grammar, none of which lets a double quote, a
 * backslash or a control byte through, and stands in double quotes. */
#ifndef SLUICE_SLURM_DIRECTIVE_H
#define SLUICE_SLURM_DIRECTIVE_H

#include "base/err.h"
#include "base/str.h"

enum directive_kind {
    DIRECTIVE_TEXT,  /* printable UTF-8, at most MAX_NAME_BYTES: job-name, comment */
    DIRECTIVE_NAME,  /* [A-Za-z0-9_.,+-]: partition, account, qos, reservation */
    DIRECTIVE_TIME,  /* minutes, MM:SS, HH:MM:SS, D-HH[:MM[:SS]], UNLIMITED */
    DIRECTIVE_MEM,   /* 64G, 512M, 0 */
    DIRECTIVE_COUNT, /* 1.. */
    DIRECTIVE_RANGE, /* 2, 2-4 */
    DIRECTIVE_NODELIST,
    DIRECTIVE_CONSTRAINT, /* a100&nvlink, [rack1|rack2], gpu*2 */
    DIRECTIVE_GRES,       /* gpu:a100:2,shard:1; also the value of --gpus: a100:2 or 2 */
    DIRECTIVE_DEPENDENCY, /* afterok:27:28_3,singleton */
    DIRECTIVE_LICENSES,   /* matlab@db:2 */
    DIRECTIVE_ARRAY,      /* 0-15%4, 1,3,5-9:2 */
    DIRECTIVE_BEGIN,      /* now+1hour, 2026-11-20T18:00, 16:00 */
    DIRECTIVE_SIGNAL,     /* B:USR2@180 */
    DIRECTIVE_NICE,       /* -2147483645.. 2147483645 */
    DIRECTIVE_PATH,       /* absolute; '%' only as %j %A %a %x %u and %% */
    DIRECTIVE_WORD,       /* [A-Za-z0-9_.,:=+-]: closed vocabularies of Slurm */
    DIRECTIVE_FLAG,       /* no value */
};

/* 0 where value is one of that kind. -1 with ERR_INVALID and what was expected. */
int directive_check(enum directive_kind kind, struct span value, struct err *err);

/* Appends `#SBATCH --option="value"` and a line feed (a flag without value). -1 with ERR_INVALID on a value
 * that its grammar refuses, ERR_UNSUPPORTED on an option that is none of ours; nothing is appended then. */
int directive_add(struct str *script, const char *option, struct span value, struct err *err);

/* Whether users may set it under slurm.extra. -1 with ERR_INVALID on an unknown option, ERR_DENIED on one
 * that the gateway sets itself; the text names the config key to use where there is one. */
int directive_allow_extra(const char *option, struct err *err);

#endif
