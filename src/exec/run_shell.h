/* What a backend knows of a shell that takes one program after the other (frame_input_shared): whose output
 * this is, when the next may be given, when it has had enough of them. A run is over at its END mark as ever,
 * its shell is free only when both streams have said NEXT: so nothing of one run is taken for another's.
 * Pure.
 *
 * Whatever is odd (a timeout, a cancel, a cut, bytes that belong to no run, the end of the shell) ends the
 * shell with its channel: is_odd. A program with a stream behind it does, too: it needs the end of stdin. */
#ifndef SLUICE_EXEC_RUN_SHELL_H
#define SLUICE_EXEC_RUN_SHELL_H

#include "exec/run.h"

enum {
    RUN_SHELLS_KEPT = 2,      /* of those that wait: one for what comes while the other has a run, */
    RUN_SHELL_IDLE_MS = 5000, /* and after a rush the others, too, for so long */
    RUN_SHELL_REST_MS = 1000, /* from a run's END to the shell's NEXT, at the most */
    RUN_SHELL_LINGER_MS =
        5000 /* a shell that does not end when told to is no longer counted as one of ours */
};

enum run_shell_stream { RUN_SHELL_OUT, RUN_SHELL_ERR, RUN_SHELL_STREAMS };

struct run_shell {
    struct frame_next next[RUN_SHELL_STREAMS]; /* of the last run given */
    unsigned given;                            /* programs, so far */
    int64_t since_ms;                          /* of its start */
};

/* Before the run's first byte goes. */
void run_shell_give(struct run_shell *shell, const struct run *run);
/* What a stream brought, with run or (when that is over) without; -1 where the answer passes its ceiling. */
int run_shell_add(struct run_shell *shell, enum run_shell_stream stream, struct run *run, struct span bytes,
                  struct err *err);
/* The program it was given is over, and all that it said is in. */
bool run_shell_is_over(const struct run_shell *shell);
bool run_shell_is_odd(const struct run_shell *shell); /* it said something behind that */
/* Says of a run that is over without its END what can be said. */
void run_shell_why(const struct run_shell *shell, const struct run *run, struct err *err);
/* It may have another: it is no older than rc files and a site's limits let one wish. */
bool run_shell_may_go_on(const struct run_shell *shell, int64_t now_ms);

#endif
