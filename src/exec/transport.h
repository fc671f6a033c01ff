/* A transport runs a POSIX shell program on some machine, bytes in and framed bytes out, and can be
 * cancelled.
 *
 * The remote login shell sees one constant string (text/frame.h); the program goes over stdin and runs whole
 * or not at all. Answers are framed by a random nonce: noise of rc files cannot be taken for data, and an
 * answer without its END is no information. `done` runs exactly once per accepted run, from the loop, also on
 * cancel and loss, and never before transport_run returned. */
#ifndef SLUICE_EXEC_TRANSPORT_H
#define SLUICE_EXEC_TRANSPORT_H

#include "base/err.h"
#include "base/span.h"
#include "base/token.h"
#include "text/frame.h"

enum run_end {
    RUN_DONE,     /* the frame is whole; frame.rc is the program's own status */
    RUN_NOT_SENT, /* certainly nothing ran: no connection, or the marker never left */
    RUN_CUT,      /* sent, in part or whole, and no whole answer: nothing is known */
    RUN_TIMEOUT,  /* like RUN_CUT, by our own deadline */
    RUN_CANCELLED
};

struct run_request {
    const char *what;    /* one word for logs and counters: "tick", "submit" */
    struct nonce nonce;  /* the caller made the program with it (frame_section_open ...) */
    struct span program; /* sh text; copied */
    int stream_fd; /* -1, or a file whose stream_bytes follow the program (owned by the run from here on) */
    uint64_t stream_bytes;
    int64_t timeout_ms; /* wall clock over the whole run, queueing for a channel included */
    size_t max_output_bytes;
    bool urgent;      /* a person waits: goes before what is queued, and is not held back by the budget */
    bool wants_login; /* asks what a login says: not in a shell that another program had before */
};

struct run_result {
    enum run_end end;
    struct frame frame;   /* sections; spans into the answer, valid during the callback */
    struct span err_text; /* what came on stderr outside the frame, cut */
    struct span noise;    /* what stood before the frame: a login shell that talks */
    struct err err;       /* set unless RUN_DONE */
    int64_t elapsed_us;
};

typedef void run_done(void *ctx, const struct run_result *result);

struct run;
struct transport;

/* How the connection stands, for /clusters and /readyz. Text is borrowed until the next call. */
enum link_state { LINK_IDLE, LINK_CONNECTING, LINK_UP, LINK_BACKOFF, LINK_NEEDS_LOGIN, LINK_REFUSED };
struct transport_status {
    enum link_state state;
    const char *backend; /* "local", "libssh2", "openssh" */
    const char *why;     /* of the backend, where it was not the first choice; else NULL */
    const char *prompt;  /* what the login asks a person now, NULL nothing */
    const char *error;   /* last one, NULL none */
    enum err_code error_code;
    int64_t since_us, next_try_us; /* monotonic; 0 none. Up: since the login, also one of before our time */
    int64_t latency_us;            /* of the last whole run, 0 none */
    uint64_t logins, commands, login_failures;
    unsigned logins_hour; /* of the last hour */
    unsigned
        channel_limit; /* commands at a time that the server allows, as far as learned; 0 no limit known */
    unsigned channels, queued;
    unsigned waiting; /* shells that stand ready for the next command; they count for the limit, too */
};

struct transport_ops {
    const char *name; /* "local", "ssh", "openssh" */
    int (*run)(struct transport *t, const struct run_request *request, run_done *done, void *ctx,
               struct run **out, struct err *err);
    void (*cancel)(struct transport *t, struct run *run);
    void (*status)(const struct transport *t, struct transport_status *out);
    void (*reconnect)(struct transport *t); /* a person asked: forget back-off and refusals */
    /* A person is here: a login whose prompts go to transport_status, or (answer) the answer to the prompt.
     */
    int (*login)(struct transport *t, const char *answer, struct err *err); /* NULL: as reconnect */
    void (*free)(struct transport *t); /* cancels what is under way, then the callbacks have run */
};

/* The first member of every transport. */
struct transport {
    const struct transport_ops *ops;
};

/* Queues a run. 0, or -1 (done will not be called): ERR_BUSY past the queue's limit, ERR_TOO_LARGE. *out may
 * be NULL; else the handle is valid until done has run. */
int transport_run(struct transport *t, const struct run_request *request, run_done *done, void *ctx,
                  struct run **out, struct err *err);
void transport_cancel(struct transport *t, struct run *run);
void transport_status(const struct transport *t, struct transport_status *out);
void transport_reconnect(struct transport *t);
/* answer NULL: begins a login, or does nothing where one is under way or the connection stands. -1 with
 * ERR_CONFLICT for an answer that nothing asked for. How it goes: transport_status. */
int transport_login(struct transport *t, const char *answer, struct err *err);
void transport_free(struct transport *t);

#endif
