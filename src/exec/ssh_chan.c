#include "exec/ssh_chan.h"

#include "base/crash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum {
    WINDOW_BYTES = 4 * 1024 * 1024, /* 20 MB at 40 ms: 0.4 s with 2 MB, 0.95 s with 64 KB */
    PACKET_BYTES = 32 * 1024,
    /* libssh2 sends at most one packet a call: what is handed over is then exactly known. */
    WRITE_BYTES = 32000,
    READ_BYTES = 32 * 1024,
    READS_A_STEP = 64, /* others want their turn */
    MAX_EXEC_BYTES = 4096,
    MAX_EARLY_BYTES = 64 * 1024
};

struct ssh_chan *ssh_chan_new(struct ssh_conn *conn, bool use_login_shell, bool is_early, int64_t now_ms)
{
    struct ssh_chan *chan = mem_zalloc(sizeof(*chan));
    chan->conn = conn;
    chan->is_early = is_early;
    chan->nonce = nonce_new();
    chan->shell.since_ms = now_ms;
    chan->exec = STR_MAX(MAX_EXEC_BYTES);
    chan->early = STR_MAX(MAX_EARLY_BYTES);
    frame_exec_string(&chan->exec, use_login_shell, &chan->nonce);
    return chan;
}

void ssh_chan_free(struct ssh_chan *chan)
{
    feed_free(chan->feed);
    str_clear(&chan->exec);
    str_clear(&chan->early);
    free(chan);
}

void ssh_chan_give(struct ssh_chan *chan, struct ssh_run *run, struct loop *loop, loop_fn *wake, void *ctx)
{
    chan->run = run;
    chan->state = CHAN_TALKING;
    memset(&chan->sent, 0, sizeof(chan->sent));
    run->chan = chan;
    run_shell_give(&chan->shell, &run->run);
    frame_input_renonce(&run->run.input, &chan->nonce);
    run_add_output(&run->run, str_span(&chan->early));
    str_clear(&chan->early);
    if (run->run.stream_fd >= 0)
        chan->feed = feed_new(loop, move_fd(run->run.stream_fd), run->run.stream_bytes, wake, ctx);
}

void ssh_chan_rest(struct ssh_chan *chan, int64_t now_ms)
{
    chan->state = CHAN_RESTING;
    chan->since_ms = now_ms;
}

void ssh_chan_close(struct ssh_chan *chan, int64_t now_ms)
{
    feed_free(chan->feed);
    chan->feed = NULL;
    chan->state = CHAN_CLOSING;
    chan->since_ms = now_ms;
}

static enum ssh_chan_event broken(struct ssh_chan *chan, const char *what, struct err *err)
{
    char *text = NULL;
    libssh2_session_last_error(ssh_conn_session(chan->conn), &text, NULL, 0);
    err_set(err, ERR_OFFLINE, "the connection broke (%s: %s)", what, text && *text ? text : "closed");
    return CHAN_BROKEN;
}

static enum ssh_chan_event step_open(struct ssh_chan *chan, int64_t now_ms, struct err *err)
{
    static const char type[] = "session";
    LIBSSH2_SESSION *session = ssh_conn_session(chan->conn);
    chan->channel =
        libssh2_channel_open_ex(session, type, sizeof(type) - 1, WINDOW_BYTES, PACKET_BYTES, NULL, 0);
    if (chan->channel) {
        chan->state = CHAN_SPARE;
        chan->since_ms = now_ms;
        return CHAN_MOVED;
    }
    int rc = libssh2_session_last_errno(session);
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return CHAN_NOTHING;
    if (rc == LIBSSH2_ERROR_CHANNEL_FAILURE)
        return CHAN_REFUSED;
    return broken(chan, "channel open", err);
}

/* --- talking --- */

static enum ssh_chan_event ask_exec(struct ssh_chan *chan, struct err *err)
{
    uint64_t before = ssh_conn_sent(chan->conn);
    int rc = libssh2_channel_process_startup(chan->channel, "exec", 4, str_text(&chan->exec),
                                             (unsigned)chan->exec.len);
    /* In the midst of new keys nothing is sent yet: the program must not go before the request. */
    chan->has_sent_exec = chan->has_sent_exec || ssh_conn_sent(chan->conn) != before;
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return CHAN_NOTHING;
    if (rc == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED) {
        chan->sent.may_run = false; /* it told us that it starts nothing */
        err_set(err, ERR_REFUSED, "the server does not let this account run commands");
        return CHAN_ENDED;
    }
    if (rc != 0)
        return broken(chan, "exec", err);
    chan->has_exec_answer = true;
    ssh_conn_calm(chan->conn);
    return CHAN_MOVED;
}

/* What goes next: the program, then the stream. */
static struct span next_bytes(const struct ssh_chan *chan)
{
    struct span program = span_skip(str_span(&chan->run->run.input), chan->sent.bytes);
    if (program.len || !chan->feed)
        return span_head(program, WRITE_BYTES);
    return span_head(feed_chunk(chan->feed), WRITE_BYTES);
}

static void took(struct ssh_chan *chan, size_t n)
{
    if (chan->sent.bytes < chan->run->run.input.len)
        chan->sent.bytes += n;
    else
        feed_take(chan->feed, n);
}

static enum ssh_chan_event send_input(struct ssh_chan *chan, struct err *err)
{
    enum ssh_chan_event event = CHAN_NOTHING;
    struct span bytes;
    while ((bytes = next_bytes(chan)).len && !ssh_conn_is_full(chan->conn)) {
        chan->sent.has_begun = true;
        if (chan->sent.bytes + bytes.len >= chan->run->run.input.len)
            chan->sent.may_run = true;
        const char *crash = run_crash_name(&chan->run->run);
        ssize_t n = libssh2_channel_write(chan->channel, bytes.ptr, crash_part(crash, bytes.len));
        if (n > 0)
            crash_point(crash);
        if (n == LIBSSH2_ERROR_EAGAIN || n == 0)
            return event;
        if (n == LIBSSH2_ERROR_CHANNEL_CLOSED || n == LIBSSH2_ERROR_CHANNEL_EOF_SENT) {
            chan->sent.is_all = chan->sent.is_ended = true; /* it wants no more; its answer may still tell */
            return CHAN_MOVED;
        }
        if (n < 0)
            return broken(chan, "write", err);
        took(chan, (size_t)n);
        event = CHAN_MOVED;
    }
    if (chan->feed && feed_check(chan->feed, err) < 0)
        return CHAN_ENDED;
    chan->sent.is_all = !bytes.len && (!chan->feed || feed_is_done(chan->feed));
    return event;
}

/* A run that leaves its shell to the next one leaves the stream open, too. */
static enum ssh_chan_event end_input(struct ssh_chan *chan, struct err *err)
{
    int rc = chan->run->run.is_shared ? 0 : libssh2_channel_send_eof(chan->channel);
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return CHAN_NOTHING;
    if (rc < 0 && rc != LIBSSH2_ERROR_CHANNEL_CLOSED)
        return broken(chan, "eof", err);
    chan->sent.is_ended = true;
    if (strcmp(chan->run->run.what, "submit") == 0)
        crash_point("K8");
    return CHAN_MOVED;
}

static enum ssh_chan_event read_stream(struct ssh_chan *chan, enum run_shell_stream stream, struct err *err)
{
    char buf[READ_BYTES];
    struct run *run = chan->run ? &chan->run->run : NULL;
    enum ssh_chan_event event = CHAN_NOTHING;
    const int id = stream == RUN_SHELL_ERR ? SSH_EXTENDED_DATA_STDERR : 0;
    for (int i = 0; i < READS_A_STEP; i++) {
        ssize_t n = libssh2_channel_read_ex(chan->channel, id, buf, sizeof(buf));
        if (n == LIBSSH2_ERROR_EAGAIN || n == 0 || n == LIBSSH2_ERROR_CHANNEL_CLOSED)
            return event;
        if (n < 0)
            return broken(chan, "read", err);
        event = CHAN_MOVED;
        if (run_shell_add(&chan->shell, stream, run, (struct span){ buf, (size_t)n }, err) < 0)
            return CHAN_ENDED;
    }
    return event;
}

/* All output is in, without an END: what can be said about why? */
static enum ssh_chan_event ended_badly(struct ssh_chan *chan, struct err *err)
{
    int rc = libssh2_channel_wait_closed(chan->channel);
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return CHAN_NOTHING;
    const struct run *run = &chan->run->run;
    char *signal_name = NULL;
    libssh2_channel_get_exit_signal(chan->channel, &signal_name, NULL, NULL, NULL, NULL, NULL);
    if (signal_name)
        err_set(err, ERR_IO, "%s was ended by signal %s", run->what, signal_name);
    else
        err_set(err, ERR_IO, "%s ended with status %d and without its end mark: %.300s", run->what,
                libssh2_channel_get_exit_status(chan->channel), str_text(&run->err_text));
    libssh2_free(ssh_conn_session(chan->conn), signal_name);
    return CHAN_ENDED;
}

static enum ssh_chan_event read_both(struct ssh_chan *chan, struct err *err)
{
    enum ssh_chan_event errors = read_stream(chan, RUN_SHELL_ERR, err);
    if (errors == CHAN_BROKEN)
        return errors;
    enum ssh_chan_event output = read_stream(chan, RUN_SHELL_OUT, err);
    return output == CHAN_NOTHING ? errors : output;
}

static enum ssh_chan_event step_read(struct ssh_chan *chan, struct err *err)
{
    struct run *run = &chan->run->run;
    enum ssh_chan_event event = read_both(chan, err);
    if (event == CHAN_BROKEN || event == CHAN_ENDED)
        return event;
    if (event == CHAN_MOVED && run_has_answer(run))
        return CHAN_ENDED;
    if (run->is_shared && run_shell_is_over(&chan->shell)) {
        run_shell_why(&chan->shell, run, err);
        return CHAN_ENDED;
    }
    if (event == CHAN_MOVED)
        return event;
    return libssh2_channel_eof(chan->channel) == 1 ? ended_badly(chan, err) : CHAN_NOTHING;
}

static enum ssh_chan_event step_talk(struct ssh_chan *chan, struct err *err)
{
    enum ssh_chan_event all = CHAN_NOTHING, event = CHAN_NOTHING;
    if (!chan->has_exec_answer)
        event = ask_exec(chan, err);
    if (event > CHAN_MOVED || !chan->has_sent_exec)
        return event;
    all = event;
    event = chan->sent.is_all ? CHAN_NOTHING : send_input(chan, err);
    if (event > CHAN_MOVED)
        return event;
    all = event == CHAN_MOVED ? event : all;
    event = chan->sent.is_all && !chan->sent.is_ended ? end_input(chan, err) : CHAN_NOTHING;
    if (event > CHAN_MOVED)
        return event;
    all = event == CHAN_MOVED ? event : all;
    event = step_read(chan, err);
    return event == CHAN_NOTHING ? all : event;
}

static enum ssh_chan_event bury(struct ssh_chan *chan, int64_t now_ms)
{
    ssh_chan_close(chan, now_ms);
    return CHAN_DIED;
}

/* Its run is over and was told. What still comes up to both NEXT marks is that run's, and nobody's. */
static enum ssh_chan_event step_rest(struct ssh_chan *chan, int64_t now_ms, struct err *err)
{
    enum ssh_chan_event event = read_both(chan, err);
    if (event == CHAN_BROKEN)
        return event;
    if (run_shell_is_odd(&chan->shell) || libssh2_channel_eof(chan->channel) == 1)
        return bury(chan, now_ms);
    if (!run_shell_is_over(&chan->shell))
        return event;
    if (run_shell_may_go_on(&chan->shell, now_ms)) {
        chan->state = CHAN_SPARE;
        chan->since_ms = now_ms;
    } else {
        ssh_chan_close(chan, now_ms);
    }
    return CHAN_MOVED;
}

/* A shell that waits for its next run has nothing to say. */
static enum ssh_chan_event step_again(struct ssh_chan *chan, int64_t now_ms, struct err *err)
{
    enum ssh_chan_event event = read_both(chan, err);
    if (event == CHAN_BROKEN)
        return event;
    bool has_ended = event != CHAN_NOTHING || libssh2_channel_eof(chan->channel) == 1;
    return has_ended ? bury(chan, now_ms) : CHAN_NOTHING;
}

/* Reads, so that the session is served while nothing runs; a server may also end an idle channel. */
static enum ssh_chan_event step_spare(struct ssh_chan *chan, int64_t now_ms, struct err *err)
{
    if (chan->shell.given)
        return step_again(chan, now_ms, err);
    enum ssh_chan_event event = CHAN_NOTHING;
    if (chan->is_early && !chan->has_exec_answer)
        event = ask_exec(chan, err);
    if (event == CHAN_BROKEN)
        return event;
    if (event == CHAN_ENDED)
        return bury(chan, now_ms);
    char buf[4096];
    ssize_t n = libssh2_channel_read_ex(chan->channel, 0, buf, sizeof(buf));
    if (n < 0 && n != LIBSSH2_ERROR_EAGAIN && n != LIBSSH2_ERROR_CHANNEL_CLOSED)
        return broken(chan, "idle", err);
    if (n > 0)
        str_add_span(&chan->early, (struct span){ buf, (size_t)n });
    bool has_ended = n == LIBSSH2_ERROR_CHANNEL_CLOSED || libssh2_channel_eof(chan->channel) == 1;
    if (has_ended || chan->early.failed)
        return bury(chan, now_ms);
    return n > 0 ? CHAN_MOVED : event;
}

static enum ssh_chan_event step_close(struct ssh_chan *chan, struct err *err)
{
    int rc = chan->channel ? libssh2_channel_close(chan->channel) : 0;
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return CHAN_NOTHING;
    if (rc < 0)
        return broken(chan, "close", err);
    rc = chan->channel ? libssh2_channel_free(chan->channel) : 0;
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return CHAN_NOTHING;
    chan->channel = NULL;
    chan->state = CHAN_GONE;
    return CHAN_MOVED;
}

enum ssh_chan_event ssh_chan_step(struct ssh_chan *chan, int64_t now_ms, struct err *err)
{
    switch (chan->state) {
    case CHAN_OPENING:
        return step_open(chan, now_ms, err);
    case CHAN_SPARE:
        return step_spare(chan, now_ms, err);
    case CHAN_TALKING:
        return step_talk(chan, err);
    case CHAN_RESTING:
        return step_rest(chan, now_ms, err);
    case CHAN_CLOSING:
        return step_close(chan, err);
    default:
        return CHAN_NOTHING;
    }
}
