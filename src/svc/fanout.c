#include "svc/fanout.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/loop.h"
#include "store/event_store.h"
#include "svc/event_json.h"
#include "text/json_out.h"

#include <string.h>
#include <utlist.h>

enum { RING_FRAMES = 4096, RING_BYTES = 8 * 1024 * 1024, NOTE_BYTES = 64 * 1024 * 1024 };
/* A read looks through so many pages of the log at most: the loop has others to serve, too. */
enum { PAGE_ROWS = 200, PAGES_A_READ = 5 };

struct frame {
    unsigned topic;
    int64_t job_id;
    char *text;
    size_t len;
};

struct fanout {
    const struct gateway *gw;
    struct frame ring[RING_FRAMES]; /* frame n stands at n % RING_FRAMES */
    int64_t first, next;            /* numbers of the frames in the ring */
    size_t bytes;
    int64_t last_event; /* in the ring or before it */
    struct listener *listeners;
    size_t listener_count;
    struct loop_timer *heartbeat;
};

struct listener {
    struct fanout *fanout;
    struct fanout_filter filter;
    void (*wake)(void *ctx);
    void *ctx;
    struct listener *prev, *next;
    int64_t at;          /* the next frame of the ring */
    int64_t replay_from; /* the last event replayed from the log; replay_to reached: the ring goes on */
    int64_t replay_to;
    unsigned pages;  /* of the log, that this read may still look through */
    struct str note; /* what must go out before the ring's next frame */
    size_t note_at;
    bool is_idle, is_over;
};

/* --- who hears what --- */

static bool holds(const int64_t *ids, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++)
        if (ids[i] == id)
            return true;
    return false;
}

static bool hears(const struct fanout_filter *filter, unsigned topic, int64_t job_id)
{
    if (topic == FANOUT_LOG)
        return holds(filter->logs, filter->log_count, job_id);
    return topic == FANOUT_ALL || (filter->topics & topic) != 0 ||
           (job_id && holds(filter->jobs, filter->job_count, job_id));
}

/* --- the ring --- */

static void evict(struct fanout *fanout)
{
    struct frame *frame = &fanout->ring[fanout->first % RING_FRAMES];
    fanout->bytes -= frame->len;
    mem_clear_str(&frame->text);
    fanout->first++;
}

static void push_take(struct fanout *fanout, unsigned topic, int64_t job_id, struct str *text)
{
    size_t len = text->len;
    while (fanout->next - fanout->first >= RING_FRAMES || fanout->bytes > RING_BYTES)
        evict(fanout);
    fanout->ring[fanout->next % RING_FRAMES] = (struct frame){ topic, job_id, str_steal(text), len };
    fanout->bytes += len;
    int64_t number = fanout->next++;
    struct listener *listener, *next;
    DL_FOREACH_SAFE(fanout->listeners, listener, next)
    {
        if (!listener->is_idle)
            continue;
        if (!hears(&listener->filter, topic, job_id)) {
            listener->at = number + 1; /* an idle listener is at the ring's end: it need not look */
            continue;
        }
        listener->is_idle = false;
        listener->wake(listener->ctx);
    }
}

/* --- stored events --- */

static void render(const struct event_row *row, struct str *out)
{
    str_addf(out, "id: %lld\nevent: %s\ndata: ", (long long)row->id, row->kind);
    event_json(&(struct json_out){ .to = out }, row);
    str_add(out, "\n\n");
}

static int push_event(void *ctx, const struct event_row *row, struct err *err)
{
    (void)err;
    struct fanout *fanout = ctx;
    auto_str struct str text = STR_MAX(MAX_EVENT_BYTES * 2);
    render(row, &text);
    fanout->last_event = row->id;
    if (!text.failed)
        push_take(fanout, fanout_topic_of(row->topic), row->job_id, &text);
    return 0;
}

static void on_commit(void *ctx, int64_t last_id)
{
    struct fanout *fanout = ctx;
    struct err err = { 0 };
    while (fanout->listeners && fanout->last_event < last_id) {
        int64_t before = fanout->last_event;
        struct event_query query = { .after_id = before, .limit = PAGE_ROWS };
        if (event_store_list(fanout->gw->store, &query, push_event, fanout, &err) < 0) {
            log_error("events: %s", err.text); /* read again at the next commit or heartbeat */
            return;
        }
        if (fanout->last_event == before)
            break;
    }
    fanout->last_event = last_id; /* nobody listens: the log has it */
}

void fanout_publish(struct fanout *fanout, enum fanout_topic topic, int64_t job_id, const char *kind,
                    struct span data)
{
    if (!fanout || !fanout->listeners)
        return;
    auto_str struct str text = STR_MAX(data.len + 256);
    str_addf(&text, "event: %s\ndata: ", kind);
    str_add_span(&text, data);
    str_add(&text, "\n\n");
    push_take(fanout, topic, job_id, &text);
}

static void beat(void *ctx)
{
    struct fanout *fanout = ctx;
    auto_str struct str text = STR_MAX(8);
    str_add(&text, ":\n\n");
    on_commit(fanout, event_store_last(fanout->gw->store));
    if (fanout->listeners)
        push_take(fanout, FANOUT_ALL, 0, &text);
}

struct fanout *fanout_new(const struct gateway *gw)
{
    struct fanout *fanout = mem_zalloc(sizeof(*fanout));
    fanout->gw = gw;
    fanout->last_event = event_store_last(gw->store);
    fanout->heartbeat = loop_timer_new(gw->loop, beat, fanout);
    loop_timer_repeat(fanout->heartbeat, FANOUT_HEARTBEAT_MS, FANOUT_HEARTBEAT_MS);
    event_store_on_commit(gw->store, on_commit, fanout);
    return fanout;
}

void fanout_free(struct fanout *fanout)
{
    if (!fanout)
        return;
    event_store_off_commit(fanout->gw->store, fanout);
    loop_timer_free(fanout->heartbeat);
    while (fanout->first < fanout->next)
        evict(fanout);
    struct listener *listener;
    DL_FOREACH (fanout->listeners, listener) {
        loop_defer_drop(fanout->gw->loop, listener);
        listener->fanout = NULL;
    }
    mem_free_ptr(&fanout);
}

bool fanout_watches_log(const struct fanout *fanout, int64_t job_id)
{
    const struct listener *listener;
    if (!fanout)
        return false;
    DL_FOREACH (fanout->listeners, listener) {
        if (holds(listener->filter.logs, listener->filter.log_count, job_id))
            return true;
    }
    return false;
}

size_t fanout_listeners(const struct fanout *fanout)
{
    return fanout->listener_count;
}

/* --- one listener --- */

static void note_event(struct listener *listener, const char *kind, const char *reason, int64_t id)
{
    str_addf(&listener->note, "id: %lld\nevent: %s\ndata: {\"event\":%lld", (long long)id, kind,
             (long long)id);
    if (reason)
        str_addf(&listener->note, ",\"reason\":\"%s\"", reason);
    str_add(&listener->note, "}\n\n");
}

/* Why what came after that event cannot be told, or NULL. */
static const char *cannot_resume(struct fanout *fanout, int64_t after)
{
    int64_t first = 0;
    if (after > event_store_last(fanout->gw->store))
        return "unknown";
    if (event_store_first(fanout->gw->store, &first, NULL) < 0 || after + 1 < first)
        return "too old";
    return NULL;
}

struct listener *fanout_listen(struct fanout *fanout, const struct fanout_filter *filter, int64_t after,
                               void (*wake)(void *ctx), void *ctx)
{
    struct listener *listener = mem_zalloc(sizeof(*listener));
    int64_t last = fanout->last_event;
    *listener = (struct listener){ .fanout = fanout,
                                   .filter = *filter,
                                   .wake = wake,
                                   .ctx = ctx,
                                   .at = fanout->next,
                                   .note = STR_MAX(NOTE_BYTES) };
    str_add(&listener->note, "retry: 2000\n\n");
    const char *reason = after == FANOUT_FROM_NOW ? NULL : cannot_resume(fanout, after);
    if (reason)
        note_event(listener, "reset", reason, last);
    else if (after == FANOUT_FROM_NOW)
        note_event(listener, "hello", NULL, last);
    else
        listener->replay_from = after;
    listener->replay_to = reason || after == FANOUT_FROM_NOW ? 0 : last;
    DL_APPEND(fanout->listeners, listener);
    fanout->listener_count++;
    return listener;
}

void listener_free(struct listener *listener)
{
    if (!listener)
        return;
    if (listener->fanout) {
        loop_defer_drop(listener->fanout->gw->loop, listener);
        DL_DELETE(listener->fanout->listeners, listener);
        listener->fanout->listener_count--;
    }
    str_clear(&listener->note);
    mem_free_ptr(&listener);
}

static int replay_event(void *ctx, const struct event_row *row, struct err *err)
{
    (void)err;
    struct listener *listener = ctx;
    if (row->id > listener->replay_to)
        return 0;
    listener->replay_from = row->id;
    if (hears(&listener->filter, fanout_topic_of(row->topic), row->job_id))
        render(row, &listener->note);
    return 0;
}

/* The next page of what it missed, into its note. False: not in this read. */
static bool replay(struct listener *listener)
{
    if (!listener->pages)
        return false;
    listener->pages--;
    int64_t before = listener->replay_from;
    struct event_query query = { .after_id = before, .limit = PAGE_ROWS };
    struct err err = { 0 };
    if (event_store_list(listener->fanout->gw->store, &query, replay_event, listener, &err) < 0) {
        log_error("events: %s", err.text);
        listener->is_over = true; /* it comes back with the last id it has */
    }
    if (listener->replay_from == before)
        listener->replay_from = listener->replay_to;
    return true;
}

static size_t take_note(struct listener *listener, char *to, size_t max)
{
    struct span rest = span_head(span_skip(str_span(&listener->note), listener->note_at), max);
    if (rest.len)
        memcpy(to, rest.ptr, rest.len);
    listener->note_at += rest.len;
    if (listener->note_at == listener->note.len) {
        str_clear(&listener->note);
        listener->note_at = 0;
    }
    return rest.len;
}

/* Puts what the listener needs next into `to`, as far as it fits; the rest of a frame into its note, because
 * the ring may move on before the next read. */
static size_t take_frame(struct listener *listener, char *to, size_t max)
{
    struct fanout *fanout = listener->fanout;
    const struct frame *frame = &fanout->ring[listener->at++ % RING_FRAMES];
    if (!hears(&listener->filter, frame->topic, frame->job_id))
        return 0;
    struct span text = { frame->text, frame->len };
    struct span head = span_head(text, max);
    memcpy(to, head.ptr, head.len);
    str_add_span(&listener->note, span_skip(text, head.len));
    return head.len;
}

/* False: there is nothing to take. */
static bool step(struct listener *listener, char *to, size_t max, size_t *used)
{
    struct fanout *fanout = listener->fanout;
    if (listener->note.len) {
        *used += take_note(listener, to + *used, max - *used);
    } else if (listener->is_over) {
        return false;
    } else if (listener->replay_from < listener->replay_to) {
        return replay(listener);
    } else if (listener->at < fanout->first) {
        str_add(&listener->note, "event: dropped\ndata: {\"reason\":\"too slow: connect again\"}\n\n");
        listener->is_over = true;
    } else if (listener->at < fanout->next) {
        *used += take_frame(listener, to + *used, max - *used);
    } else {
        return false;
    }
    return true;
}

static void read_on(void *ctx)
{
    struct listener *listener = ctx;
    listener->wake(listener->ctx);
}

ssize_t listener_read(struct listener *listener, char *to, size_t max)
{
    size_t used = 0;
    if (!listener->fanout)
        return -1;
    loop_defer_drop(listener->fanout->gw->loop, listener);
    listener->pages = PAGES_A_READ;
    while (used < max && step(listener, to, max, &used))
        ;
    if (used)
        return (ssize_t)used;
    if (listener->is_over)
        return -1;
    listener->is_idle = listener->replay_from >= listener->replay_to;
    if (!listener->is_idle)
        loop_defer(listener->fanout->gw->loop, read_on, listener);
    return 0;
}
