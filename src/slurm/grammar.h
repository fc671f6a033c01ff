/* The grammars behind directive.h, one per kind of value. */
#ifndef SLUICE_SLURM_GRAMMAR_H
#define SLUICE_SLURM_GRAMMAR_H

#include "base/span.h"

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

/* NULL where value is of that kind, else what is expected, for a message. No grammar lets a control byte, a
 * double quote or a backslash through. */
const char *grammar_refuses(enum directive_kind kind, struct span value);

#endif
