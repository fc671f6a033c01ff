/* What the look program of the process scheduler answers: one line per job that was asked about, and the
 * machine. Pure; points into the parsed text.
 *
 * A job's line is words separated by single blanks, "-" for what is not known:
 *   token word code signal started ended how gpus reason
 * A GPU's line is nvidia-smi's CSV: index, uuid, name, memory. */
#ifndef SLUICE_EXEC_PROCESS_ROWS_H
#define SLUICE_EXEC_PROCESS_ROWS_H

#include "base/err.h"
#include "base/span.h"

enum process_word {
    PROCESS_ABSENT,    /* no run directory, or a submission that never ended: nothing was accepted */
    PROCESS_QUEUED,    /* accepted, nobody has it */
    PROCESS_UNBORN,    /* its supervisor died before the payload could run: as good as queued */
    PROCESS_RUNNING,   /* also: claimed and about to run */
    PROCESS_ENDED,     /* there is an exit file */
    PROCESS_CANCELLED, /* closed before it ran, or ended by a cancel after its supervisor was killed */
    PROCESS_LOST,      /* ran, runs no more, and nobody saw how it ended */
    PROCESS_WORD_COUNT
};

struct process_row {
    struct span token;
    enum process_word word;
    int64_t code, signal, started_s, ended_s; /* SEEN_ABSENT unknown */
    struct span how;                          /* exited, timeout, cancelled */
    struct span gpus;                         /* "0,2": held while running */
    struct span reason;                       /* LOST: reboot, killed */
};

struct process_gpu {
    struct span index, uuid, name;
    int64_t mem_mb;
};

/* False on a line that is none of ours: it says nothing. */
bool process_row_parse(struct span line, struct process_row *row);
bool process_gpu_parse(struct span line, struct process_gpu *gpu);

#endif
