#include "api/handlers.h"

#include "api/reply.h"
#include "base/limits.h"
#include "base/mem.h"
#include "domain/filter.h"
#include "svc/query.h"
#include "svc/submit/launch.h"
#include "text/json_in.h"
#include "text/json_out.h"

/* POST /jobs:cancel. Every job is asked for at once; the answer has one item each, in the order asked, when
 * the last has answered. */

enum { MAX_BULK = 1000, MAX_BULK_BYTES = 64 * 1024 * 1024, MAX_LISTED_BYTES = 16 * 1024 * 1024 };

struct bulk_item {
    struct bulk *bulk;
    int64_t job_id;
    const char *name;  /* as asked, where it names no job; borrowed from the request */
    int status;        /* 0: no answer yet */
    struct str answer; /* a job's document, or a problem */
};

static const struct errs_item at_ids = { .pointer = "/ids" }, at_filter = { .pointer = "/filter" };

struct bulk {
    struct request *request; /* held */
    struct bulk_item items[MAX_BULK];
    size_t count, open;
};

static int add_id(struct bulk *bulk, int64_t job_id, struct err *err)
{
    if (bulk->count == MAX_BULK)
        return err_set(err, ERR_TOO_LARGE, "more than %d jobs at once", MAX_BULK);
    bulk->items[bulk->count++] =
        (struct bulk_item){ .bulk = bulk, .job_id = job_id, .answer = STR_MAX(MAX_LISTED_BYTES) };
    return 0;
}

static void refuse(struct bulk_item *item, const struct err *err)
{
    item->status = problem_kind(err->code)->status;
    problem_json(&(struct problem){ .err = err }, NULL, &item->answer);
}

/* A text that names no job is answered as such, beside the others. */
static int add_named(struct bulk *bulk, const char *name, struct err *err)
{
    struct err unknown;
    int64_t job_id = 0;
    int found = query_job_id(bulk->request->gw, name, &job_id, &unknown);
    if (add_id(bulk, job_id, err) < 0)
        return -1;
    if (found < 0) {
        bulk->items[bulk->count - 1].name = name;
        refuse(&bulk->items[bulk->count - 1], &unknown);
    }
    return 0;
}

static int add_ids(struct bulk *bulk, const struct doc *ids, struct errs *errs, struct err *err)
{
    if (ids->kind != DOC_SEQ)
        return errs_addf(errs, &at_ids, "must be a list of job ids");
    for (size_t i = 0; i < ids->count; i++) {
        const struct doc *id = &ids->items[i];
        auto_str struct str pointer = STR_MAX(32);
        str_addf(&pointer, "/ids/%zu", i);
        if (id->kind != DOC_INT && id->kind != DOC_STR)
            return errs_addf(errs, &(struct errs_item){ .pointer = str_text(&pointer) },
                             "must be a job's number or token");
        if ((id->kind == DOC_STR ? add_named(bulk, id->text, err) : add_id(bulk, id->integer, err)) < 0)
            return -1;
    }
    return 0;
}

/* Jobs of thousands of arguments are more than may be parsed at once: then fewer of them. */
static int read_page(const struct bulk *bulk, struct query_list *list, struct doc **page, struct err *err)
{
    for (list->limit = MAX_PAGE_ROWS;; list->limit = (list->limit + 3) / 4) {
        auto_str struct str text = STR_MAX(MAX_LISTED_BYTES);
        if (query_jobs(bulk->request->gw, list, &text, err) < 0)
            return -1;
        if (json_parse(str_span(&text), page, err) == 0)
            return 0;
        if (err->code != ERR_TOO_LARGE || list->limit == 1)
            return -1;
    }
}

/* One page of the filter's jobs; *cursor is what the next begins with, NULL after the last. */
static int add_page(struct bulk *bulk, const char *filter, char **cursor, struct err *err)
{
    struct query_list list = { .filter = filter, .cursor = *cursor, .user = bulk->request->user };
    auto_doc struct doc *page = NULL;
    if (read_page(bulk, &list, &page, err) < 0)
        return -1;
    const struct doc *items = doc_get(page, "items");
    for (size_t i = 0; items && i < items->count; i++) {
        const struct doc *id = doc_get(&items->items[i], "id");
        if (id && query_job_is_final(bulk->request->gw, id->integer, NULL) == 0 &&
            add_id(bulk, id->integer, err) < 0)
            return -1;
    }
    mem_replace_str(cursor, doc_scalar_text(doc_get(page, "next")));
    return 0;
}

static int add_filter(struct bulk *bulk, const struct doc *filter, struct errs *errs, struct err *err)
{
    auto_job_filter struct job_filter parsed = { 0 };
    if (filter->kind != DOC_STR)
        return errs_addf(errs, &at_filter, "must be a text such as state:pending project:x");
    if (job_filter_parse(span_of(filter->text), &parsed, err) < 0)
        return errs_addf(errs, &at_filter, "%s", err->text);
    if (job_filter_is_empty(&parsed)) /* a variable that was not set in somebody's script */
        return errs_addf(errs, &at_filter,
                         "has no condition, so it means every job: say state:active for that");
    auto_free char *cursor = NULL;
    do {
        if (add_page(bulk, filter->text, &cursor, err) < 0)
            return -1;
    } while (cursor);
    return 0;
}

/* -1 with errs, where something is wrong with the body, or err. */
static int read_body(struct bulk *bulk, const struct doc *body, struct errs *errs, struct err *err)
{
    const struct doc *ids = doc_get(body, "ids"), *filter = doc_get(body, "filter");
    if (body->count != 1 || (!ids && !filter))
        return errs_addf(errs, &(struct errs_item){ .pointer = "" }, "must hold either ids or filter");
    return ids ? add_ids(bulk, ids, errs, err) : add_filter(bulk, filter, errs, err);
}

static void bulk_free(struct bulk *bulk)
{
    for (size_t i = 0; i < bulk->count; i++)
        str_clear(&bulk->items[i].answer);
    mem_free_ptr(&bulk);
}

static void finish(struct bulk *bulk)
{
    auto_str struct str body = STR_MAX(MAX_BULK_BYTES);
    struct json_out out = { .to = &body };
    json_open_object(&out);
    json_key(&out, "items");
    json_open_array(&out);
    for (size_t i = 0; i < bulk->count; i++) {
        const struct bulk_item *item = &bulk->items[i];
        json_open_object(&out);
        if (item->name)
            json_member_str(&out, "id", item->name);
        else
            json_member_int(&out, "id", item->job_id);
        json_member_int(&out, "status", item->status);
        json_member_raw(&out, item->status < 300 ? "job" : "problem", str_span(&item->answer));
        json_close_object(&out);
    }
    json_close_array(&out);
    json_close_object(&out);
    reply_json(bulk->request, 200, &body);
    request_drop(bulk->request);
    bulk_free(bulk);
}

static void settle(struct bulk_item *item, const struct answer *answer)
{
    if (answer->ok) {
        item->status = 202;
        str_add_span(&item->answer, answer->body);
        return;
    }
    item->status = problem_kind(answer->err.code)->status;
    problem_json(
        &(struct problem){
            .err = &answer->err, .errs = answer->errs, .upstream = answer->upstream, .hint = answer->hint },
        NULL, &item->answer);
}

static void on_cancelled(void *ctx, const struct answer *answer)
{
    struct bulk_item *item = ctx;
    settle(item, answer);
    if (--item->bulk->open == 0)
        finish(item->bulk);
}

static void cancel_all(struct bulk *bulk)
{
    bulk->open = bulk->count + 1;
    for (size_t i = 0; i < bulk->count; i++) {
        struct bulk_item *item = &bulk->items[i];
        struct answer refused = { 0 };
        bool is_answered = item->status != 0;
        if (!is_answered &&
            launch_cancel(bulk->request->gw->launch, item->job_id, -1, on_cancelled, item, &refused.err) == 0)
            continue;
        if (!is_answered)
            settle(item, &refused);
        bulk->open--;
    }
    if (--bulk->open == 0)
        finish(bulk);
}

void handle_bulk_cancel(struct request *request)
{
    auto_errs struct errs errs = { 0 };
    struct err err;
    struct bulk *bulk = mem_zalloc(sizeof(*bulk));
    bulk->request = request;
    if (read_body(bulk, request->doc, &errs, &err) < 0) {
        if (errs.count)
            (void)errs_first(&errs, &err);
        reply_problem(request, &(struct problem){ .err = &err, .errs = &errs });
        bulk_free(bulk);
        return;
    }
    request_hold(request);
    cancel_all(bulk);
}
