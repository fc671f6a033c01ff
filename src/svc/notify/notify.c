#include "svc/notify/notify.h"

#include "base/log.h"
#include "base/mem.h"
#include "domain/notice.h"
#include "domain/resolve.h"
#include "io/loop.h"
#include "store/event_store.h"
#include "store/misc_store.h"
#include "svc/notify/notify_inside.h"
#include "svc/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

enum {
    RETRY_MS = 5000,
    MAX_SLEEP_MS = 60 * 1000,
    MAX_NAMES_BYTES = 512 * 1024 /* of all notifiers: more than a configuration holds */
};
#define PRUNE_EVERY_US (INT64_C(3600) * US_PER_S)

static const char cursor_key[] = "notify.cursor";

const struct notifiers *notify_notifiers(const struct notify *notify)
{
    return &settings_clusters(notify->gw->settings)->notifiers;
}

void notify_wake(struct notify *notify, int64_t ms)
{
    if (!notify->is_stopping)
        loop_timer_start(notify->timer, ms < MAX_SLEEP_MS ? ms : MAX_SLEEP_MS);
}

struct flight *flight_new_take(struct notify *notify, const struct outbox_row *row)
{
    struct flight *flight = mem_zalloc(sizeof(*flight));
    *flight = (struct flight){ .notify = notify, .row = *row };
    DL_APPEND(notify->flights, flight);
    return flight;
}

void flight_free(struct flight *flight)
{
    DL_DELETE(flight->notify->flights, flight);
    outbox_row_clear(&flight->row);
    free(flight);
}

static void run_later(void *ctx)
{
    notify_run(ctx);
}

/* From inside the flush: the store must not change here. */
static void on_commit(void *ctx, int64_t last_id)
{
    struct notify *notify = ctx;
    (void)last_id;
    if (notify->is_started)
        notify_wake(notify, 0);
}

/* settings_load has refused what is no rule. */
static void read_allowed(struct notify *notify)
{
    const struct strs *allow = &settings_daemon(notify->gw->settings)->webhooks_allow;
    net_guard_clear(&notify->guard);
    for (size_t i = 0; i < allow->count; i++)
        (void)net_guard_add(&notify->guard, allow->items[i], NULL);
}

struct notify *notify_new(const struct gateway *gw)
{
    struct notify *notify = mem_zalloc(sizeof(*notify));
    notify->gw = gw;
    read_allowed(notify);
    notify->timer = loop_timer_new(gw->loop, run_later, notify);
    event_store_on_commit(gw->store, on_commit, notify);
    return notify;
}

void notify_reload(struct notify *notify)
{
    fetch_free(notify->fetch); /* what was on its way under the old rules is tried again under the new */
    notify->fetch = NULL;
    read_allowed(notify);
}

void notify_free(struct notify *notify)
{
    if (!notify)
        return;
    notify->is_stopping = true;
    event_store_off_commit(notify->gw->store, notify);
    notify_drop_tests(notify);
    fetch_free(notify->fetch); /* ends its flights */
    while (store_has_pending(notify->gw->store) && store_flush(notify->gw->store, NULL) == 0)
        ; /* those that wait for a commit end there */
    notify_drop_unstored(notify);
    loop_timer_free(notify->timer);
    net_guard_clear(&notify->guard);
    free(notify);
}

/* --- how far the log was read --- */

static int read_cursor(struct notify *notify, struct err *err)
{
    auto_free char *text = NULL;
    if (value_store_get(notify->gw->store, cursor_key, &text, err) < 0)
        return -1;
    if (!text || !span_i64(span_of(text), &notify->cursor))
        notify->cursor = -1;
    notify->stored_cursor = notify->cursor;
    return 0;
}

static void after_commit(void *ctx, bool committed)
{
    struct notify *notify = ctx;
    struct err err = { 0 };
    if (notify->is_stopping)
        return;
    if (committed) {
        notify_wake(notify, 0);
        return;
    }
    if (read_cursor(notify, &err) < 0)
        log_error("notifications: %s", err.text);
    notify_wake(notify, RETRY_MS);
}

static int store_cursor(struct notify *notify, struct err *err)
{
    auto_str struct str text = STR_MAX(32);
    str_addf(&text, "%lld", (long long)notify->cursor);
    if (value_store_put(notify->gw->store, cursor_key, str_text(&text), err) < 0)
        return -1;
    notify->stored_cursor = notify->cursor;
    store_after_commit(notify->gw->store, after_commit, notify);
    return 0;
}

int notify_start(struct notify *notify, struct err *err)
{
    if (read_cursor(notify, err) < 0)
        return -1;
    if (notify->cursor < 0) { /* the first start: what was before is nobody's news */
        notify->cursor = event_store_last(notify->gw->store);
        if (store_cursor(notify, err) < 0)
            return -1;
    }
    notify->is_started = true;
    notify_wake(notify, 0);
    return 0;
}

/* Rows and cursor go together; where nothing was planned the cursor is stored now and then only, for reading
 * the same events twice plans nothing twice. */
static int plan(struct notify *notify, struct err *err)
{
    enum { UNSTORED_EVENTS = 1000 };
    int rc;
    while ((rc = notify_plan(notify, err)) == 1)
        ;
    if (rc < 0)
        return -1;
    bool has_planned = store_has_pending(notify->gw->store);
    if (notify->cursor - notify->stored_cursor > (has_planned ? 0 : UNSTORED_EVENTS))
        return store_cursor(notify, err);
    return 0;
}

static void list_names(const struct notify *notify, struct str *to)
{
    const struct notifiers *notifiers = notify_notifiers(notify);
    for (size_t i = 0; i < notifiers->count; i++)
        str_addf(to, "\n%s\n", notifiers->items[i].name);
}

static void prune(struct notify *notify)
{
    struct err err = { 0 };
    auto_str struct str present = STR_MAX(MAX_NAMES_BYTES);
    struct store *store = notify->gw->store;
    int64_t now = clock_wall_us(notify->gw->clock), mono = clock_mono_us(notify->gw->clock);
    if (mono - notify->pruned_us < PRUNE_EVERY_US)
        return;
    notify->pruned_us = mono;
    list_names(notify, &present);
    if (outbox_expire(store, now - NOTIFY_GIVE_UP_S * US_PER_S, str_text(&present),
                      "there is no such notifier any more", &err) < 0 ||
        outbox_prune(store, now - NOTIFY_KEEP_S * US_PER_S, &err) < 0)
        log_warn("pruning notifications: %s", err.text);
}

void notify_run(struct notify *notify)
{
    struct err err = { 0 };
    int64_t now = clock_wall_us(notify->gw->clock);
    if (plan(notify, &err) < 0) {
        log_error("notifications: %s", err.text);
        notify_wake(notify, RETRY_MS);
        return;
    }
    int64_t next = notify_send_due(notify);
    prune(notify);
    notify_wake(notify, next > now ? (next - now) / US_PER_MS + 1 : 1000);
}

/* --- what a job asks for --- */

static void fault(const struct resolved *resolved, const char *path, struct errs *errs, const char *text)
{
    const struct origin *origin = resolved_origin(resolved, path);
    (void)errs_add(errs, &(struct errs_item){ .file = origin->file,
                                              .line = origin->line,
                                              .col = origin->col,
                                              .path = path,
                                              .pointer = origin->pointer ? origin->pointer : path,
                                              .text = text });
}

int notify_check(const struct gateway *gw, const struct resolved *resolved, struct errs *errs)
{
    const struct notifiers *notifiers = &settings_clusters(gw->settings)->notifiers;
    const struct doc *when = resolved_doc(resolved, "notify.when");
    const struct doc *to = resolved_doc(resolved, "notify.to");
    char text[256];
    int rc = 0;
    for (size_t i = 0; when->kind == DOC_SEQ && i < when->count; i++) {
        const char *word = doc_scalar_text(&when->items[i]);
        if (word && notice_when_is_known(word))
            continue;
        (void)snprintf(text, sizeof(text), "%.100s is no occasion: started, finished, failed, ...",
                       word ? word : "?");
        fault(resolved, "notify.when", errs, text);
        rc = -1;
    }
    for (size_t i = 0; to->kind == DOC_SEQ && i < to->count; i++) {
        const char *name = doc_scalar_text(&to->items[i]);
        if (name && notifiers_find(notifiers, name))
            continue;
        (void)snprintf(text, sizeof(text), "there is no notifier %.100s in clusters.yaml", name ? name : "?");
        fault(resolved, "notify.to", errs, text);
        rc = -1;
    }
    return rc;
}
