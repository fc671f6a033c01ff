#include "api/handlers.h"

#include "api/done.h"
#include "api/job_wait.h"
#include "api/reply.h"
#include "base/limits.h"
#include "base/mem.h"
#include "domain/filter.h"
#include "svc/edit.h"
#include "svc/query.h"
#include "svc/submit/launch.h"

enum { MAX_LIST_BYTES = 64 * 1024 * 1024, MAX_POINTER_BYTES = 64 * 1024 };

static int read_list(const struct request *request, struct query_list *list, struct err *err)
{
    list->filter = request_query(request, "filter");
    list->sort = request_query(request, "sort");
    list->cursor = request_query(request, "cursor");
    list->user = request->user;
    if (request_query_limit(request, &list->limit, err) < 0 ||
        request_query_int(request, "since", 0, INT64_MAX, &list->since, err) < 0 ||
        request_query_bool(request, "archived", &list->archived, err) < 0)
        return -1;
    return request_query_bool(request, "total", &list->total, err);
}

/* Of a filter by age a list changes though nothing happens; of one that is none there is no list. */
static bool goes_by_events(const struct query_list *list)
{
    auto_job_filter struct job_filter filter = { 0 };
    return !list->filter || (job_filter_parse(span_of(list->filter), &filter, NULL) == 0 &&
                             !filter.younger_than_s && !filter.older_than_s);
}

void handle_jobs(struct request *request)
{
    struct err err;
    struct query_list list = { 0 };
    if (read_list(request, &list, &err) < 0) {
        reply_err(request, &err);
        return;
    }
    if (goes_by_events(&list) && reply_not_modified(request, query_last_event(request->gw)))
        return;
    auto_str struct str body = STR_MAX(MAX_LIST_BYTES);
    if (query_jobs(request->gw, &list, &body, &err) < 0)
        reply_err(request, &err);
    else
        reply_json(request, 200, &body);
}

void handle_job(struct request *request)
{
    struct err err;
    struct job_wait wait;
    int64_t job_id;
    if (job_wait_read(request, true, &wait, &err) < 0 || job_wait_id(request, &job_id, &err) < 0)
        reply_err(request, &err);
    else
        job_wait_answer(request, job_id, &wait, 200);
}

void handle_job_patch(struct request *request)
{
    auto_errs struct errs errs = { 0 };
    struct err err;
    int64_t job_id;
    request_hold(request);
    int rc = job_wait_id(request, &job_id, &err);
    if (rc == 0)
        rc = edit_job(request->gw, job_id, request->doc, done_json, request, &errs, &err);
    done_started_errs(request, rc, &errs, &err);
}

void handle_job_script(struct request *request)
{
    auto_str struct str body = STR_MAX(MAX_SCRIPT_BYTES);
    struct err err;
    int64_t job_id;
    if (job_wait_id(request, &job_id, &err) < 0 || query_script(request->gw, job_id, &body, &err) < 0)
        reply_err(request, &err);
    else
        reply_bytes(request, 200, "text/plain; charset=utf-8", str_span(&body));
}

void handle_job_request(struct request *request)
{
    auto_str struct str body = STR_MAX(MAX_LIST_BYTES);
    struct err err;
    int64_t job_id;
    if (job_wait_id(request, &job_id, &err) < 0 || query_request(request->gw, job_id, &body, &err) < 0)
        reply_err(request, &err);
    else
        reply_json(request, 200, &body);
}

void handle_job_manifest(struct request *request)
{
    auto_str struct str body = STR_MAX(MAX_LIST_BYTES);
    struct err err;
    int64_t job_id;
    if (job_wait_id(request, &job_id, &err) < 0 || query_manifest(request->gw, job_id, &body, &err) < 0)
        reply_err(request, &err);
    else
        reply_json(request, 200, &body);
}

/* A body with one whole number in it, or none: *value is then untouched. */
static int read_number(const struct doc *body, const char *name, int64_t least, int64_t *value,
                       struct errs *errs)
{
    for (size_t i = 0; body && i < body->count; i++) {
        const struct doc *item = &body->items[i];
        auto_str struct str pointer = STR_MAX(MAX_POINTER_BYTES);
        errs_path_key(NULL, &pointer, item->key);
        struct errs_item fault = { .code = ERR_INVALID, .pointer = str_text(&pointer) };
        if (!span_is(span_of(item->key), name))
            return errs_addf(errs, &fault, "unknown field: there is %s", name);
        if (item->kind != DOC_INT || item->integer < least)
            return errs_addf(errs, &fault, "must be a whole number from %lld", (long long)least);
        *value = item->integer;
    }
    return 0;
}

/* What a POST to a job says: which job, and the number. -1 once it is answered. */
static int read_call(struct request *request, const char *name, int64_t least, int64_t *value,
                     int64_t *job_id)
{
    auto_errs struct errs errs = { 0 };
    struct err err;
    if (read_number(request->doc, name, least, value, &errs) < 0) {
        (void)errs_first(&errs, &err);
        reply_problem(request, &(struct problem){ .err = &err, .errs = &errs });
        return -1;
    }
    if (job_wait_id(request, job_id, &err) == 0)
        return 0;
    reply_err(request, &err);
    return -1;
}

void handle_job_cancel(struct request *request)
{
    struct err err;
    int64_t job_id, task = -1;
    if (read_call(request, "task", 0, &task, &job_id) < 0)
        return;
    request_hold(request);
    done_started(request, launch_cancel(request->gw->launch, job_id, task, done_json, request, &err), &err);
}

void handle_job_requeue(struct request *request)
{
    struct err err;
    int64_t job_id, attempt = 0;
    if (read_call(request, "attempt", 1, &attempt, &job_id) < 0)
        return;
    request_hold(request);
    done_started(request, launch_requeue(request->gw->launch, job_id, attempt, done_json, request, &err),
                 &err);
}
