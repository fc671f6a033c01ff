#include "exec/run.h"

#include "base/limits.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

enum { MAX_EXEC_BYTES = 4096 };

static int add_input(struct run *run, const struct run_request *request, const struct nonce *nonce,
                     struct err *err)
{
    if (run->is_shared)
        return frame_input_shared(&run->input, request->program, nonce, &run->nonce, err);
    bool is_line = request->stream_fd >= 0 || request->program.len <= FRAME_LINE_BYTES;
    return frame_input(&run->input, is_line ? FRAME_STREAM : FRAME_PROGRAM, request->program, nonce, err);
}

static int make_input(struct run *run, const struct run_request *request, bool login_shell, struct err *err)
{
    struct nonce nonce = nonce_new();
    frame_exec_string(&run->exec, login_shell, &nonce);
    if (add_input(run, request, &nonce, err) < 0)
        return -1;
    if (run->exec.failed || run->input.failed)
        return err_set(err, ERR_TOO_LARGE, "a remote program of %zu bytes is too large",
                       request->program.len);
    return 0;
}

int run_init(struct run *run, const struct run_request *request, const struct run_place *place,
             const struct clock *clock, struct err *err)
{
    run->nonce = request->nonce;
    run->is_shared = place->shares_shells && request->stream_fd < 0;
    run->wants_login = request->wants_login;
    run->exec = STR_MAX(MAX_EXEC_BYTES);
    run->input = STR_MAX((size_t)2 * MAX_COMMAND_BYTES);
    run->stream_fd = request->stream_fd;
    run->stream_bytes = request->stream_bytes;
    run->timeout_ms = request->timeout_ms;
    run->urgent = request->urgent;
    run->out = STR_MAX(request->max_output_bytes);
    run->err_text = STR_MAX(MAX_STDERR_BYTES);
    run->clock = clock;
    run->start_us = clock_mono_us(clock);
    snprintf(run->what, sizeof(run->what), "%s", request->what ? request->what : "run");
    if (make_input(run, request, place->use_login_shell, err) == 0)
        return 0;
    run_clear(run);
    return -1;
}

const char *run_crash_name(const struct run *run)
{
    return strcmp(run->what, "submit") == 0 ? "K7" : strcmp(run->what, "stage") == 0 ? "K4" : "";
}

void run_clear(struct run *run)
{
    mem_close_fd(&run->stream_fd);
    run->stream_fd = -1;
    str_clear(&run->exec);
    str_clear(&run->input);
    str_clear(&run->out);
    str_clear(&run->err_text);
}

bool run_add_output(struct run *run, struct span bytes)
{
    str_add_span(&run->out, bytes);
    return !run->out.failed;
}

void run_add_error(struct run *run, struct span bytes)
{
    str_add_span(&run->err_text, span_head(bytes, run->err_text.max - run->err_text.len));
}

bool run_has_answer(struct run *run)
{
    enum { MARK = NONCE_CHARS + 6 }; /* "\n<nonce> END " */
    char mark[MARK + 1];
    snprintf(mark, sizeof(mark), "\n%s END", run->nonce.text);
    struct span rest = span_skip(str_span(&run->out), run->scanned);
    size_t at = span_find(rest, span_of(mark));
    if (at < rest.len && span_find_char(span_skip(rest, at + 1), '\n') < rest.len - at - 1)
        return true;
    if (at < rest.len)
        run->scanned += at; /* the mark, but not yet its line's end */
    else if (rest.len > MARK)
        run->scanned += rest.len - MARK;
    return false;
}

void run_restart(struct run *run)
{
    str_cut(&run->out, 0);
    str_cut(&run->err_text, 0);
    run->scanned = 0;
}

/* An answer without its END is no information, whatever the transport thought of it. */
static enum run_end judge(struct run *run, struct frame *frame, struct err *why)
{
    struct err broken = { 0 };
    if (frame_parse(str_span(&run->out), &run->nonce, frame, &broken) < 0) {
        *why = broken;
        return RUN_CUT;
    }
    if (frame->ended)
        return RUN_DONE;
    if (why->code == ERR_NONE)
        err_set(why, ERR_IO, "the command ended without its end mark: %.300s", str_text(&run->err_text));
    return RUN_CUT;
}

/* The shell's word that it is free again is no complaint; of a part of it nobody wants to read either. */
static void hide_next(struct run *run)
{
    char mark[1 + NONCE_CHARS + 1];
    struct str *text = &run->err_text;
    size_t len = (size_t)snprintf(mark, sizeof(mark), "\n%s", run->nonce.text);
    size_t at = span_find(str_span(text), span_of(mark));
    for (size_t part = len - 1; at == text->len && part > 1; part--)
        if (part <= text->len && memcmp(text->buf + text->len - part, mark, part) == 0)
            at = text->len - part;
    str_cut(text, at);
}

void run_finish(struct run *run, enum run_end end, const struct err *err)
{
    auto_frame struct frame frame = { 0 };
    hide_next(run);
    struct run_result result = { .end = end, .err_text = str_span(&run->err_text) };
    if (err)
        result.err = *err;
    if (end == RUN_DONE)
        result.end = judge(run, &frame, &result.err);
    if (result.end == RUN_DONE)
        result.err = (struct err){ 0 };
    result.frame = frame;
    struct span all = str_span(&run->out);
    size_t begins = span_find(all, span_of(run->nonce.text));
    if (begins < all.len)
        result.noise = span_head(all, begins);
    result.elapsed_us = clock_mono_us(run->clock) - run->start_us;
    run_done *done = run->done;
    run->done = NULL;
    if (done)
        done(run->ctx, &result);
}

void run_queue_add(struct run **queue, struct run *run)
{
    struct run *at = *queue;
    while (run->urgent && at && at->urgent)
        at = at->next;
    if (!run->urgent || !at)
        DL_APPEND(*queue, run);
    else
        DL_PREPEND_ELEM(*queue, at, run);
}

void run_queue_remove(struct run **queue, struct run *run)
{
    DL_DELETE(*queue, run);
    run->prev = run->next = NULL;
}
