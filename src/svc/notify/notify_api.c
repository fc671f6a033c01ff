#include "base/limits.h"
#include "base/mem.h"
#include "base/token.h"
#include "io/loop.h"
#include "svc/notify/notifier.h"
#include "svc/notify/notify.h"
#include "svc/notify/notify_inside.h"
#include "svc/settings.h"
#include "text/json_out.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* --- lists --- */

static void add_row(struct json_out *out, const struct outbox_row *row)
{
    json_open_object(out);
    json_member_str(out, "id", row->delivery);
    if (row->job_id)
        json_member_int(out, "job", row->job_id);
    json_member_int(out, "event", row->event_id);
    json_member_str(out, "occasion", row->occasion);
    json_member_str(out, "state", row->state);
    json_member_str(out, "status", outbox_status_word(row->status));
    json_member_int(out, "tries", row->tries);
    json_member_time(out, "created_at", row->created_at_us);
    json_member_time(out, "last_try_at", row->last_try_at_us);
    json_member_time(out, "next_try_at", row->status == OUTBOX_WAITING ? row->due_at_us : 0);
    json_member_time(out, "done_at", row->done_at_us);
    if (row->answer)
        json_member_int(out, "answer", row->answer);
    json_member_str(out, "error", row->error);
    json_close_object(out);
}

struct recent { /* of one notifier, newest first */
    struct str delivered, failed;
};

static int look(void *ctx, const struct outbox_row *row, struct err *err)
{
    struct recent *recent = ctx;
    (void)err;
    struct str *to = row->status == OUTBOX_DELIVERED ? &recent->delivered : &recent->failed;
    if (to->len || (row->status != OUTBOX_DELIVERED && !row->error))
        return 0;
    add_row(&(struct json_out){ .to = to }, row);
    return 0;
}

static int add_notifier(struct notify *notify, const struct notifier_config *config, struct json_out *out,
                        struct err *err)
{
    enum { LOOK_ROWS = 50 };
    struct store *store = notify->gw->store;
    struct outbox_counts counts;
    struct err problem = { 0 };
    auto_secrets struct notifier_secrets secrets = { 0 };
    auto_str struct str delivered = STR_MAX(8192), failed = STR_MAX(8192);
    struct recent recent = { delivered, failed };
    int rc = outbox_count(store, config->name, &counts, err);
    if (rc == 0)
        rc = outbox_list(store, &(struct outbox_query){ config->name, 0, LOOK_ROWS }, look, &recent, err);
    delivered = recent.delivered;
    failed = recent.failed;
    if (rc < 0)
        return -1;
    (void)notifier_secrets_read(config, state_dir_of(notify->gw), &secrets, &problem);
    json_open_object(out);
    json_member_str(out, "name", config->name);
    json_member_str(out, "type", notifier_type_word((enum notifier_type)config->type));
    for (int i = 0; i < OUTBOX_STATUS_COUNT; i++)
        json_member_int(out, outbox_status_word((enum outbox_status)i), counts.by_status[i]);
    json_member_raw(out, "last_delivery", str_span(&delivered));
    json_member_raw(out, "last_failure", str_span(&failed));
    json_member_str(out, "problem", problem.code ? problem.text : NULL);
    json_close_object(out);
    return 0;
}

int notify_list(struct notify *notify, struct str *to, struct err *err)
{
    const struct notifiers *notifiers = notify_notifiers(notify);
    struct json_out out = { .to = to };
    json_open_object(&out);
    json_key(&out, "items");
    json_open_array(&out);
    for (size_t i = 0; i < notifiers->count; i++)
        if (add_notifier(notify, &notifiers->items[i], &out, err) < 0)
            return -1;
    json_close_array(&out);
    json_member_raw(&out, "next", SPAN_LIT("null"));
    json_member_int(&out, "total", (int64_t)notifiers->count);
    json_close_object(&out);
    return to->failed ? err_set(err, ERR_TOO_LARGE, "the list of notifiers is too large") : 0;
}

struct page {
    struct json_out out;
    int64_t last;
    size_t count;
};

static int add_delivery(void *ctx, const struct outbox_row *row, struct err *err)
{
    struct page *page = ctx;
    (void)err;
    add_row(&page->out, row);
    page->last = row->id;
    page->count++;
    return 0;
}

static int find(struct notify *notify, const char *name, struct err *err)
{
    if (notifiers_find(notify_notifiers(notify), name))
        return 0;
    return err_set(err, ERR_NOT_FOUND, "there is no notifier %.100s in clusters.yaml", name);
}

int notify_deliveries(struct notify *notify, const char *name, const struct notify_page *asked,
                      struct str *to, struct err *err)
{
    struct page page = { .out = { .to = to } };
    int64_t before = 0;
    if (find(notify, name, err) < 0)
        return -1;
    if (asked->cursor && (!span_i64(span_of(asked->cursor), &before) || before <= 0))
        return err_set(err, ERR_INVALID, "cursor %.40s is none that a list gave", asked->cursor);
    if (asked->limit < 0 || asked->limit > MAX_PAGE_ROWS)
        return err_set(err, ERR_INVALID, "limit is 1 to %d", MAX_PAGE_ROWS);
    size_t rows = asked->limit ? (size_t)asked->limit : DEFAULT_PAGE_ROWS;
    json_open_object(&page.out);
    json_key(&page.out, "items");
    json_open_array(&page.out);
    const struct outbox_query query = { name, before, rows };
    if (outbox_list(notify->gw->store, &query, add_delivery, &page, err) < 0)
        return -1;
    json_close_array(&page.out);
    if (page.count == rows)
        str_addf(to, ",\"next\":\"%lld\"", (long long)page.last);
    else
        str_add(to, ",\"next\":null");
    str_add(to, ",\"total\":null}");
    return to->failed ? err_set(err, ERR_TOO_LARGE, "the page is too large; ask for fewer rows") : 0;
}

/* --- the test message --- */

struct test {
    answer_done *done;
    void *ctx;
};

static void report(struct flight *flight, bool ok, int64_t status, struct span words, bool is_error)
{
    struct test *test = flight->test;
    auto_str struct str text = STR_MAX(4 * FETCH_ANSWER_BYTES);
    struct json_out out = { .to = &text };
    int64_t now = clock_mono_us(flight->notify->gw->clock);
    json_open_object(&out);
    json_member_bool(&out, "ok", ok);
    json_member_str(&out, "id", flight->row.delivery);
    if (status)
        json_member_int(&out, "status", status);
    json_member_span(&out, is_error ? "error" : "answer", span_head(words, FETCH_ANSWER_BYTES / 4));
    json_member_int(&out, "elapsed_ms", flight->is_started ? (now - flight->started_us) / US_PER_MS : 0);
    json_close_object(&out);
    test->done(test->ctx, &(struct answer){ .ok = true, .body = str_span(&text) });
    free(test);
    flight_free(flight);
}

static void on_test_answer(void *ctx, const struct fetch_answer *answer)
{
    struct flight *flight = ctx;
    auto_str struct str text = STR_MAX(2 * FETCH_ANSWER_BYTES);
    int verdict = notify_judge(flight, answer, &text);
    report(flight, verdict > 0, answer->status, str_span(&text), answer->err != NULL);
}

static void start_test(void *ctx)
{
    struct flight *flight = ctx;
    struct err err = { 0 };
    if (notify_post(flight, on_test_answer, &err) < 0)
        report(flight, false, 0, span_of(err.text), true);
}

void notify_drop_tests(struct notify *notify)
{
    struct flight *flight, *next;
    DL_FOREACH_SAFE(notify->flights, flight, next)
    {
        if (!flight->test || flight->is_started)
            continue;
        loop_defer_drop(notify->gw->loop, flight);
        report(flight, false, 0, SPAN_LIT("the gateway is stopping"), true);
    }
}

static bool is_tested(const struct notify *notify, const char *name)
{
    const struct flight *flight;
    DL_FOREACH (notify->flights, flight)
        if (flight->test && strcmp(flight->row.notifier, name) == 0)
            return true;
    return false;
}

int notify_test(struct notify *notify, const char *name, answer_done *done, void *ctx, struct err *err)
{
    struct nonce nonce = nonce_new();
    if (find(notify, name, err) < 0)
        return -1;
    if (is_tested(notify, name))
        return err_set(err, ERR_BUSY, "a test message to %s is under way", name);
    struct outbox_row row = { .delivery = mem_dup_str(nonce.text),
                              .notifier = mem_dup_str(name),
                              .occasion = mem_dup_str("test"),
                              .event_at_us = clock_wall_us(notify->gw->clock) };
    struct flight *flight = flight_new_take(notify, &row);
    flight->test = mem_zalloc(sizeof(*flight->test));
    *flight->test = (struct test){ done, ctx };
    loop_defer(notify->gw->loop, start_test, flight);
    return 0;
}
