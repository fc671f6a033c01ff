/* One channel of a session: opened (perhaps in advance), given one run, drained, closed. Steps never wait;
 * the owner calls them whenever anything may have changed, until a whole pass brings nothing.
 *
 * sshd gives a channel no window before its command was started: a program that follows the exec request
 * costs two round trips. So a spare channel starts its shell at once; the shell waits for a program, and a
 * run costs one round trip and neither sshd's fork nor the login shell. What the login shell says meanwhile
 * is kept for the run.
 *
 * A run is over when its END mark is in; the channel then closes by itself, behind it. */
#ifndef SLUICE_EXEC_SSH_CHAN_H
#define SLUICE_EXEC_SSH_CHAN_H

#include "exec/run.h"
#include "exec/ssh_conn.h"
#include "io/feed.h"

enum ssh_chan_state { CHAN_OPENING, CHAN_SPARE, CHAN_TALKING, CHAN_CLOSING, CHAN_GONE };
enum ssh_chan_event {
    CHAN_NOTHING,
    CHAN_MOVED,   /* progress */
    CHAN_DIED,    /* the shell of a spare one did not wait (or was denied); the channel closes */
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
    struct str early; /* what it said so far */
    struct ssh_run *run;
    struct feed *feed;
    size_t sent; /* of the run's input */
    bool has_sent_exec, has_exec_answer, has_sent_all, has_sent_eof;
    bool has_begun;     /* bytes of the program were handed over */
    bool may_run;       /* its last byte was: from here on nobody knows */
    int64_t closing_ms; /* since when */
};

struct ssh_chan *ssh_chan_new(struct ssh_conn *conn, bool use_login_shell, bool is_early);
/* After the session is gone (its channels with it), or once CHAN_GONE. */
void ssh_chan_free(struct ssh_chan *chan);
/* Spare only. wake runs when the stream's next bytes are there. */
void ssh_chan_give(struct ssh_chan *chan, struct ssh_run *run, struct loop *loop, loop_fn *wake, void *ctx);
void ssh_chan_close(struct ssh_chan *chan, int64_t now_ms); /* the run, if any, was taken off before */
enum ssh_chan_event ssh_chan_step(struct ssh_chan *chan, struct err *err);

#endif
