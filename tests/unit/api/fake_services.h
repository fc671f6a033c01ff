/* The services as the HTTP tests see them: each records what it was asked, and answers when told. Weak, so
 * that the real ones win where something else pulls them in. */
#ifndef SLUICE_TESTS_FAKE_SERVICES_H
#define SLUICE_TESTS_FAKE_SERVICES_H

#include "api/http.h"
#include "base/mem.h"
#include "domain/schema.h"
#include "svc/cluster/connect.h"
#include "svc/cluster/doctor.h"
#include "svc/edit.h"
#include "svc/cluster/fleet.h"
#include "svc/live/follow.h"
#include "svc/cluster/gpus.h"
#include "svc/health.h"
#include "svc/submit/launch.h"
#include "svc/live/logs.h"
#include "svc/live/metrics.h"
#include "svc/live/metrics_token.h"
#include "svc/notify/notify.h"
#include "svc/project/projects.h"
#include "svc/query.h"
#include "svc/submit/submit.h"
#include "svc/watch/waits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Wunused-parameter"
#define weak __attribute__((weak))

enum { FAKE_CALLS = 32, FAKE_TEXT = 512, FAKE_ARGS = 8192 };

static struct fake {
    struct clock_fake clock;
    int64_t last_event, large_jobs;
    bool is_final, is_submitted, log_is_read_up;
    unsigned log_renewals;
    char me[40]; /* whom a list takes for user:me */
    struct {
        answer_done *done;
        void *ctx;
    } calls[FAKE_CALLS]; /* open ones, oldest first */
    size_t call_count;
    size_t submits, renders, cancels, requeues, projects, edits, waits_open, waits_dropped;
    wait_fn *wait_fn;
    void *wait_ctx;
    int64_t wait_timeout_ms, limit, kept_job;
    struct log_call log;
    char key[FAKE_TEXT], scope[FAKE_TEXT], hash[FAKE_TEXT], filter[FAKE_TEXT];
    char kept_key[FAKE_TEXT], kept_hash[FAKE_TEXT], kept_body[FAKE_TEXT];
} fake;

static inline void fake_copy(char to[FAKE_TEXT], const char *text)
{
    (void)snprintf(to, FAKE_TEXT, "%s", text ? text : "");
}

static inline void fake_reset(void)
{
    fake = (struct fake){ .last_event = 7 };
    clock_fake_init(&fake.clock, INT64_C(1700000000000000));
}

static inline int fake_call(answer_done *done, void *ctx)
{
    fake.calls[fake.call_count].done = done;
    fake.calls[fake.call_count++].ctx = ctx;
    return 0;
}

/* Answers the oldest open call. */
static inline void fake_answer(const struct answer *answer)
{
    answer_done *done = fake.calls[0].done;
    void *ctx = fake.calls[0].ctx;
    fake.call_count--;
    for (size_t i = 0; i < fake.call_count;
         i++) /* no memmove: valgrind takes glibc's checked one for a memcpy */
        fake.calls[i] = fake.calls[i + 1];
    done(ctx, answer);
}

static inline void fake_answer_json(const char *json, int64_t job_id)
{
    fake_answer(&(struct answer){ .ok = true, .body = span_of(json), .job_id = job_id });
}

weak int notify_list(struct notify *notify, struct str *out, struct err *err)
{
    str_add(out, "{\"items\":[],\"next\":null,\"total\":0}");
    return 0;
}

weak int notify_deliveries(struct notify *notify, const char *name, const struct notify_page *page,
                           struct str *out, struct err *err)
{
    if (strcmp(name, "team") != 0)
        return err_set(err, ERR_NOT_FOUND, "there is no notifier %s", name);
    str_addf(out, "{\"items\":[],\"next\":\"%s-%lld\",\"total\":null}", page->cursor ? page->cursor : "",
             (long long)page->limit);
    return 0;
}

weak int notify_test(struct notify *notify, const char *name, answer_done *done, void *ctx, struct err *err)
{
    if (strcmp(name, "team") != 0)
        return err_set(err, ERR_NOT_FOUND, "there is no notifier %s", name);
    return fake_call(done, ctx);
}

weak bool health_ready(const struct gateway *gw, struct str *out)
{
    str_add(out, "{\"ready\":true,\"checks\":[]}");
    return true;
}
weak void health_metrics(const struct gateway *gw, struct str *out)
{
    str_add(out, "sluice_jobs 1\n");
}
/* So many jobs, 1 and on, of as many arguments (args and argv) as a job may have. */
static int fake_large_page(const struct query_list *list, struct str *out)
{
    int64_t id = list->cursor ? strtol(list->cursor, NULL, 10) : 0;
    const char *before = "{\"items\":[";
    for (int64_t i = 0; i < list->limit && id < fake.large_jobs; i++) {
        str_addf(out, "%s{\"id\":%lld,\"args\":[0", before, (long long)++id);
        for (int arg = 1; arg < FAKE_ARGS; arg++)
            str_add(out, ",\"lr=0.1\"");
        str_add(out, "]}");
        before = ",";
    }
    str_addf(out, id < fake.large_jobs ? "],\"next\":\"%lld\"}" : "],\"next\":null}", (long long)id);
    return 0;
}

weak int query_jobs(const struct gateway *gw, const struct query_list *list, struct str *out, struct err *err)
{
    fake_copy(fake.filter, list->filter);
    (void)snprintf(fake.me, sizeof(fake.me), "%s", list->user ? list->user : "");
    fake.limit = list->limit;
    if (list->filter && strcmp(list->filter, "bad") == 0)
        return err_set(err, ERR_INVALID, "filter: bad");
    if (fake.large_jobs)
        return fake_large_page(list, out);
    str_add(out, "{\"items\":[{\"id\":5},{\"id\":6}],\"next\":null,\"total\":null,\"event\":7}");
    return 0;
}
weak int query_job_id(const struct gateway *gw, const char *ref, int64_t *id, struct err *err)
{
    *id = strcmp(ref, "last") == 0 ? 9 : strtol(ref, NULL, 10);
    return *id > 0 && *id < 100 ? 0 : err_set(err, ERR_NOT_FOUND, "no job '%s'", ref);
}
weak int query_job(const struct gateway *gw, int64_t id, struct str *out, struct err *err)
{
    str_addf(out, "{\"id\":%lld,\"state\":\"%s\",\"attempt\":1}", (long long)id,
             fake.is_final ? "completed" : "running");
    return 0;
}
weak int query_job_is_final(const struct gateway *gw, int64_t id, struct err *err)
{
    return fake.is_final;
}
weak int query_job_is_submitted(const struct gateway *gw, int64_t id, struct err *err)
{
    return fake.is_submitted;
}
weak int query_request(const struct gateway *gw, int64_t id, struct str *out, struct err *err)
{
    (void)gw;
    (void)id;
    (void)err;
    str_add(out, "{}");
    return 0;
}

weak int query_manifest(const struct gateway *gw, int64_t id, struct str *out, struct err *err)
{
    (void)gw;
    (void)err;
    str_addf(out, "{\"id\":%lld,\"request\":{},\"resolved\":{}}", (long long)id);
    return 0;
}

weak int query_script(const struct gateway *gw, int64_t id, struct str *out, struct err *err)
{
    str_add(out, "#!/bin/bash\n");
    return 0;
}

weak int query_events(const struct gateway *gw, const struct event_ask *ask, struct str *out, struct err *err)
{
    str_addf(out, "{\"items\":[],\"next\":null,\"asked\":[%lld,%lld,%lld%s]}", (long long)ask->job_id,
             (long long)ask->after, (long long)ask->limit, ask->no_numbers ? ",\"no numbers\"" : "");
    return 0;
}
weak int query_counts(const struct gateway *gw, struct str *out, struct err *err)
{
    str_add(out, "{\"running\":1}");
    return 0;
}
weak int64_t query_last_event(const struct gateway *gw)
{
    return fake.last_event;
}
weak int query_idempotent(const struct gateway *gw, const struct reply_key *key, int64_t *job_id,
                          int64_t *status, struct str *body, struct err *err)
{
    if (!*fake.kept_key || strcmp(key->key, fake.kept_key) != 0)
        return 0;
    if (strcmp(key->body_hash, fake.kept_hash) != 0)
        return err_set(err, ERR_CONFLICT, "other body");
    *job_id = fake.kept_job;
    *status = 201;
    str_add(body, fake.kept_body);
    return 1;
}
weak int query_keep_reply(const struct gateway *gw, const struct reply_key *key, int64_t status,
                          struct span body, struct err *err)
{
    fake_copy(fake.kept_key, key->key);
    fake_copy(fake.kept_hash, key->body_hash);
    (void)snprintf(fake.kept_body, FAKE_TEXT, "%.*s", SPAN_FMT(body));
    return 0;
}
weak int fleet_json(struct fleet *fleet, struct str *out, struct err *err)
{
    str_add(out, "{\"items\":[{\"name\":\"local\"}]}");
    return 0;
}
weak int fleet_cluster_json(struct fleet *fleet, const char *name, struct str *out, struct err *err)
{
    if (strcmp(name, "local") != 0)
        return err_set(err, ERR_NOT_FOUND, "no cluster '%s'", name);
    str_add(out, "{\"name\":\"local\"}");
    return 0;
}
weak int fleet_limits(struct fleet *fleet, const char *name, answer_done *done, void *ctx, struct err *err)
{
    return fake_call(done, ctx);
}
weak int doctor_check(const struct gateway *gw, const char *cluster, answer_done *done, void *ctx,
                      struct err *err)
{
    return fake_call(done, ctx);
}
weak int connect_start(struct connect *connect, const char *cluster, const struct doc *body,
                       answer_done *done, void *ctx, struct err *err)
{
    return fake_call(done, ctx);
}
weak int gpus_list(struct gpus *gpus, const char *cluster, int64_t max_age_s, answer_done *done, void *ctx,
                   struct err *err)
{
    if (cluster && strcmp(cluster, "local") != 0)
        return err_set(err, ERR_NOT_FOUND, "no cluster '%s'", cluster);
    return fake_call(done, ctx);
}
weak int gpus_nodes(struct gpus *gpus, const char *cluster, answer_done *done, void *ctx, struct err *err)
{
    return fake_call(done, ctx);
}
weak int submit_start(struct submit *submit, const struct submit_call *call, answer_done *done, void *ctx,
                      struct err *err)
{
    *(call->mode == SUBMIT_REAL ? &fake.submits : &fake.renders) += 1;
    fake_copy(fake.key, call->idempotency_key);
    fake_copy(fake.scope, call->idempotency_scope);
    fake_copy(fake.hash, call->body_hash);
    if (doc_get(call->body, "refuse"))
        return err_set(err, ERR_BUSY, "too many");
    return fake_call(done, ctx);
}
weak int launch_requeue(struct launch *launch, int64_t job_id, int64_t attempt, answer_done *done, void *ctx,
                        struct err *err)
{
    if (attempt > 1)
        return err_set(err, ERR_CONFLICT, "job %lld is in attempt 1", (long long)job_id);
    fake.requeues++;
    return fake_call(done, ctx);
}
weak int launch_cancel(struct launch *launch, int64_t job_id, int64_t task, answer_done *done, void *ctx,
                       struct err *err)
{
    if (job_id == 66)
        return err_set(err, ERR_NOT_FOUND, "no job 66");
    fake.cancels++;
    return fake_call(done, ctx);
}
weak int logs_read(struct logs *logs, const struct log_call *call, answer_done *done, void *ctx,
                   struct err *err)
{
    fake.log = *call;
    return fake_call(done, ctx);
}
weak int logs_search(struct logs *logs, const struct log_search *search, answer_done *done, void *ctx,
                     struct err *err)
{
    fake.log = search->log;
    fake_copy(fake.filter, search->pattern);
    return fake_call(done, ctx);
}
weak int logs_find(struct logs *logs, struct log_call *call, struct err *err)
{
    return call->job_id == 66 ? err_set(err, ERR_NOT_FOUND, "no job 66") : 0;
}
weak void logs_go_on(struct logs *logs, struct log_call *call, bool is_chosen, unsigned *renewals)
{
    if (fake.log_renewals > *renewals)
        call->offset = 0;
    *renewals = fake.log_renewals;
}
weak bool logs_is_read_up(struct logs *logs, const struct log_call *call)
{
    return fake.log_is_read_up;
}
weak bool logs_is_open(struct logs *logs, int64_t job_id)
{
    return !fake.is_final;
}
weak struct log_watch *follow_watch(struct follow *follow, int64_t job_id, void (*fn)(void *ctx), void *ctx)
{
    fake.wait_fn = fn;
    fake.wait_ctx = ctx;
    return NULL;
}
weak void follow_unwatch(struct log_watch *watch)
{
    fake.waits_dropped++;
}
weak int metrics_json(const struct gateway *gw, const struct metrics_query *query, struct str *out,
                      struct err *err)
{
    str_addf(out, "{\"items\":[],\"asked\":[%lld,%g,%g]}", (long long)query->points, query->from, query->to);
    return 0;
}
weak int metrics_post(const struct gateway *gw, const struct metrics_call *call, answer_done *done, void *ctx,
                      struct err *err)
{
    if (doc_get(call->body, "points"))
        return fake_call(done, ctx);
    errs_addf(call->errs, &(struct errs_item){ .pointer = "/points" }, "missing");
    return errs_first(call->errs, err);
}
weak int metrics_token_check(const struct gateway *gw, struct span token, int64_t *job_id, struct err *err)
{
    if (!span_is(token, "slm_of_5"))
        return err_set(err, ERR_UNAUTHORIZED, "this token is none of ours");
    *job_id = 5;
    return 0;
}
weak int metrics_export(const struct gateway *gw, int64_t job_id, bool as_csv, struct str *out,
                        struct err *err)
{
    str_add(out, as_csv ? "name,step,time,value\n" : "");
    return 0;
}
weak int projects_register(struct projects *projects, const struct doc *body, answer_done *done, void *ctx,
                           struct errs *errs, struct err *err)
{
    (void)errs;
    fake.projects++;
    return fake_call(done, ctx);
}
weak int projects_sync(struct projects *projects, const char *name, answer_done *done, void *ctx,
                       struct err *err)
{
    return fake_call(done, ctx);
}
weak int projects_patch(struct projects *projects, const char *name, const struct doc *body,
                        answer_done *done, void *ctx, struct errs *errs, struct err *err)
{
    (void)errs;
    return fake_call(done, ctx);
}
weak int projects_remove(struct projects *projects, const char *name, struct err *err)
{
    return strcmp(name, "gone") == 0 ? err_set(err, ERR_NOT_FOUND, "no project 'gone'") : 0;
}
weak int projects_list(struct projects *projects, struct str *out, struct err *err)
{
    str_add(out, "{\"items\":[]}");
    return 0;
}
weak int projects_get(struct projects *projects, const char *name, answer_done *done, void *ctx,
                      struct err *err)
{
    return fake_call(done, ctx);
}
weak int edit_job(const struct gateway *gw, int64_t job_id, const struct doc *body, answer_done *done,
                  void *ctx, struct errs *errs, struct err *err)
{
    if (doc_get(body, "wrong")) {
        (void)errs_add(errs, &(struct errs_item){
                                 .pointer = "/wrong", .text = "unknown field", .file = "a.yaml", .line = 3 });
        return errs_first(errs, err);
    }
    fake.edits++;
    return fake_call(done, ctx);
}
weak struct wait *wait_start(struct waits *waits, const struct wait_call *call, wait_fn *fn, void *ctx)
{
    fake.waits_open++;
    fake.wait_fn = fn;
    fake.wait_ctx = ctx;
    fake.wait_timeout_ms = call->timeout_ms;
    return (struct wait *)(void *)&fake;
}
weak void wait_drop(struct wait *wait)
{
    fake.waits_dropped++;
}

#endif
