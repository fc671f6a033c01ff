#include "exec/mux_session.h"

#include "base/mem.h"
#include "exec/mux_socket.h"
#include "io/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024, MAX_READS = 16, MAX_EXEC_BYTES = 4096 };

/* RESTING: the run is over and was told, its shell is not free yet. DYING: refused, or its shell has ended
 * while it waited, and the owner has still to hear it. */
enum session_state { SESSION_WAITING, SESSION_TALKING, SESSION_RESTING, SESSION_DYING, SESSION_CLOSING };

struct mux_session {
    struct loop *loop;
    enum session_state state;
    struct nonce nonce; /* of the command line */
    struct mux_socket control;
    int in, out, err; /* our ends; -1 closed */
    struct loop_watch *watch_control, *watch_in, *watch_out, *watch_err;
    struct loop_timer *timer;           /* idle, resting or closing too long */
    bool is_open, has_exit, is_refused; /* as the master said */
    bool takes_many;
    struct run_shell shell;
    struct run *run;
    struct feed *feed;
    size_t sent; /* of the run's input */
    bool may_run;
    struct err why; /* of a refusal, or of a control socket that closed */
    mux_event_fn *event;
    void *ctx;
};

static void close_end(int *fd, struct loop_watch **watch)
{
    loop_watch_free(*watch);
    *watch = NULL;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_control(struct mux_session *s)
{
    loop_watch_free(s->watch_control);
    s->watch_control = NULL;
    mux_socket_close(&s->control);
}

void mux_session_free(struct mux_session *s)
{
    if (!s)
        return;
    close_end(&s->in, &s->watch_in);
    close_end(&s->out, &s->watch_out);
    close_end(&s->err, &s->watch_err);
    close_control(s);
    feed_free(s->feed);
    loop_timer_free(s->timer);
    loop_defer_drop(s->loop, s);
    free(s);
}

bool mux_session_may_run(const struct mux_session *s)
{
    return s->may_run;
}

bool mux_session_is_waiting(const struct mux_session *s)
{
    return s->state == SESSION_WAITING;
}

bool mux_session_is_resting(const struct mux_session *s)
{
    return s->state == SESSION_RESTING;
}

bool mux_session_is_fresh(const struct mux_session *s)
{
    return !s->shell.given;
}

/* --- the end --- */

static void on_closed(void *ctx)
{
    struct mux_session *s = ctx;
    s->event(s->ctx, s, NULL, MUX_CLOSED, NULL);
}

/* Output that nobody waits for is not read; the control socket tells when the remote side has ended. */
static void let_go(struct mux_session *s)
{
    s->run = NULL;
    s->state = SESSION_CLOSING;
    feed_free(s->feed);
    s->feed = NULL;
    close_end(&s->in, &s->watch_in);
    close_end(&s->out, &s->watch_out);
    close_end(&s->err, &s->watch_err);
    loop_timer_stop(s->timer);
    if (s->control.fd >= 0)
        loop_timer_start(s->timer, RUN_SHELL_LINGER_MS);
    else
        loop_defer(s->loop, on_closed, s);
}

void mux_session_close(struct mux_session *s)
{
    let_go(s); /* the shell finds its stdin at its end */
}

void mux_session_drop(struct mux_session *s)
{
    close_control(s); /* the master then closes the session's channel */
    let_go(s);
}

static void end(struct mux_session *s, enum mux_event event, const struct err *err)
{
    struct run *run = s->run;
    if (event != MUX_RUN_ENDED)
        close_control(s);
    let_go(s);
    s->event(s->ctx, s, run, event, err);
}

static void on_timer(void *ctx)
{
    struct mux_session *s = ctx;
    if (s->state == SESSION_RESTING)
        end(s, MUX_DIED, NULL);
    else
        s->event(s->ctx, s, NULL, s->state == SESSION_WAITING ? MUX_IDLE : MUX_CLOSED, NULL);
}

/* Behind a run that ended well: up to both NEXT marks all is that run's, then the shell waits again. */
static void rest(struct mux_session *s)
{
    s->run = NULL;
    s->state = SESSION_RESTING;
    if (!run_shell_is_over(&s->shell)) {
        loop_timer_start(s->timer, RUN_SHELL_REST_MS);
    } else if (!run_shell_may_go_on(&s->shell, loop_now_ms(s->loop))) {
        let_go(s);
    } else {
        s->state = SESSION_WAITING;
        loop_timer_start(s->timer, RUN_SHELL_IDLE_MS);
    }
}

static void end_well(struct mux_session *s)
{
    struct run *run = s->run;
    bool is_whole = s->in >= 0 && s->out >= 0 && s->err >= 0 && s->sent == run->input.len;
    if (s->takes_many && run->is_shared && is_whole)
        rest(s);
    else
        let_go(s);
    s->event(s->ctx, s, run, MUX_RUN_ENDED, NULL);
}

/* --- output --- */

/* True while there may be more; false at the end of the stream. */
static bool read_end(struct mux_session *s, enum run_shell_stream stream, struct err *err)
{
    char buf[READ_BYTES];
    int fd = stream == RUN_SHELL_OUT ? s->out : s->err;
    for (int i = 0; i < MAX_READS; i++) {
        ssize_t n = read(fd, buf, sizeof(buf));
        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EINTR);
        if (run_shell_add(&s->shell, stream, s->run, (struct span){ buf, (size_t)n }, err) < 0 ||
            n < READ_BYTES)
            return true;
    }
    return true;
}

static void read_out(struct mux_session *s, struct err *err)
{
    if (s->out >= 0 && !read_end(s, RUN_SHELL_OUT, err))
        close_end(&s->out, &s->watch_out);
}

static void read_errors(struct mux_session *s)
{
    if (s->err >= 0 && !read_end(s, RUN_SHELL_ERR, NULL))
        close_end(&s->err, &s->watch_err);
}

static bool read_control(struct mux_session *s);

static void judge_run(struct mux_session *s)
{
    struct err err = { 0 };
    bool is_well = run_has_answer(s->run);
    bool is_over = s->run->is_shared && run_shell_is_over(&s->shell);
    if (s->out >= 0 && !is_well && !is_over)
        return;
    /* a refused session closes its descriptors too: what the master said about it comes first */
    if (s->out < 0 && !s->is_open && (read_control(s) || !s->is_open))
        return;
    read_errors(s);
    if (is_well) {
        end_well(s);
        return;
    }
    err_set(&err, ERR_IO, "%s ended without its end mark: %.300s", s->run->what, str_text(&s->run->err_text));
    end(s, MUX_RUN_ENDED, &err);
}

/* Without a run: of the last one, or of nobody. */
static void judge_shell(struct mux_session *s)
{
    if (run_shell_is_odd(&s->shell) || s->out < 0 || s->err < 0) {
        end(s, MUX_DIED, NULL);
    } else if (s->state == SESSION_RESTING && run_shell_is_over(&s->shell)) {
        rest(s);
        s->event(s->ctx, s, NULL, MUX_FREE, NULL);
    }
}

static void judge(struct mux_session *s)
{
    if (s->run)
        judge_run(s);
    else if (s->state == SESSION_RESTING || s->state == SESSION_WAITING)
        judge_shell(s);
}

static void on_error_text(void *ctx, unsigned events)
{
    (void)events;
    struct mux_session *s = ctx;
    read_errors(s);
    judge(s);
}

static void on_output(void *ctx, unsigned events)
{
    (void)events;
    struct mux_session *s = ctx;
    struct err err = { 0 };
    read_out(s, &err);
    if (err.code != ERR_NONE)
        end(s, MUX_RUN_ENDED, &err);
    else
        judge(s);
}

/* --- input --- */

static void on_room(void *ctx, unsigned events);

static void on_feed(void *ctx)
{
    on_room(ctx, LOOP_WRITE);
}

static struct span next_input(struct mux_session *s)
{
    struct run *run = s->run;
    if (s->sent < run->input.len)
        return span_skip(str_span(&run->input), s->sent);
    if (s->is_open && run->stream_fd >= 0 && run->stream_bytes)
        s->feed = feed_new(s->loop, move_fd(run->stream_fd), run->stream_bytes, on_feed, s);
    return s->feed ? feed_chunk(s->feed) : (struct span){ "", 0 };
}

static void took(struct mux_session *s, size_t bytes)
{
    if (s->sent < s->run->input.len) {
        s->sent += bytes;
        s->may_run = s->sent == s->run->input.len;
    } else {
        feed_take(s->feed, bytes);
    }
}

/* A stream that cannot be read to its end is hung up on: the program checks what it was given. */
static bool is_input_over(const struct mux_session *s)
{
    if (!s->feed && s->run->stream_fd >= 0 && s->run->stream_bytes)
        return false; /* a refused session must not have used up the stream */
    return !s->feed || feed_is_done(s->feed) || feed_check(s->feed, NULL) < 0;
}

/* A run that leaves its shell to the next one leaves the stream open, too. */
static void end_input(struct mux_session *s)
{
    if (s->run->is_shared && s->takes_many)
        loop_watch_set(s->watch_in, 0);
    else
        close_end(&s->in, &s->watch_in);
}

static void on_room(void *ctx, unsigned events)
{
    (void)events;
    struct mux_session *s = ctx;
    while (s->run && s->in >= 0) {
        struct span bytes = next_input(s);
        if (!bytes.len && is_input_over(s)) {
            end_input(s);
            return;
        }
        ssize_t n = bytes.len ? send(s->in, bytes.ptr, bytes.len, MSG_NOSIGNAL) : 0;
        if (n > 0) {
            took(s, (size_t)n);
            continue;
        }
        bool is_full = n < 0 && (errno == EAGAIN || errno == EINTR);
        if (n < 0 && !is_full)
            close_end(&s->in, &s->watch_in); /* it wants no more: the answer tells why */
        else
            loop_watch_set(s->watch_in, is_full ? LOOP_WRITE : 0);
        return;
    }
}

/* --- the control socket --- */

/* Into the fields; raises no event. */
static void hear(struct mux_session *s)
{
    struct mux_message m;
    int rc = 0;
    while (s->control.fd >= 0 && !s->is_refused && (rc = mux_socket_next(&s->control, &m, &s->why)) > 0) {
        s->is_open = s->is_open || m.type == MUX_OPENED;
        s->has_exit = s->has_exit || m.type == MUX_EXIT;
        s->is_refused = m.type == MUX_DENIED || m.type == MUX_FAILURE;
        if (s->is_refused)
            err_set(&s->why, m.type == MUX_DENIED ? ERR_DENIED : ERR_BUSY,
                    "the SSH master gives no session: %.*s", SPAN_FMT(span_trim(m.reason)));
    }
    if (rc < 0)
        close_control(s);
}

/* True where an event was raised: s may be gone. */
static bool tell(struct mux_session *s)
{
    struct err why = s->why;
    bool is_gone = s->control.fd < 0;
    if (s->state == SESSION_CLOSING) {
        if (is_gone)
            loop_defer(s->loop, on_closed, s);
        return is_gone;
    }
    if (s->is_refused)
        end(s, MUX_REFUSED, &why);
    else if (!s->run && (is_gone || s->has_exit || s->state == SESSION_DYING))
        end(s, MUX_DIED, NULL);
    else if (is_gone && (!s->is_open || s->out < 0))
        end(s, MUX_RUN_LOST, &why);
    else
        return false; /* what the remote side has said is still to be read */
    return true;
}

static void tell_later(void *ctx)
{
    tell(ctx);
}

/* True where an event was raised: s may be gone. */
static bool read_control(struct mux_session *s)
{
    bool was_open = s->is_open;
    hear(s);
    if (s->is_open && !was_open)
        on_room(s, LOOP_WRITE); /* a stream may go now */
    return tell(s);
}

static void on_control(void *ctx, unsigned events)
{
    (void)events;
    read_control(ctx);
}

/* --- a run --- */

/* Certainly nothing was handed over; why is told from the loop. */
static int take_back(struct mux_session *s)
{
    s->run = NULL;
    s->state = SESSION_DYING;
    loop_defer(s->loop, tell_later, s);
    return -1;
}

int mux_session_give(struct mux_session *s, struct run *run)
{
    hear(s); /* a shell that is gone by now is known to be */
    if (!mux_session_is_fresh(s)) {
        read_out(s, NULL);
        read_errors(s);
    }
    if (s->is_refused || s->has_exit || s->control.fd < 0 || run_shell_is_odd(&s->shell))
        return take_back(s);
    loop_timer_stop(s->timer);
    s->run = run;
    s->state = SESSION_TALKING;
    s->sent = 0;
    s->may_run = false;
    run_shell_give(&s->shell, run);
    frame_input_renonce(&run->input, &s->nonce);
    on_room(s, LOOP_WRITE);
    if (s->in < 0 && !s->sent)
        return take_back(s);
    loop_watch_set(s->watch_out, LOOP_READ);
    loop_watch_set(s->watch_err, LOOP_READ);
    return 0;
}

/* --- the beginning --- */

/* ours[i] stays, theirs[i] is passed on. stdin is a socket: a send to one that is gone raises no signal. */
static int make_ends(int ours[3], int theirs[3], struct err *err)
{
    int in[2], out[2], errs[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) < 0)
        return err_errno(err, errno, "socketpair");
    ours[0] = in[0];
    theirs[0] = in[1];
    if (pipe2(out, O_CLOEXEC) < 0)
        return err_errno(err, errno, "pipe");
    ours[1] = out[0];
    theirs[1] = out[1];
    if (pipe2(errs, O_CLOEXEC) < 0)
        return err_errno(err, errno, "pipe");
    ours[2] = errs[0];
    theirs[2] = errs[1];
    return 0;
}

static int ask(struct mux_session *s, const struct mux_session_way *way, const int theirs[3], struct err *err)
{
    auto_str struct str command = STR_MAX(MAX_EXEC_BYTES), request = STR_MAX(MAX_MUX_BYTES);
    frame_exec_string(&command, way->use_login_shell, &s->nonce);
    mux_add_session(&request, 1, str_span(&command));
    if (mux_socket_open(&s->control, way->path, err) < 0 ||
        mux_socket_send(&s->control, str_span(&request), err) < 0)
        return -1;
    return mux_socket_send_fds(&s->control, theirs, err);
}

static int begin(struct mux_session *s, const struct mux_session_way *way, struct err *err)
{
    int ours[3] = { -1, -1, -1 }, theirs[3] = { -1, -1, -1 };
    int rc = make_ends(ours, theirs, err);
    if (rc == 0)
        rc = ask(s, way, theirs, err);
    for (int i = 0; i < 3; i++)
        if (theirs[i] >= 0)
            close(theirs[i]);
    s->in = ours[0];
    s->out = ours[1];
    s->err = ours[2];
    return rc;
}

/* What a login shell says while it waits stays in the pipes until a run reads it. */
static int watch(struct mux_session *s, struct err *err)
{
    s->watch_control = loop_watch_fd(s->loop, s->control.fd, LOOP_READ, on_control, s);
    s->watch_in = loop_watch_fd(s->loop, s->in, 0, on_room, s);
    s->watch_out = loop_watch_fd(s->loop, s->out, 0, on_output, s);
    s->watch_err = loop_watch_fd(s->loop, s->err, 0, on_error_text, s);
    if (s->watch_control && s->watch_in && s->watch_out && s->watch_err)
        return 0;
    return err_set(err, ERR_IO, "a session's descriptors cannot be watched");
}

int mux_session_new(const struct mux_session_way *way, const struct mux_session_owner *owner,
                    struct mux_session **out, struct err *err)
{
    struct mux_session *s = mem_zalloc(sizeof(*s));
    *s = (struct mux_session){ .loop = owner->loop, .event = owner->event, .ctx = owner->ctx };
    s->takes_many = way->takes_many;
    s->shell.since_ms = loop_now_ms(s->loop);
    s->nonce = nonce_new();
    s->control.fd = -1;
    s->in = s->out = s->err = -1;
    s->timer = loop_timer_new(s->loop, on_timer, s);
    if (begin(s, way, err) < 0 || watch(s, err) < 0) {
        mux_session_free(s);
        return -1;
    }
    *out = s;
    return 0;
}
