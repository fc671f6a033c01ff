#include "base/log.h"
#include "base/mem.h"
#include "base/token.h"
#include "domain/notice.h"
#include "store/event_store.h"
#include "store/job_store.h"
#include "svc/notify/notify.h"
#include "svc/notify/notify_inside.h"
#include "text/json_in.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH = 200 };

struct event {
    int64_t id, job_id, time_us;
    enum job_state from, state; /* UNKNOWN: no change of state */
    const char *occasion;       /* static, NULL none */
};

struct batch {
    struct event events[BATCH];
    size_t count, seen;
    int64_t last;
};

static bool read_states(const char *data, struct event *event)
{
    auto_doc struct doc *doc = NULL;
    if (!data || json_parse(span_of(data), &doc, NULL) < 0)
        return false;
    const char *state = doc_scalar_text(doc_get(doc, "state"));
    const char *from = doc_scalar_text(doc_get(doc, "from"));
    event->state = job_state_of(span_of(state));
    event->from = job_state_of(span_of(from));
    return event->state != JOB_STATE_UNKNOWN;
}

/* The events that may concern anybody. */
static int collect(void *ctx, const struct event_row *row, struct err *err)
{
    struct batch *batch = ctx;
    struct event event = { .id = row->id, .job_id = row->job_id, .time_us = row->time_us };
    (void)err;
    batch->seen++;
    batch->last = row->id;
    if (!row->job_id)
        return 0;
    if (strcmp(row->kind, "requeued") == 0)
        event.occasion = "requeued";
    else if (strcmp(row->kind, "verdict") == 0)
        event.occasion = "verdict";
    else if (strcmp(row->kind, "state") == 0 && read_states(row->data, &event))
        event.occasion = notice_occasion(event.from, event.state);
    else
        return 0;
    batch->events[batch->count++] = event;
    return 0;
}

static bool is_asked_for(const struct doc *when, const struct notice_event *event)
{
    for (size_t i = 0; when && when->kind == DOC_SEQ && i < when->count; i++) {
        const char *word = doc_scalar_text(&when->items[i]);
        if (word && notice_fits(word, event))
            return true;
    }
    return false;
}

static int add_row(struct notify *notify, const struct event *event, const char *name, struct err *err)
{
    struct nonce nonce = nonce_new();
    bool has_ended = event->state != JOB_STATE_UNKNOWN && job_state_is_terminal(event->state);
    const char *state = event->state != JOB_STATE_UNKNOWN ? job_state_word(event->state) : NULL;
    int64_t now = clock_wall_us(notify->gw->clock);
    struct outbox_row row = { .delivery = nonce.text,
                              .event_id = event->id,
                              .job_id = event->job_id,
                              .notifier = (char *)name,
                              .occasion = (char *)(event->occasion ? event->occasion : "state"),
                              .state = (char *)state,
                              .event_at_us = event->time_us,
                              .due_at_us = now + (has_ended ? NOTIFY_SETTLE_S * US_PER_S : 0) };
    return outbox_add(notify->gw->store, &row, err);
}

static int add_rows(struct notify *notify, const struct event *event, const struct doc *to, struct err *err)
{
    for (size_t i = 0; to && to->kind == DOC_SEQ && i < to->count; i++) {
        const char *name = doc_scalar_text(&to->items[i]);
        if (!name || !notifiers_find(notify_notifiers(notify), name))
            log_warn("job %lld: there is no notifier %s any more", (long long)event->job_id,
                     name ? name : "?");
        else if (add_row(notify, event, name, err) < 0)
            return -1;
    }
    return 0;
}

static const struct doc *value_of(const struct doc *resolved, const char *path)
{
    return doc_get(doc_get(resolved, path), "value");
}

/* What the job asked for when it was submitted. */
static int plan_event(struct notify *notify, const struct event *event, struct err *err)
{
    auto_free char *text = NULL;
    auto_doc struct doc *resolved = NULL;
    auto_job struct job *job = NULL;
    if (job_store_resolved(notify->gw->store, event->job_id, &text, err) < 0)
        return -1;
    if (!text || !strstr(text, "\"notify.to\"") || json_parse(span_of(text), &resolved, NULL) < 0)
        return 0;
    const struct doc *to = value_of(resolved, "notify.to");
    if (!to || to->kind != DOC_SEQ || to->count == 0)
        return 0;
    struct err why;
    if (job_store_get(notify->gw->store, event->job_id, &job, &why) < 0)
        return why.code == ERR_NOT_FOUND ? 0 /* removed meanwhile */ : err_set(err, why.code, "%s", why.text);
    const struct notice_event asked = { event->occasion, event->state, job->verdict };
    return is_asked_for(value_of(resolved, "notify.when"), &asked) ? add_rows(notify, event, to, err) : 0;
}

int notify_plan(struct notify *notify, struct err *err)
{
    struct event_query query = { .after_id = notify->cursor, .limit = BATCH };
    struct batch *batch = mem_zalloc(sizeof(*batch));
    batch->last = notify->cursor;
    int rc = event_store_list(notify->gw->store, &query, collect, batch, err);
    bool has_anybody = notify_notifiers(notify)->count > 0;
    for (size_t i = 0; rc == 0 && has_anybody && i < batch->count; i++)
        rc = plan_event(notify, &batch->events[i], err);
    if (rc == 0)
        notify->cursor = batch->last;
    if (rc == 0)
        rc = batch->seen == BATCH;
    free(batch);
    return rc;
}
