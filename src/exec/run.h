/* What every transport needs of a run: its command line and stdin made, its answer collected and judged, its
 * callback called once. A transport embeds it as the first member of its own struct. For transports alone. */
#ifndef SLUICE_EXEC_RUN_H
#define SLUICE_EXEC_RUN_H

#include "base/clock.h"
#include "base/str.h"
#include "exec/transport.h"

enum { MAX_RUNS_QUEUED = 4096 };

struct run {
    struct run *prev, *next; /* in a queue (utlist) */
    char what[32];
    struct nonce nonce; /* of the answer; the command line has one of its own */
    struct str exec, input;
    int stream_fd; /* -1 none, or given away */
    uint64_t stream_bytes;
    int64_t timeout_ms, start_us;
    bool urgent, cancelled, wants_login;
    bool is_shared;           /* leaves its shell to the next one: no end of stdin goes behind it */
    struct str out, err_text; /* err_text holds only its first max bytes */
    size_t scanned;           /* of out, for the END mark */
    const struct clock *clock;
    run_done *done;
    void *ctx;
};

struct run_place {
    bool use_login_shell;
    bool shares_shells; /* the transport has shells that take one program after the other (run_shell.h) */
};

/* Closes request->stream_fd on failure too. */
int run_init(struct run *run, const struct run_request *request, const struct run_place *place,
             const struct clock *clock, struct err *err);
void run_clear(struct run *run);

/* False where the answer passes its ceiling. */
bool run_add_output(struct run *run, struct span bytes);
void run_add_error(struct run *run, struct span bytes);
bool run_has_answer(struct run *run); /* the END mark is in; costs only what is new */

void run_restart(struct run *run); /* on another channel: what it heard on this one is void */

/* Calls done. RUN_DONE and RUN_CUT are decided here by the frame where end is RUN_DONE; err (may be NULL)
 * says why there is none. */
void run_finish(struct run *run, enum run_end end, const struct err *err);

/* The test build's crash points of what is being sent: K7 for a submission, K4 for a tree; else "". */
const char *run_crash_name(const struct run *run);

/* Urgent ones go before all that are not. */
void run_queue_add(struct run **queue, struct run *run);
void run_queue_remove(struct run **queue, struct run *run);

#endif
