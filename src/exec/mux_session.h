/* One session on a master's control socket, its descriptors ours: a shell that waits for a program, maybe in
 * advance, and is given one run after the other. Events come from the loop, never from inside a call, and the
 * owner may free the session in any of them.
 *
 * A program is written at once; of a session that is not open yet the master sends it behind the exec
 * request. A run is over when its END mark is in. The session rests until the shell has said that it is free,
 * and waits again (exec/run_shell.h); where it takes one run only, behind a run with a stream, and after
 * anything odd, it closes by itself, and holds its slot until then. */
#ifndef SLUICE_EXEC_MUX_SESSION_H
#define SLUICE_EXEC_MUX_SESSION_H

#include "exec/run_shell.h"
#include "io/loop.h"

enum mux_event {
    MUX_RUN_ENDED, /* judge the answer; err says what is odd about the end, if anything */
    MUX_RUN_LOST,  /* the master is gone; mux_session_may_run tells whether it may have run */
    MUX_REFUSED,   /* no session is to be had now, and certainly nothing ran; with a run or without */
    MUX_DIED,      /* its shell did not wait for a run */
    MUX_FREE,      /* it waits again, or closes */
    MUX_IDLE,      /* it waits again for a while now: once */
    MUX_CLOSED     /* the slot is free: mux_session_free */
};

struct mux_session;
/* run: the one it is about, off the session by now; NULL: none. */
typedef void mux_event_fn(void *ctx, struct mux_session *session, struct run *run, enum mux_event event,
                          const struct err *err);

struct mux_session_owner {
    void *ctx;
    struct loop *loop;
    mux_event_fn *event;
};
struct mux_session_way {
    const char *path; /* of the master's socket */
    bool use_login_shell, takes_many;
};
/* -1: nothing was sent. */
int mux_session_new(const struct mux_session_way *way, const struct mux_session_owner *owner,
                    struct mux_session **out, struct err *err);
void mux_session_free(struct mux_session *session);
bool mux_session_is_waiting(const struct mux_session *session); /* for a run */
bool mux_session_is_resting(const struct mux_session *session);
bool mux_session_is_fresh(const struct mux_session *session); /* had no run yet */
/* Waiting only. run is borrowed until an event about it, or mux_session_drop. -1: nothing of it was handed
 * over, it is not the session's, and MUX_DIED or MUX_REFUSED follows. */
int mux_session_give(struct mux_session *session, struct run *run);
void mux_session_close(struct mux_session *session); /* waiting only; MUX_CLOSED follows */
/* Takes the run off and hangs up; what the remote side still does, nobody reads. MUX_CLOSED follows. */
void mux_session_drop(struct mux_session *session);
bool mux_session_may_run(const struct mux_session *session); /* the program's last byte was written */

#endif
