/* One channel of a session: opened (perhaps in advance), given one run after the other, closed. Steps never
 * wait; the owner calls them whenever anything may have changed, until a whole pass brings nothing.
 *
 * sshd gives a channel no window before its command was started: a program that follows the exec request
 * costs two round trips. So a spare channel starts its shell at once; the shell waits for a program, and a
 * run costs one round trip and neither sshd's fork nor the login shell. What the login shell says meanwhile
 * is kept for the run.
 *
 * A run is over when its END mark is in. Its channel rests until the shell has said that it is free, and is
 * spare again (exec/run_shell.h); behind a run with a stream, and after anything odd, it closes by itself. */
#ifndef SLUICE_EXEC_SSH_CHAN_H
#define SLUICE_EXEC_SSH_CHAN_H

#include "exec/run_shell.h"
#include "exec/ssh_conn.h"
#include "io/feed.h"

enum ssh_chan_state { CHAN_OPENING, CHAN_SPARE, CHAN_TALKING, CHAN_RESTING, CHAN_CLOSING, CHAN_GONE };
enum ssh_chan_event {
    CHAN_NOTHING,
    CHAN_MOVED,   /* progress */
    CHAN_DIED,    /* the shell did not wait for a run (or was denied, or is odd); the channel closes */
    CHAN_ENDED,   /* the run is over: judge the answer; err says what is odd about the end, if anything */
    CHAN_REFUSED, /* the server gives no more channels now */
    CHAN_BROKEN   /* the session is lost: err */
};

struct ssh_run {
    struct run run; /* first */
    void *owner;
    struct ssh_chan *chan; /* NULL while queued */
    struct loop_timer *deadline;
};

struct ssh_chan {
    struct ssh_chan *prev, *next; /* utlist */
    struct ssh_conn *conn;
    LIBSSH2_CHANNEL *channel; /* NULL until open */
    enum ssh_chan_state state;
    struct nonce nonce; /* of the command line */
    struct str exec;
    bool is_early;    /* starts its shell while it is spare */
    struct str early; /* what it said before its first run */
    struct run_shell shell;
    struct ssh_run *run;
    struct feed *feed;
    bool has_sent_exec, has_exec_answer;
    struct {
        size_t bytes;   /* of the run's input */
        bool has_begun; /* bytes of the program were handed over */
        bool may_run;   /* its last byte was: from here on nobody knows */
        bool is_all, is_ended;
    } sent;           /* of the run it has or had last */
    int64_t since_ms; /* spare, resting or closing */
};

struct ssh_chan *ssh_chan_new(struct ssh_conn *conn, bool use_login_shell, bool is_early, int64_t now_ms);
/* After the session is gone (its channels with it), or once CHAN_GONE. */
void ssh_chan_free(struct ssh_chan *chan);
/* Spare only. wake runs when the stream's next bytes are there. */
void ssh_chan_give(struct ssh_chan *chan, struct ssh_run *run, struct loop *loop, loop_fn *wake, void *ctx);
/* These two take no run along: it is taken off before or after. */
void ssh_chan_rest(struct ssh_chan *chan, int64_t now_ms); /* after a run that ended well, see run_shell.h */
void ssh_chan_close(struct ssh_chan *chan, int64_t now_ms);
enum ssh_chan_event ssh_chan_step(struct ssh_chan *chan, int64_t now_ms, struct err *err);

#endif
