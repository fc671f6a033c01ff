#include "io/spawn.h"

#include "io/feed.h"
#include "io/loop_uv.h"
#include "io/process.h"

#include "base/mem.h"
#include "base/str.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    GRACE_MS = 2000,
    LINGER_MS = 250, /* after the end: for output that a grandchild holds open */
    READ_BYTES = 64 * 1024
};

struct child {
    struct process process; /* first: see there */
    uv_pipe_t pipes[3];
    struct loop *loop;
    struct loop_timer *timer;
    uv_write_t write;
    char *input;
    size_t input_len;
    struct feed *feed;
    struct str out, err;
    bool err_cut, detached;
    spawn_done *done; /* NULL once it ran, or never will */
    void *ctx;
    int64_t grace_ms;
    enum spawn_end end; /* EXITED until something else happens */
    int code, signum;
    bool term_sent, has_exited;
    bool is_writing, eof[3];
    unsigned open; /* pipes not yet closed, and one until it is over */
};

static void let_go(struct child *c)
{
    if (--c->open)
        return;
    free(c->input);
    feed_free(c->feed);
    str_clear(&c->out);
    str_clear(&c->err);
    free(c);
}

static void on_closed(uv_handle_t *handle)
{
    let_go(handle->data);
}

static void close_pipe(struct child *c, int i)
{
    c->eof[i] = true;
    if (c->pipes[i].data && !uv_is_closing((uv_handle_t *)&c->pipes[i]))
        uv_close((uv_handle_t *)&c->pipes[i], on_closed);
}

static void close_all(struct child *c)
{
    for (int i = 0; i < 3; i++)
        close_pipe(c, i);
    loop_timer_free(c->timer);
    c->timer = NULL;
    if (c->process.pid)
        process_drop(c->loop, &c->process);
    let_go(c);
}

static void signal_group(const struct child *c, int signum)
{
    if (!c->process.has_ended)
        kill(-c->process.pid, signum);
}

static void finish(struct child *c)
{
    spawn_done *done = c->done;
    c->done = NULL;
    if (done) {
        bool by_us = c->end != SPAWN_EXITED;
        struct spawn_result result = { .end = by_us       ? c->end
                                              : c->signum ? SPAWN_SIGNALLED
                                                          : SPAWN_EXITED,
                                       .code = c->code,
                                       .signum = c->signum,
                                       .output = str_span(&c->out),
                                       .error = str_span(&c->err),
                                       .error_cut = c->err_cut };
        done(c->ctx, &result);
    }
    close_all(c);
}

/* Events only note what happened; here it is decided whether that was all. */
static void check_end(struct child *c)
{
    if (!c->has_exited)
        return;
    if (c->detached || !c->done || (c->eof[1] && c->eof[2]))
        finish(c);
    else if (c->timer)
        loop_timer_start(c->timer, LINGER_MS);
}

static void stop_child(struct child *c, enum spawn_end why)
{
    if (c->end == SPAWN_EXITED && !c->has_exited)
        c->end = why;
    signal_group(c, c->term_sent ? SIGKILL : SIGTERM);
    if (!c->term_sent && c->timer)
        loop_timer_start(c->timer, c->grace_ms);
    c->term_sent = true;
}

static void on_timer(void *ctx)
{
    struct child *c = ctx;
    if (c->has_exited)
        finish(c);
    else
        stop_child(c, SPAWN_TIMED_OUT);
}

static void on_child_exit(void *ctx, int code, int signum)
{
    struct child *c = ctx;
    c->code = code;
    c->signum = signum;
    c->has_exited = true;
    close_pipe(c, 0);
    check_end(c);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(mem_alloc(READ_BYTES), READ_BYTES);
}

/* What came is not all, and must not be taken for it. */
static void lose_output(struct child *c)
{
    stop_child(c, SPAWN_CUT);
    if (c->end == SPAWN_EXITED)
        c->end = SPAWN_CUT;
}

/* The end of its input would be told to the child as if it had had all of it: it is ended first. */
static void lose_input(struct child *c)
{
    stop_child(c, SPAWN_CUT);
    close_pipe(c, 0);
}

static void collect(struct child *c, bool is_out, struct span bytes)
{
    struct str *to = is_out ? &c->out : &c->err;
    size_t room = to->max - to->len;
    if (bytes.len > room && !is_out)
        c->err_cut = true;
    else if (bytes.len > room && c->end == SPAWN_EXITED)
        stop_child(c, SPAWN_TOO_MUCH);
    str_add_span(to, span_head(bytes, room));
    if (to->failed)
        lose_output(c);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct child *c = stream->data;
    bool is_out = stream == (uv_stream_t *)&c->pipes[1];
    if (n > 0)
        collect(c, is_out, (struct span){ buf->base, (size_t)n });
    free(buf->base);
    if (n >= 0)
        return;
    if (n != UV_EOF)
        lose_output(c);
    close_pipe(c, is_out ? 1 : 2);
    check_end(c);
}

static void write_more(void *ctx);

static void on_written(uv_write_t *request, int status)
{
    struct child *c = request->data;
    c->is_writing = false;
    if (status == UV_EPIPE || status == UV_ECANCELED) {
        close_pipe(c, 0); /* it does not want more: not an error, cat | head; or all is over */
        return;
    }
    if (status < 0) {
        lose_input(c);
        return;
    }
    if (c->input) {
        free(c->input);
        c->input = NULL;
        c->input_len = 0;
    } else {
        feed_take(c->feed, feed_chunk(c->feed).len);
    }
    write_more(c);
}

static void write_more(void *ctx)
{
    struct child *c = ctx;
    if (c->is_writing || c->eof[0])
        return;
    struct err err = { 0 };
    struct span chunk = { c->input, c->input_len };
    if (!c->input && c->feed)
        chunk = feed_chunk(c->feed);
    if (!chunk.len) {
        if (c->feed && feed_check(c->feed, &err) < 0)
            lose_input(c);
        else if (!c->feed || feed_is_done(c->feed))
            close_pipe(c, 0);
        return;
    }
    uv_buf_t buf = { .base = (char *)(uintptr_t)chunk.ptr, .len = chunk.len };
    c->write.data = c;
    c->is_writing = uv_write(&c->write, (uv_stream_t *)&c->pipes[0], &buf, 1, on_written) == 0;
    if (!c->is_writing)
        lose_input(c);
}

/* A pipe to or from the child, our end in pipes[i]: *theirs, to be closed once it was started, or a negative
 * error. */
static int make_pipe(struct child *c, int i, int *theirs)
{
    uv_file ends[2];
    int ours = i == 0 ? 1 : 0;
    int rc = uv_pipe(ends, i == 0 ? 0 : UV_NONBLOCK_PIPE, i == 0 ? UV_NONBLOCK_PIPE : 0);
    if (rc < 0)
        return rc;
    *theirs = ends[!ours];
    uv_pipe_init(loop_uv(c->loop), &c->pipes[i], 0);
    c->pipes[i].data = c;
    c->open++;
    rc = uv_pipe_open(&c->pipes[i], ends[ours]);
    if (rc < 0)
        close(ends[ours]);
    return rc;
}

static int make_pipes(struct child *c, const struct spawn_request *request, int theirs[3])
{
    bool is_used[3] = { !c->detached, !c->detached && request->output_fd <= 0, !c->detached };
    int rc = 0;
    for (int i = 0; i < 3; i++)
        c->eof[i] = !is_used[i];
    for (int i = 0; i < 3 && rc == 0; i++)
        if (is_used[i])
            rc = make_pipe(c, i, &theirs[i]);
    return rc;
}

static void start_io(struct child *c, const struct spawn_request *request)
{
    for (int i = 1; i < 3; i++)
        if (!c->eof[i])
            uv_read_start((uv_stream_t *)&c->pipes[i], on_alloc, on_read);
    c->timer = loop_timer_new(c->loop, on_timer, c);
    if (request->timeout_ms > 0)
        loop_timer_start(c->timer, request->timeout_ms);
    if (request->input.len) {
        c->input = mem_dup_bytes(request->input.ptr, request->input.len);
        c->input_len = request->input.len;
    }
    write_more(c);
}

static int start_process(struct child *c, const struct spawn_request *request, struct err *err)
{
    int theirs[3] = { -1, -1, -1 };
    int rc = make_pipes(c, request, theirs);
    struct process_plan plan = { .argv = request->argv,
                                 .env = request->env,
                                 .cwd = request->cwd,
                                 .stdio = { theirs[0], theirs[1], theirs[2] },
                                 .is_detached = c->detached };
    if (request->output_fd > 0 && !c->detached)
        plan.stdio[1] = request->output_fd;
    if (rc < 0)
        err_set(err, ERR_IO, "cannot start %s: %s", request->argv[0], uv_strerror(rc));
    else
        rc = process_start(c->loop, &c->process, &plan, on_child_exit, c, err);
    for (int i = 0; i < 3; i++)
        if (theirs[i] >= 0)
            close(theirs[i]);
    return rc;
}

int spawn_child(struct loop *loop, const struct spawn_request *request, spawn_done *done, void *ctx,
                struct child **out, struct err *err)
{
    struct child *c = mem_zalloc(sizeof(*c));
    c->loop = loop;
    c->open = 1;
    c->detached = request->detached;
    c->grace_ms = request->grace_ms > 0 ? request->grace_ms : GRACE_MS;
    c->out.max = request->max_output_bytes;
    c->err.max = request->max_error_bytes;
    if (request->input_fd_bytes)
        c->feed = feed_new(loop, request->input_fd, request->input_fd_bytes, write_more, c);
    if (start_process(c, request, err) < 0) {
        c->has_exited = true;
        close_all(c);
        return -1;
    }
    c->done = done;
    c->ctx = ctx;
    if (!c->detached)
        start_io(c, request);
    if (out)
        *out = c;
    return 0;
}

void spawn_cancel(struct child *child)
{
    stop_child(child, SPAWN_CANCELLED);
}

void spawn_abandon(struct child *child)
{
    child->done = NULL;
    signal_group(child, SIGKILL);
    for (int i = 0; i < 3; i++)
        close_pipe(child, i);
    loop_timer_free(child->timer);
    child->timer = NULL;
    if (child->has_exited)
        close_all(child);
}

static bool end_children(struct loop *loop)
{
    bool is_any = false;
    for (struct process *p = loop_processes(loop)->list; p; p = p->next) {
        struct child *c = p->ctx;
        if (c->detached)
            continue;
        is_any = true;
        c->term_sent = true; /* at once, without a grace */
        stop_child(c, SPAWN_CANCELLED);
    }
    return is_any;
}

void spawn_end_all(struct loop *loop)
{
    while (end_children(loop) || loop_is_busy(loop))
        loop_step(loop);
}

void spawn_release(struct child *child)
{
    child->done = NULL;
}

pid_t spawn_pid(const struct child *child)
{
    return child->process.pid;
}
