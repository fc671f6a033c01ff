/* Covers: svc/notify/notify_plan, svc/notify/notify_send, svc/notify/notify_api. */
#include "unit/svc/gateway_fixture.h"

#include "base/mem.h"
#include "domain/request.h"
#include "domain/resolve.h"
#include "store/misc_store.h"
#include "store/outbox.h"
#include "support/fault_vfs.h"
#include "support/sink.h"
#include "svc/notify/notify.h"
#include "text/json_in.h"

#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

enum { MINUTE_MS = 60 * 1000, PATIENCE_S = 20 };

struct world {
    struct fixture f;
    struct sink sink;
    char answer[4096]; /* of a test message */
};

static void put_secret(const struct world *w, const char *name, const char *text)
{
    char path[192];
    (void)snprintf(path, sizeof(path), "%s/secrets", w->f.state);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof(path), "%s/secrets/%s", w->f.state, name);
    fixture_write(path, text);
    assert_int_equal(chmod(path, 0600), 0);
}

static void world_restart(struct world *w, bool is_up)
{
    sink_down(&w->sink);
    fixture_restart(&w->f);
    if (is_up)
        sink_up(&w->sink, w->f.gw.loop);
}

static struct world *world_new(void)
{
    struct world *w = mem_zalloc(sizeof(*w));
    char url[64];
    fixture_open(&w->f);
    w->sink.reply = SINK_OK;
    sink_up(&w->sink, w->f.gw.loop);
    fixture_write(w->f.clusters, "notifiers:\n"
                                 "  ci: {type: webhook, url_secret: ci-url, sign_secret: ci-key}\n"
                                 "  team: {type: slack, url_secret: team-url}\n"
                                 "clusters:\n"
                                 "  - {name: alder, type: slurm, host: me@login.example}\n");
    (void)snprintf(w->f.extra, sizeof(w->f.extra), "webhooks: {allow: [\"127.0.0.1:%u\"]}\n", w->sink.port);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/hook/T0KEN\n", w->sink.port);
    put_secret(w, "ci-url", url);
    put_secret(w, "ci-key", "S1GNKEY\n");
    world_restart(w, true);
    return w;
}

static void world_free(struct world *w)
{
    sink_clear(&w->sink);
    fixture_close(&w->f);
    free(w);
}

static struct job *job_that_asks(struct world *w, const char *when, const char *to)
{
    struct err err = { 0 };
    char resolved[512];
    struct job *job = job_new();
    struct token token = token_new(clock_wall_us(w->f.gw.clock));
    job->token = mem_dup_str(token.text);
    job->name = mem_dup_str("train");
    job->cluster = mem_dup_str("alder");
    job->scheduler = mem_dup_str("slurm");
    job->created_at_us = clock_wall_us(w->f.gw.clock);
    (void)snprintf(
        resolved, sizeof(resolved),
        "{\"notify.when\":{\"value\":[%s],\"origin\":{}},\"notify.to\":{\"value\":[%s],\"origin\":{}}}", when,
        to);
    struct job_script script = { .script = (char *)"true\n", .resolved = resolved };
    if (jobs_add_take(w->f.gw.jobs, job, &script, &err) < 0)
        fail_msg("insert: %s", err.text);
    fixture_turn(&w->f, 0);
    return job;
}

static void fail_job(struct world *w, struct job *job)
{
    jobs_enter(w->f.gw.jobs, job, JOB_STATE_PENDING, NULL);
    jobs_enter(w->f.gw.jobs, job, JOB_STATE_RUNNING, NULL);
    jobs_enter(w->f.gw.jobs, job, JOB_STATE_FAILED, "exit code 1");
    fixture_turn(&w->f, 0);
}

static int count_row(void *ctx, const struct outbox_row *row, struct err *err)
{
    struct outbox_row *last = ctx;
    (void)err;
    int64_t seen = last->id + 1; /* counts here, the newest row's fields beside it */
    if (seen == 1) {
        *last = *row;
        (void)snprintf(last->state = mem_zalloc(400), 400, "%s", row->error ? row->error : "");
    }
    last->id = seen;
    last->delivery = last->notifier = last->occasion = last->message = last->error = NULL;
    return 0;
}

/* Rows of a notifier: how many in id, the newest's figures, its error in state. Cleared by the caller. */
static struct outbox_row rows_of(struct world *w, const char *name)
{
    struct outbox_row row = { 0 };
    assert_int_equal(
        outbox_list(w->f.gw.store, &(struct outbox_query){ name, 0, 200 }, count_row, &row, NULL), 0);
    return row;
}

/* The newest row of ci. */
static enum outbox_status status_now(struct world *w, int64_t *tries)
{
    struct outbox_row row = rows_of(w, "ci");
    if (tries)
        *tries = row.tries;
    enum outbox_status status = row.status;
    outbox_row_clear(&row);
    return status;
}

static void run_until(struct world *w, size_t messages, int64_t tries)
{
    int64_t end = clock_mono_us(&clock_real) + PATIENCE_S * US_PER_S, now = 0;
    notify_run(w->f.gw.notify);
    do {
        fixture_turn(&w->f, 0);
        if (tries >= 0)
            (void)status_now(w, &now);
        if (clock_mono_us(&clock_real) > end)
            fail_msg("waited for %zu messages and %lld tries: %zu and %lld", messages, (long long)tries,
                     w->sink.count, (long long)now);
    } while (w->sink.count < messages || now < tries);
}

static void a_failed_job_is_told_of_once(void **state)
{
    struct world *w = world_new();
    (void)state;
    fail_job(w, job_that_asks(w, "\"failed\",\"ended\"", "\"ci\""));
    fixture_turn(&w->f, NOTIFY_SETTLE_S * 1000);
    run_until(w, 1, 1);
    assert_int_equal(status_now(w, NULL), OUTBOX_DELIVERED);
    assert_non_null(strstr(w->sink.got[0], "POST /hook/T0KEN HTTP/1.1"));
    assert_non_null(strstr(w->sink.got[0], "X-Sluice-Signature: v1="));
    assert_non_null(strstr(w->sink.got[0], "\"title\":\"train (job 1) failed on alder\""));
    fixture_turn(&w->f, 60 * MINUTE_MS);
    notify_run(w->f.gw.notify);
    fixture_turn(&w->f, 0);
    assert_int_equal(w->sink.count, 1);
    world_free(w);
}

static void only_what_was_asked_for_is_told(void **state)
{
    struct world *w = world_new();
    (void)state;
    fail_job(w, job_that_asks(w, "\"finished\",\"requeued\"", "\"ci\""));
    fail_job(w, job_that_asks(w, "\"failed\"", ""));
    fail_job(w, job_that_asks(w, "\"failed\"", "\"gone\""));
    fail_job(w, job_that_asks(w, "\"started\",\"verdict\"", "\"ci\""));
    run_until(w, 1, 1);
    fixture_turn(&w->f, 60 * MINUTE_MS);
    notify_run(w->f.gw.notify);
    fixture_turn(&w->f, 0);
    assert_int_equal(w->sink.count, 1);
    assert_non_null(strstr(w->sink.got[0], "train (job 4) started on alder"));
    world_free(w);
}

/* Drill 31: the target is down for a day, and the gateway starts anew meanwhile. */
static void a_target_that_is_down_for_a_day_hears_once(void **state)
{
    struct world *w = world_new();
    int64_t tries = 0;
    (void)state;
    sink_down(&w->sink);
    fail_job(w, job_that_asks(w, "\"failed\"", "\"ci\""));
    for (int minutes = 0; minutes < 24 * 60; minutes += 40) {
        fixture_turn(&w->f, 40 * MINUTE_MS);
        run_until(w, 0, tries + 1);
        assert_int_equal(status_now(w, &tries), OUTBOX_WAITING);
    }
    assert_int_equal(tries, 36);
    world_restart(w, true);
    assert_int_equal(status_now(w, &tries), OUTBOX_WAITING);
    fixture_turn(&w->f, 40 * MINUTE_MS);
    run_until(w, 1, tries + 1);
    assert_int_equal(status_now(w, NULL), OUTBOX_DELIVERED);
    world_restart(w, true);
    fixture_turn(&w->f, 40 * MINUTE_MS);
    notify_run(w->f.gw.notify);
    fixture_turn(&w->f, 0);
    assert_int_equal(w->sink.count, 1);
    world_free(w);
}

static void a_clock_that_is_set_back_holds_up_no_message(void **state)
{
    struct world *w = world_new();
    int64_t tries = 0;
    (void)state;
    sink_down(&w->sink);
    fail_job(w, job_that_asks(w, "\"failed\"", "\"ci\""));
    fixture_turn(&w->f, NOTIFY_SETTLE_S * 1000);
    run_until(w, 0, 1);
    w->f.clock.wall -= INT64_C(86400) * US_PER_S;
    world_restart(w, true);
    run_until(w, 1, 2);
    assert_int_equal(status_now(w, &tries), OUTBOX_DELIVERED);
    world_free(w);
}

static void who_never_answers_is_given_up(void **state)
{
    struct world *w = world_new();
    int64_t tries = 0;
    (void)state;
    sink_down(&w->sink);
    fail_job(w, job_that_asks(w, "\"failed\"", "\"ci\""));
    for (int i = 0; status_now(w, &tries) == OUTBOX_WAITING && i < 60; i++) {
        fixture_turn(&w->f, 40 * MINUTE_MS);
        run_until(w, 0, tries + 1);
    }
    struct outbox_row row = rows_of(w, "ci");
    assert_int_equal(row.status, OUTBOX_DEAD);
    assert_true(row.done_at_us - row.created_at_us > INT64_C(25) * 3600 * US_PER_S);
    assert_true(*row.state != '\0');
    outbox_row_clear(&row);
    world_free(w);
}

static char *delivery_of(const char *request)
{
    const char *at = strstr(request, "X-Sluice-Delivery: ");
    assert_non_null(at);
    return span_dup((struct span){ at + 19, strcspn(at + 19, "\r") });
}

/* As a kill between the sending and the writing down: the other side has it, we do not know. */
static void what_may_have_arrived_is_sent_again_under_the_same_id(void **state)
{
    struct world *w = world_new();
    (void)state;
    w->sink.reply = NULL; /* takes it, and says nothing */
    fail_job(w, job_that_asks(w, "\"failed\"", "\"ci\""));
    fixture_turn(&w->f, NOTIFY_SETTLE_S * 1000);
    run_until(w, 1, -1);
    w->sink.reply = SINK_OK;
    world_restart(w, true);
    assert_int_equal(status_now(w, NULL), OUTBOX_WAITING);
    run_until(w, 2, 1);
    auto_free char *first = delivery_of(w->sink.got[0]);
    auto_free char *second = delivery_of(w->sink.got[1]);
    assert_string_equal(first, second);
    assert_string_equal(strstr(w->sink.got[0], "\r\n\r\n"), strstr(w->sink.got[1], "\r\n\r\n"));
    assert_int_equal(status_now(w, NULL), OUTBOX_DELIVERED);
    world_free(w);
}

static void events_read_twice_are_told_once(void **state)
{
    struct world *w = world_new();
    (void)state;
    fail_job(w, job_that_asks(w, "\"failed\"", "\"ci\""));
    fixture_turn(&w->f, NOTIFY_SETTLE_S * 1000);
    run_until(w, 1, 1);
    assert_int_equal(value_store_put(w->f.gw.store, "notify.cursor", "0", NULL), 0);
    world_restart(w, true);
    notify_run(w->f.gw.notify);
    fixture_turn(&w->f, 60 * MINUTE_MS);
    notify_run(w->f.gw.notify);
    fixture_turn(&w->f, 0);
    assert_int_equal(w->sink.count, 1);
    struct outbox_row row = rows_of(w, "ci");
    assert_int_equal(row.id, 1);
    outbox_row_clear(&row);
    world_free(w);
}

static void a_refusal_for_good_is_not_tried_again(void **state)
{
    struct world *w = world_new();
    (void)state;
    w->sink.reply = "HTTP/1.1 410 Gone\r\nContent-Length: 32\r\n\r\nno hook http://127.0.0.1/T0KEN \x1b.";
    fail_job(w, job_that_asks(w, "\"failed\"", "\"ci\""));
    fixture_turn(&w->f, NOTIFY_SETTLE_S * 1000);
    run_until(w, 1, 1);
    struct outbox_row row = rows_of(w, "ci");
    assert_int_equal(row.status, OUTBOX_DEAD);
    assert_int_equal(row.answer, 410);
    assert_non_null(strstr(row.state, "answer 410: no hook"));
    outbox_row_clear(&row);
    auto_str struct str list = STR_MAX(16384), page = STR_MAX(16384);
    assert_int_equal(notify_list(w->f.gw.notify, &list, NULL), 0);
    assert_non_null(strstr(str_text(&list), "\"dead\":1"));
    assert_non_null(strstr(str_text(&list), "\"last_failure\":{\"id\":"));
    assert_non_null(strstr(str_text(&list), "\"problem\":\"secret team-url"));
    assert_null(strstr(str_text(&list), "T0KEN/"));
    assert_int_equal(notify_deliveries(w->f.gw.notify, "ci", &(struct notify_page){ 0 }, &page, NULL), 0);
    assert_non_null(strstr(str_text(&page), "\"status\":\"dead\""));
    assert_non_null(strstr(str_text(&page), "\"next\":null"));
    struct err err = { 0 };
    assert_int_equal(notify_deliveries(w->f.gw.notify, "nobody", &(struct notify_page){ 0 }, &page, &err),
                     -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    world_free(w);
}

static void a_busy_target_says_when(void **state)
{
    struct world *w = world_new();
    (void)state;
    w->sink.reply = "HTTP/1.1 429 Slow\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n";
    fail_job(w, job_that_asks(w, "\"failed\"", "\"ci\""));
    fixture_turn(&w->f, NOTIFY_SETTLE_S * 1000);
    run_until(w, 1, 1);
    struct outbox_row row = rows_of(w, "ci");
    assert_int_equal(row.status, OUTBOX_WAITING);
    assert_true(row.due_at_us - row.last_try_at_us >= 600 * US_PER_S);
    assert_true(row.due_at_us - row.last_try_at_us <= 750 * US_PER_S);
    outbox_row_clear(&row);
    world_free(w);
}

static void what_was_before_the_first_start_is_no_news(void **state)
{
    struct world *w = world_new();
    (void)state;
    auto_free char *cursor = NULL;
    assert_int_equal(value_store_get(w->f.gw.store, "notify.cursor", &cursor, NULL), 0);
    assert_non_null(cursor);
    assert_int_equal(w->sink.count, 0);
    world_free(w);
}

static void on_tested(void *ctx, const struct answer *answer)
{
    struct world *w = ctx;
    (void)snprintf(w->answer, sizeof(w->answer), "%.*s", SPAN_FMT(answer->body));
}

static const char *test_message(struct world *w, const char *name)
{
    int64_t end = clock_mono_us(&clock_real) + PATIENCE_S * US_PER_S;
    struct err err = { 0 };
    w->answer[0] = '\0';
    assert_int_equal(notify_test(w->f.gw.notify, name, on_tested, w, NULL), 0);
    assert_int_equal(notify_test(w->f.gw.notify, name, on_tested, w, &err), -1);
    assert_int_equal(err.code, ERR_BUSY);
    while (!w->answer[0] && clock_mono_us(&clock_real) < end)
        fixture_turn(&w->f, 0);
    return w->answer;
}

static void a_test_message_tells_what_the_other_side_said(void **state)
{
    struct world *w = world_new();
    struct err err = { 0 };
    char echo[256];
    (void)state;
    assert_non_null(strstr(test_message(w, "ci"), "{\"ok\":true"));
    assert_non_null(strstr(w->answer, "\"status\":200"));
    assert_non_null(strstr(w->sink.got[0], "X-Sluice-Event: test"));
    (void)snprintf(echo, sizeof(echo),
                   "HTTP/1.1 404 No\r\nContent-Length: 40\r\n\r\n/hook/T0KEN S1GNKEY is not known to us...");
    w->sink.reply = echo;
    assert_non_null(strstr(test_message(w, "ci"), "{\"ok\":false"));
    assert_non_null(strstr(w->answer, "\"answer\":\"/*** *** is not known"));
    assert_non_null(strstr(test_message(w, "team"), "\"error\":\"secret team-url"));
    assert_int_equal(notify_test(w->f.gw.notify, "nobody", on_tested, w, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_int_equal(rows_of(w, "ci").id, 0);
    world_free(w);
}

static void a_test_under_way_is_answered_when_the_gateway_stops(void **state)
{
    struct world *w = world_new();
    (void)state;
    assert_int_equal(notify_test(w->f.gw.notify, "ci", on_tested, w, NULL), 0);
    world_restart(w, true);
    assert_non_null(strstr(w->answer, "stopping"));
    w->sink.reply = NULL;
    w->answer[0] = '\0';
    assert_int_equal(notify_test(w->f.gw.notify, "ci", on_tested, w, NULL), 0);
    run_until(w, 1, -1);
    world_restart(w, true);
    assert_non_null(strstr(w->answer, "stopping"));
    world_free(w);
}

static void no_secret_is_in_the_store(void **state)
{
    struct world *w = world_new();
    (void)state;
    w->sink.reply = "HTTP/1.1 500 Oh\r\nContent-Length: 19\r\n\r\nhook/T0KEN, S1GNKEY";
    fail_job(w, job_that_asks(w, "\"failed\"", "\"ci\""));
    fixture_turn(&w->f, NOTIFY_SETTLE_S * 1000);
    run_until(w, 1, 1);
    world_restart(w, true);
    static const char *const files[] = { "sluice.db", "sluice.db-wal" };
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char path[192];
        (void)snprintf(path, sizeof(path), "%s/%s", w->f.state, files[i]);
        FILE *file = fopen(path, "r");
        if (!file)
            continue;
        static char bytes[4 * 1024 * 1024];
        size_t len = fread(bytes, 1, sizeof(bytes), file);
        fclose(file);
        assert_null(memmem(bytes, len, "T0KEN", 5));
        assert_null(memmem(bytes, len, "S1GNKEY", 7));
    }
    world_free(w);
}

static int check(struct world *w, const char *body, struct errs *errs)
{
    struct doc *doc = NULL;
    struct request *request = NULL;
    struct resolved *resolved = NULL;
    assert_int_equal(json_parse(span_of(body), &doc, NULL), 0);
    assert_int_equal(request_take(doc, &request, errs), 0);
    struct resolve_input in = { .request = request,
                                .cluster = &settings_clusters(w->f.gw.settings)->items[0] };
    if (resolve(&in, &resolved, errs) < 0)
        fail_msg("%s", errs->items[0].text);
    int rc = notify_check(&w->f.gw, resolved, errs);
    resolved_free(resolved);
    request_free(request);
    return rc;
}

static void a_request_with_unknown_words_or_names_is_refused(void **state)
{
    struct world *w = world_new();
    auto_errs struct errs errs = { 0 };
    (void)state;
    assert_int_equal(check(w, "{\"project\":\"p\",\"notify\":{\"to\":[\"ci\"]}}", &errs), 0);
    assert_int_equal(
        check(w, "{\"project\":\"p\",\"notify\":{\"to\":[\"ci\",\"pager\"],\"when\":[\"fialed\"]}}", &errs),
        -1);
    assert_int_equal(errs.count, 2);
    assert_non_null(strstr(errs.items[0].text, "fialed"));
    assert_non_null(strstr(errs.items[1].text, "pager"));
    world_free(w);
}

static void reload_with(struct world *w, const char *line)
{
    auto_errs struct errs errs = { 0 };
    (void)snprintf(w->f.extra, sizeof(w->f.extra), "%s", line);
    assert_int_equal(settings_load(w->f.gw.settings, &errs), 0);
    notify_reload(w->f.gw.notify);
}

static void rules_read_again_hold_for_the_next_message(void **state)
{
    struct world *w = world_new();
    char allowed[160];
    int64_t tries = 0;
    (void)state;
    (void)snprintf(allowed, sizeof(allowed), "%s", w->f.extra);
    reload_with(w, "");
    fail_job(w, job_that_asks(w, "\"failed\"", "\"ci\""));
    fixture_turn(&w->f, NOTIFY_SETTLE_S * 1000);
    run_until(w, 0, 1);
    assert_int_equal(status_now(w, &tries), OUTBOX_WAITING);
    assert_int_equal(w->sink.count, 0);
    reload_with(w, allowed);
    fixture_turn(&w->f, 40 * MINUTE_MS);
    run_until(w, 1, tries + 1);
    assert_int_equal(status_now(w, NULL), OUTBOX_DELIVERED);
    world_free(w);
}

static void rows_of_a_notifier_that_is_gone_are_given_up(void **state)
{
    struct world *w = world_new();
    (void)state;
    fail_job(w, job_that_asks(w, "\"failed\"", "\"ci\""));
    notify_run(w->f.gw.notify);
    fixture_turn(&w->f, 0);
    fixture_write(w->f.clusters, fixture_clusters);
    world_restart(w, true);
    fixture_turn(&w->f, INT64_C(27) * 60 * MINUTE_MS);
    notify_run(w->f.gw.notify);
    fixture_turn(&w->f, 0);
    assert_int_equal(status_now(w, NULL), OUTBOX_DEAD);
    assert_int_equal(w->sink.count, 0);
    world_free(w);
}

static void what_waited_while_the_gateway_was_off_is_sent(void **state)
{
    struct world *w = world_new();
    (void)state;
    for (int i = 0; i < 2; i++)
        fail_job(w, job_that_asks(w, "\"failed\"", "\"ci\""));
    notify_run(w->f.gw.notify);
    fixture_turn(&w->f, 0);
    fixture_turn(&w->f, INT64_C(49) * 60 * MINUTE_MS);
    w->sink.reply = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"; /* nor is the first try the last */
    run_until(w, 1, 1);
    assert_int_equal(status_now(w, NULL), OUTBOX_WAITING);
    w->sink.reply = SINK_OK;
    for (int i = 0; i < 20; i++)
        fixture_turn(&w->f, NOTIFY_FIRST_RETRY_S * 2000);
    run_until(w, 3, -1);
    world_free(w);
}

static struct fault_plan plan = { .good_writes = -1 };

/* Its status cannot be kept; nobody is told again for that. */
static void a_full_disk_sends_nothing_twice(void **state)
{
    struct world *w = world_new();
    (void)state;
    sink_down(&w->sink);
    fail_job(w, job_that_asks(w, "\"failed\"", "\"ci\""));
    fixture_turn(&w->f, NOTIFY_SETTLE_S * 1000);
    run_until(w, 0, 1); /* composed and tried */
    sink_up(&w->sink, w->f.gw.loop);
    fixture_turn(&w->f, NOTIFY_FIRST_RETRY_S * 2000);
    plan = (struct fault_plan){ .write_code = SQLITE_FULL, .writes_fail = -1 };
    for (int i = 0; i < 300; i++) {
        notify_run(w->f.gw.notify);
        clock_fake_advance(&w->f.clock, 200 * US_PER_MS);
        loop_defer(w->f.gw.loop, fixture_beat, &w->f);
        loop_step(w->f.gw.loop);
        (void)store_flush(w->f.gw.store, NULL);
    }
    assert_int_equal(w->sink.count, 1);
    plan = (struct fault_plan){ .good_writes = -1 };
    for (int i = 0; i < 50 && status_now(w, NULL) != OUTBOX_DELIVERED; i++) {
        notify_run(w->f.gw.notify);
        fixture_turn(&w->f, 5000);
    }
    assert_int_equal(status_now(w, NULL), OUTBOX_DELIVERED);
    assert_int_equal(w->sink.count, 1);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_job_is_told_of_once),
        cmocka_unit_test(only_what_was_asked_for_is_told),
        cmocka_unit_test(a_target_that_is_down_for_a_day_hears_once),
        cmocka_unit_test(a_clock_that_is_set_back_holds_up_no_message),
        cmocka_unit_test(who_never_answers_is_given_up),
        cmocka_unit_test(what_may_have_arrived_is_sent_again_under_the_same_id),
        cmocka_unit_test(events_read_twice_are_told_once),
        cmocka_unit_test(a_refusal_for_good_is_not_tried_again),
        cmocka_unit_test(a_busy_target_says_when),
        cmocka_unit_test(what_was_before_the_first_start_is_no_news),
        cmocka_unit_test(a_test_message_tells_what_the_other_side_said),
        cmocka_unit_test(a_test_under_way_is_answered_when_the_gateway_stops),
        cmocka_unit_test(no_secret_is_in_the_store),
        cmocka_unit_test(a_request_with_unknown_words_or_names_is_refused),
        cmocka_unit_test(rules_read_again_hold_for_the_next_message),
        cmocka_unit_test(rows_of_a_notifier_that_is_gone_are_given_up),
        cmocka_unit_test(what_waited_while_the_gateway_was_off_is_sent),
        cmocka_unit_test(a_full_disk_sends_nothing_twice),
    };
    fault_vfs_install(&plan);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
