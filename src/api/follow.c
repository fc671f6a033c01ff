#include "api/follow.h"

#include "api/reply.h"
#include "base/mem.h"
#include "svc/live/follow.h"

#include <string.h>

/* GET .../log?follow=1: what there is, then what comes, until the job is over and all of it was sent. One
 * piece at a time stands in memory; the next is asked for when the client has taken it. */

enum { PIECE_BYTES = 256 * 1024 };

struct follower {
    struct request *request; /* outlives this: it closes the stream */
    struct log_call call;    /* offset: of the next piece */
    struct log_watch *watch;
    struct str piece;
    size_t taken;
    unsigned renewals; /* of the log, up to the last piece */
    bool is_chosen;    /* the attempt is the client's choice: no other follows */
    bool is_asking, is_over, is_closed, has_news, was_open;
    bool is_cut; /* over, though the rest could not be read: the cluster is away */
};

static void ask(struct follower *follower);

static void end(struct follower *follower)
{
    str_clear(&follower->piece);
    mem_free_ptr(&follower);
}

/* Nothing came: the job may go on, or its log may end here. What was open before that look may have grown
 * since. */
static void rest(struct follower *follower)
{
    if (follower->has_news ||
        (follower->was_open && !logs_is_open(follower->request->gw->logs, follower->call.job_id)))
        ask(follower);
    else
        follower->is_over = !follower->was_open;
}

static void on_piece(void *ctx, const struct answer *answer)
{
    struct follower *follower = ctx;
    follower->is_asking = false;
    if (follower->is_closed) {
        end(follower);
        return;
    }
    if (answer->ok && answer->body.len) {
        str_cut(&follower->piece, 0);
        str_add_span(&follower->piece, answer->body);
        follower->taken = 0;
        follower->call.offset = answer->offset + (int64_t)answer->body.len;
    } else {
        if (answer->ok && !answer->not_begun)
            follower->call.offset = answer->offset;
        rest(follower);
        follower->is_cut = follower->is_over && !answer->ok;
    }
    if (follower->piece.len || follower->is_over)
        reply_wake(follower->request);
}

static void ask(struct follower *follower)
{
    struct err err;
    struct logs *logs = follower->request->gw->logs;
    if (follower->is_asking)
        return;
    logs_go_on(logs, &follower->call, follower->is_chosen, &follower->renewals);
    if (logs_is_read_up(logs, &follower->call))
        return;
    follower->has_news = false;
    follower->was_open = logs_is_open(logs, follower->call.job_id);
    follower->is_asking = logs_read(logs, &follower->call, on_piece, follower, &err) == 0;
    if (!follower->is_asking && !follower->was_open)
        follower->is_over = true; /* a job that never had a log */
}

static void on_news(void *ctx)
{
    struct follower *follower = ctx;
    follower->has_news = true;
    if (follower->piece.len == follower->taken)
        ask(follower);
    if (follower->is_over)
        reply_wake(follower->request);
}

static ssize_t follow_read(void *ctx, char *to, size_t max)
{
    struct follower *follower = ctx;
    struct span left = span_skip(str_span(&follower->piece), follower->taken);
    if (!left.len) {
        str_clear(&follower->piece);
        follower->taken = 0;
        if (!follower->is_over)
            ask(follower);
        return !follower->is_over ? 0 : follower->is_cut ? SOURCE_CUT : SOURCE_OVER;
    }
    struct span part = span_head(left, max);
    memcpy(to, part.ptr, part.len);
    follower->taken += part.len;
    return (ssize_t)part.len;
}

static void follow_close(void *ctx)
{
    struct follower *follower = ctx;
    follow_unwatch(follower->watch);
    follower->is_closed = true;
    if (!follower->is_asking)
        end(follower);
}

void follow_log(struct request *request, const struct log_call *call)
{
    struct err err;
    struct log_call found = *call;
    if (logs_find(request->gw->logs, &found, &err) < 0) {
        reply_err(request, &err);
        return;
    }
    struct follower *follower = mem_zalloc(sizeof(*follower));
    follower->request = request;
    follower->call = found;
    follower->is_chosen = call->attempt > 0;
    follower->renewals = LOGS_NOTHING_READ;
    follower->call.limit = PIECE_BYTES;
    follower->piece = STR_MAX(PIECE_BYTES);
    follower->watch = follow_watch(request->gw->follow, call->job_id, on_news, follower);
    reply_header(request, "X-Accel-Buffering", "no");
    reply_stream(request, "text/plain; charset=utf-8",
                 &(struct reply_source){ .read = follow_read, .close = follow_close, .ctx = follower });
}
