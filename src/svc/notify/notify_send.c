#include "base/log.h"
#include "base/mem.h"
#include "base/token.h"
#include "store/job_store.h"
#include "svc/notify/notifier.h"
#include "svc/notify/notify.h"
#include "svc/notify/notify_inside.h"
#include "svc/settings.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static const struct notifier_config *config_of(const struct flight *flight)
{
    return notifiers_find(notify_notifiers(flight->notify), flight->row.notifier);
}

/* --- the message --- */

/* At the first try: the verdict is there by then, and later tries say the same. */
static int compose(struct flight *flight, struct err *err)
{
    const struct gateway *gw = flight->notify->gw;
    struct outbox_row *row = &flight->row;
    auto_job struct job *job = NULL;
    auto_str struct str text = STR_MAX(MAX_NOTICE_BYTES);
    if (row->message)
        return 0;
    if (row->job_id && job_store_get(gw->store, row->job_id, &job, err) < 0)
        return err_wrap(err, "job %lld", (long long)row->job_id);
    const struct notice_input in = { .delivery = row->delivery,
                                     .occasion = row->occasion,
                                     .state = row->state,
                                     .time_us = row->event_at_us,
                                     .job = job,
                                     .public_url = settings_daemon(gw->settings)->public_url };
    notice_render(&in, &text);
    if (text.failed)
        return err_set(err, ERR_TOO_LARGE, "the message is too large");
    row->message = str_steal(&text);
    return 0;
}

static int start_fetch(struct flight *flight, const struct notifier_post *post, fetch_done *done,
                       struct err *err)
{
    const struct notifier_config *config = config_of(flight);
    auto_secrets struct notifier_secrets secrets = { 0 };
    const char *headers[16] = { 0 };
    struct fetch_mail mail = { .from = config->from,
                               .to = (const char *const *)config->to.items,
                               .to_count = config->to.count,
                               .tls = config->tls == NOTIFIER_CLEAR ? FETCH_CLEAR : FETCH_STARTTLS };
    struct fetch_request request = { .url = str_text(&post->url),
                                     .headers = headers,
                                     .body = str_span(&post->body),
                                     .mail = config->type == NOTIFIER_EMAIL ? &mail : NULL };
    for (size_t i = 0; i < post->headers.count && i + 1 < ARRAY_LEN(headers); i++)
        headers[i] = post->headers.items[i];
    if (config->user) {
        if (notifier_secrets_read(config, state_dir_of(flight->notify->gw), &secrets, err) < 0)
            return -1;
        mail.user = config->user;
        mail.password = str_text(&secrets.password);
    }
    struct notify *notify = flight->notify;
    if (!notify->fetch) /* libcurl costs time and memory only where something is sent */
        notify->fetch = fetch_new(notify->gw->loop, &notify->guard);
    return fetch_start(notify->fetch, &request, done, flight, err);
}

int notify_post(struct flight *flight, fetch_done *done, struct err *err)
{
    const struct notifier_config *config = config_of(flight);
    auto_secrets struct notifier_secrets secrets = { 0 };
    auto_notice struct notice notice = { 0 };
    auto_post struct notifier_post post = { 0 };
    if (!config)
        return err_set(err, ERR_NOT_FOUND, "there is no notifier %s any more", flight->row.notifier);
    if (compose(flight, err) < 0 || notice_parse(span_of(flight->row.message), &notice, err) < 0 ||
        notifier_secrets_read(config, state_dir_of(flight->notify->gw), &secrets, err) < 0)
        return -1;
    const struct notifier_message message = { .config = config,
                                              .secrets = &secrets,
                                              .notice = &notice,
                                              .json = span_of(flight->row.message),
                                              .now_us = clock_wall_us(flight->notify->gw->clock) };
    if (notifier_render(&message, &post, err) < 0)
        return -1;
    flight->is_started = true;
    flight->started_us = clock_mono_us(flight->notify->gw->clock);
    return start_fetch(flight, &post, done, err);
}

/* --- what came of it --- */

/* HTTP: what the other side will never take. Mail: SMTP's 5xx. */
static bool is_for_good(const struct flight *flight, int64_t status)
{
    const struct notifier_config *config = config_of(flight);
    if (config && config->type == NOTIFIER_EMAIL)
        return status >= 500;
    return status >= 300 && status < 500 && status != 408 && status != 425 && status != 429;
}

int notify_judge(const struct flight *flight, const struct fetch_answer *answer, struct str *text)
{
    auto_secrets struct notifier_secrets secrets = { 0 };
    const struct notifier_config *config = config_of(flight);
    bool took = !answer->err && answer->status >= 200 && answer->status < 300;
    if (config)
        (void)notifier_secrets_read(config, state_dir_of(flight->notify->gw), &secrets, NULL);
    struct span words = answer->err ? span_of(answer->err->text) : answer->body;
    notifier_redact(&secrets, words, text);
    return took ? 1 : is_for_good(flight, answer->status) ? -1 : 0;
}

/* Doubles from NOTIFY_FIRST_RETRY_S to NOTIFY_MAX_RETRY_S, and up to a quarter more, so that those who failed
 * together do not come back together. */
static int64_t back_off_us(const struct outbox_row *row, int64_t asked_s)
{
    int64_t wait = NOTIFY_FIRST_RETRY_S;
    uint32_t random = 0;
    for (int64_t i = 1; i < row->tries && wait < NOTIFY_MAX_RETRY_S; i++)
        wait *= 2;
    if (wait < asked_s)
        wait = asked_s;
    if (wait > NOTIFY_MAX_RETRY_S)
        wait = NOTIFY_MAX_RETRY_S;
    token_random(&random, sizeof(random));
    return wait * US_PER_S + (int64_t)(random % 1024) * wait * US_PER_S / 4096;
}

static void settle(struct flight *flight, int verdict, int64_t asked_s)
{
    struct outbox_row *row = &flight->row;
    int64_t now = clock_wall_us(flight->notify->gw->clock);
    row->tries++;
    row->last_try_at_us = now;
    row->due_at_us = now + back_off_us(row, asked_s);
    if (verdict > 0)
        row->status = OUTBOX_DELIVERED;
    else if (verdict < 0 || (row->tries >= NOTIFY_MIN_TRIES &&
                             row->due_at_us > row->created_at_us + NOTIFY_GIVE_UP_S * US_PER_S))
        row->status = OUTBOX_DEAD;
    if (row->status != OUTBOX_WAITING)
        row->done_at_us = now;
    if (row->status == OUTBOX_DEAD)
        log_warn("notifier %s: message %s of job %lld given up after %lld tries: %s", row->notifier,
                 row->delivery, (long long)row->job_id, (long long)row->tries, row->error ? row->error : "?");
}

/* Only a row that was stored makes room for the next one of its notifier: before, it still waits and would be
 * sent again, over and over while a disk is full. Only a restart in between sends it twice (the receiver
 * knows the id). */
static void landed(void *ctx, bool committed)
{
    struct flight *flight = ctx;
    struct notify *notify = flight->notify;
    flight->is_unstored = !committed;
    if (committed)
        flight_free(flight);
    notify_wake(notify, committed ? 0 : NOTIFY_FIRST_RETRY_S * 1000);
}

static void land(struct flight *flight)
{
    struct err err = { 0 };
    struct store *store = flight->notify->gw->store;
    flight->is_unstored = outbox_update(store, &flight->row, &err) < 0;
    if (!flight->is_unstored) {
        store_after_commit(store, landed, flight);
        return;
    }
    log_error("notifications: %s", err.text);
    notify_wake(flight->notify, NOTIFY_FIRST_RETRY_S * 1000);
}

void notify_drop_unstored(struct notify *notify)
{
    struct flight *flight, *next;
    DL_FOREACH_SAFE(notify->flights, flight, next)
    if (flight->is_unstored)
        flight_free(flight);
}

static void on_answer(void *ctx, const struct fetch_answer *answer)
{
    struct flight *flight = ctx;
    auto_str struct str text = STR_MAX(FETCH_ANSWER_BYTES * 2), clean = STR_MAX(400);
    if (answer->err && answer->err->code == ERR_CANCELLED) {
        flight_free(flight); /* the row waits for the next start */
        return;
    }
    int verdict = notify_judge(flight, answer, &text);
    if (!answer->err)
        str_addf(&clean, "answer %lld: ", (long long)answer->status);
    str_add_span(&clean, span_head(str_span(&text), 300));
    flight->row.answer = answer->status;
    mem_replace_str(&flight->row.error, verdict > 0 ? NULL : str_text(&clean));
    settle(flight, verdict, answer->retry_after_s);
    land(flight);
}

static void fail(struct flight *flight, const struct err *err)
{
    flight->row.answer = 0;
    mem_replace_str(&flight->row.error, err->text);
    settle(flight, err->code == ERR_NOT_FOUND && !flight->row.message ? -1 : 0, 0);
    land(flight);
}

/* --- what is due --- */

static void leave_in_outbox(struct flight *flight)
{
    struct notify *notify = flight->notify;
    flight_free(flight);
    notify_wake(notify, NOTIFY_FIRST_RETRY_S * 1000);
}

static void after_commit(void *ctx, bool committed)
{
    struct flight *flight = ctx;
    struct err err = { 0 };
    if (!committed || flight->notify->is_stopping) {
        leave_in_outbox(flight);
        return;
    }
    if (notify_post(flight, on_answer, &err) < 0)
        fail(flight, &err);
}

/* The message is kept before it is first sent: every try says the same. */
static void depart(struct flight *flight)
{
    struct err err = { 0 };
    bool is_new = !flight->row.message;
    if (compose(flight, &err) < 0) {
        fail(flight, &err);
        return;
    }
    if (is_new && outbox_update(flight->notify->gw->store, &flight->row, &err) < 0) {
        log_error("notifications: %s", err.text);
        leave_in_outbox(flight);
        return;
    }
    store_after_commit(flight->notify->gw->store, after_commit, flight);
}

static bool is_flying(const struct notify *notify, const char *name)
{
    const struct flight *flight;
    DL_FOREACH (notify->flights, flight)
        if (!flight->test && strcmp(flight->row.notifier, name) == 0)
            return true;
    return false;
}

static int take(void *ctx, const struct outbox_row *row, struct err *err)
{
    struct outbox_row *to = ctx;
    (void)err;
    *to = *row;
    to->delivery = mem_dup_str(row->delivery);
    to->notifier = mem_dup_str(row->notifier);
    to->occasion = mem_dup_str(row->occasion);
    to->state = mem_dup_str(row->state);
    to->message = mem_dup_str(row->message);
    to->error = mem_dup_str(row->error);
    return 0;
}

/* The earliest waiting row of a notifier: sent where it is due. Gives when to look again. */
static int64_t send_one(struct notify *notify, const char *name)
{
    struct outbox_row row = { 0 };
    struct err err = { 0 };
    if (outbox_due(notify->gw->store, name, 1, take, &row, &err) < 0) {
        log_error("notifications: %s", err.text);
        return clock_wall_us(notify->gw->clock) + US_PER_S;
    }
    if (!row.id)
        return INT64_MAX;
    int64_t now = clock_wall_us(notify->gw->clock), due = row.due_at_us;
    bool was_set_back = due > now + 2 * NOTIFY_MAX_RETRY_S * US_PER_S; /* no wait is that long */
    if (due > now && !was_set_back) {
        outbox_row_clear(&row);
        return due;
    }
    depart(flight_new_take(notify, &row));
    return INT64_MAX;
}

int64_t notify_send_due(struct notify *notify)
{
    const struct notifiers *notifiers = notify_notifiers(notify);
    int64_t next = INT64_MAX;
    struct flight *flight;
    DL_FOREACH (notify->flights, flight)
        if (flight->is_unstored)
            land(flight);
    for (size_t i = 0; i < notifiers->count; i++) {
        const char *name = notifiers->items[i].name;
        int64_t due = is_flying(notify, name) ? INT64_MAX : send_one(notify, name);
        if (due < next)
            next = due;
    }
    return next;
}
