#include "api/handlers.h"

#include "api/job_wait.h"
#include "api/reply.h"
#include "base/limits.h"
#include "base/mem.h"
#include "svc/fanout.h"
#include "svc/query.h"

enum { MAX_EVENTS_BYTES = 64 * 1024 * 1024 };

static void list_events(struct request *request, int64_t job_id)
{
    auto_str struct str body = STR_MAX(MAX_EVENTS_BYTES);
    struct event_ask ask = { .job_id = job_id };
    struct err err;
    bool numbers = true;
    int bad = request_query_int(request, "after", 0, INT64_MAX, &ask.after, &err) < 0 ||
              request_query_limit(request, &ask.limit, &err) < 0 ||
              request_query_bool(request, "numbers", &numbers, &err) < 0;
    ask.no_numbers = !numbers;
    if (bad || query_events(request->gw, &ask, &body, &err) < 0)
        reply_err(request, &err);
    else
        reply_json(request, 200, &body);
}

void handle_job_events(struct request *request)
{
    struct err err;
    int64_t job_id;
    if (job_wait_id(request, &job_id, &err) < 0)
        reply_err(request, &err);
    else
        list_events(request, job_id);
}

/* --- the stream: one listener of the fan-out a client --- */

struct stream {
    struct request *request; /* outlives the stream: it closes it */
    struct listener *listener;
};

static ssize_t stream_read(void *ctx, char *to, size_t max)
{
    struct stream *stream = ctx;
    return listener_read(stream->listener, to, max);
}

static void stream_wake(void *ctx)
{
    struct stream *stream = ctx;
    reply_wake(stream->request);
}

static void stream_close(void *ctx)
{
    struct stream *stream = ctx;
    listener_free(stream->listener);
    mem_free_ptr(&stream);
}

/* Last-Event-ID is what a browser that comes back sends; its URL still holds the `after` of its first time.
 */
static int read_after(const struct request *request, int64_t *after, struct err *err)
{
    int64_t last;
    if (request_query_int(request, "after", 0, INT64_MAX, after, err) < 0)
        return -1;
    if (!request->last_event_id || !*request->last_event_id)
        return 0;
    if (!span_i64(span_of(request->last_event_id), &last) || last < 0)
        return err_set(err, ERR_INVALID, "Last-Event-ID must be the number of an event");
    *after = last;
    return 0;
}

static void open_stream(struct request *request)
{
    struct err err;
    struct fanout_filter filter;
    int64_t after = FANOUT_FROM_NOW;
    if (fanout_filter_parse(request_query(request, "topics"), &filter, &err) < 0 ||
        read_after(request, &after, &err) < 0) {
        reply_err(request, &err);
        return;
    }
    struct stream *stream = mem_zalloc(sizeof(*stream));
    stream->request = request;
    stream->listener = fanout_listen(request->gw->fanout, &filter, after, stream_wake, stream);
    reply_header(request, "X-Accel-Buffering", "no"); /* nginx would hold frames back */
    reply_stream(request, "text/event-stream",
                 &(struct reply_source){ .read = stream_read, .close = stream_close, .ctx = stream });
}

void handle_events(struct request *request)
{
    struct err err;
    bool is_stream = request->wants_stream;
    if (request_query_bool(request, "stream", &is_stream, &err) < 0)
        reply_err(request, &err);
    else if (is_stream)
        open_stream(request);
    else
        list_events(request, 0);
}
