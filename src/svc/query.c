#include "svc/query.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/token.h"
#include "store/event_store.h"
#include "store/job_store.h"
#include "store/misc_store.h"
#include "svc/event_json.h"
#include "svc/jobs.h"
#include "text/json_out.h"

#include <stdlib.h>
#include <string.h>

/* --- one job --- */

int query_job_id(const struct gateway *gw, const char *ref, int64_t *id, struct err *err)
{
    auto_job struct job *job = NULL;
    struct span text = span_of(ref);
    bool is_last = span_is(text, "last");
    if (!is_last && span_i64(text, id) && *id > 0)
        return jobs_find(gw->jobs, *id) ? 0 : job_store_has(gw->store, *id, err);
    if (!is_last && !token_is_valid(text))
        return err_set(err, ERR_NOT_FOUND, "no job %s (an id, a token, or \"last\")", ref);
    if (is_last)
        return job_store_last(gw->store, id, err);
    if (job_store_by_token(gw->store, ref, &job, err) < 0)
        return err_wrap(err, "job %s", ref);
    *id = job->id;
    return 0;
}

/* An active job is rendered from memory, whose observed_at is the last tick's; the stored document's is that
 * of the last change. */
int query_job(const struct gateway *gw, int64_t id, struct str *out, struct err *err)
{
    const struct job *active = jobs_find(gw->jobs, id);
    auto_job struct job *stored = NULL;
    if (!active && job_store_get(gw->store, id, &stored, err) < 0)
        return err_wrap(err, "job %lld", (long long)id);
    const struct job *job = active ? active : stored;
    job_json(job, out);
    if (job->tasks && out->len) {
        str_cut(out, out->len - 1);
        str_add(out, ",\"task_list\":");
        str_add(out, job->tasks);
        str_add_char(out, '}');
    }
    return out->failed ? err_set(err, ERR_TOO_LARGE, "job %lld is too large to show", (long long)id) : 0;
}

void query_answer_job(const struct gateway *gw, int64_t id, const struct err *err, answer_done *done,
                      void *ctx)
{
    struct answer answer = { .ok = !err, .job_id = id };
    auto_str struct str body = STR_MAX(MAX_OUTPUT_BYTES);
    if (err)
        answer.err = *err;
    else if (query_job(gw, id, &body, &answer.err) < 0)
        answer.ok = false;
    answer.body = str_span(&body);
    done(ctx, &answer);
}

int query_job_is_final(const struct gateway *gw, int64_t id, struct err *err)
{
    const struct job *active = jobs_find(gw->jobs, id);
    if (active)
        return job_is_final(active);
    auto_job struct job *stored = NULL;
    return job_store_get(gw->store, id, &stored, err) < 0 ? -1 : job_is_final(stored);
}

int query_job_is_submitted(const struct gateway *gw, int64_t id, struct err *err)
{
    const struct job *active = jobs_find(gw->jobs, id);
    if (active)
        return active->state != JOB_STATE_SUBMITTING && active->state != JOB_STATE_HELD;
    return query_job_is_final(gw, id, err);
}

int64_t query_job_event(const struct gateway *gw, int64_t id, struct err *err)
{
    const struct job *active = jobs_find(gw->jobs, id);
    if (active)
        return active->event;
    auto_job struct job *stored = NULL;
    return job_store_get(gw->store, id, &stored, err) < 0 ? -1 : stored->event;
}

int query_script(const struct gateway *gw, int64_t id, struct str *out, struct err *err)
{
    struct job_script script = { 0 };
    if (job_store_script(gw->store, id, &script, err) < 0)
        return err_wrap(err, "script of job %lld", (long long)id);
    str_add(out, script.script ? script.script : "");
    job_script_clear(&script);
    return 0;
}

int query_request(const struct gateway *gw, int64_t id, struct str *out, struct err *err)
{
    struct job_script script = { 0 };
    if (job_store_script(gw->store, id, &script, err) < 0)
        return err_wrap(err, "request of job %lld", (long long)id);
    str_add(out, script.request ? script.request : "{}");
    job_script_clear(&script);
    return 0;
}

int query_manifest(const struct gateway *gw, int64_t id, struct str *out, struct err *err)
{
    struct job_script script = { 0 };
    if (job_store_script(gw->store, id, &script, err) < 0)
        return err_wrap(err, "manifest of job %lld", (long long)id);
    struct json_out json = { .to = out };
    json_open_object(&json);
    json_member_int(&json, "id", id);
    json_member_raw(&json, "request", span_of(script.request ? script.request : "{}"));
    json_member_raw(&json, "resolved", span_of(script.resolved ? script.resolved : "{}"));
    json_member_str(&json, "diff", script.diff);
    json_member_str(&json, "script_sha256", script.sha256);
    json_close_object(&json);
    job_script_clear(&script);
    return 0;
}

/* --- lists --- */

static int read_sort(const char *word, enum job_sort *sort, struct err *err)
{
    if (!word || strcmp(word, "newest") == 0)
        *sort = JOB_SORT_NEWEST;
    else if (strcmp(word, "oldest") == 0)
        *sort = JOB_SORT_OLDEST;
    else
        return err_set(err, ERR_INVALID, "sort is newest or oldest, not %s", word);
    return 0;
}

static int fill_query(const struct gateway *gw, const struct query_list *list,
                      const struct job_filter *filter, struct job_query *query, struct err *err)
{
    if (read_sort(list->sort, &query->sort, err) < 0)
        return -1;
    if (list->cursor && (!span_i64(span_of(list->cursor), &query->cursor) || query->cursor <= 0))
        return err_set(err, ERR_INVALID, "cursor %s is none that a list gave", list->cursor);
    if (list->limit < 0 || list->limit > MAX_PAGE_ROWS)
        return err_set(err, ERR_INVALID, "limit is 1 to %d", MAX_PAGE_ROWS);
    query->limit = list->limit ? (size_t)list->limit : DEFAULT_PAGE_ROWS;
    query->changed_since_event = list->since;
    query->archived_too = list->archived;
    query->want_total = list->total;
    job_query_add_filter(query, filter, list->user, clock_wall_us(gw->clock));
    return 0;
}

int query_jobs(const struct gateway *gw, const struct query_list *list, struct str *out, struct err *err)
{
    auto_job_filter struct job_filter filter = { 0 };
    struct job_query query = { 0 };
    struct job_page page = { 0 };
    if (list->filter && job_filter_parse(span_of(list->filter), &filter, err) < 0)
        return -1;
    if (fill_query(gw, list, &filter, &query, err) < 0)
        return -1;
    str_add(out, "{\"items\":[");
    if (job_store_list(gw->store, &query, out, &page, err) < 0)
        return -1;
    str_add(out, "],\"next\":");
    if (page.next)
        str_addf(out, "\"%lld\"", (long long)page.next);
    else
        str_add(out, "null");
    if (page.total >= 0)
        str_addf(out, ",\"total\":%lld", (long long)page.total);
    else
        str_add(out, ",\"total\":null");
    str_addf(out, ",\"event\":%lld}", (long long)page.last_event);
    return out->failed ? err_set(err, ERR_TOO_LARGE, "the page is too large; ask for fewer rows") : 0;
}

int query_counts(const struct gateway *gw, struct str *out, struct err *err)
{
    return job_store_counts(gw->store, out, err);
}

int64_t query_last_event(const struct gateway *gw)
{
    return event_store_last(gw->store);
}

/* --- events --- */

struct event_page {
    struct json_out out;
    int64_t last;
    size_t count;
};

static int add_event(void *ctx, const struct event_row *row, struct err *err)
{
    struct event_page *page = ctx;
    (void)err;
    event_json(&page->out, row);
    page->last = row->id;
    page->count++;
    return 0;
}

int query_events(const struct gateway *gw, const struct event_ask *ask, struct str *out, struct err *err)
{
    if (ask->limit < 0 || ask->limit > MAX_PAGE_ROWS)
        return err_set(err, ERR_INVALID, "limit is 1 to %d", MAX_PAGE_ROWS);
    size_t rows = ask->limit ? (size_t)ask->limit : DEFAULT_PAGE_ROWS;
    struct event_query query = {
        .after_id = ask->after, .job_id = ask->job_id, .limit = rows, .no_numbers = ask->no_numbers
    };
    struct event_page page = { .out = { .to = out } };
    json_open_object(&page.out);
    json_key(&page.out, "items");
    json_open_array(&page.out);
    if (event_store_list(gw->store, &query, add_event, &page, err) < 0)
        return -1;
    json_close_array(&page.out);
    json_key(&page.out, "next");
    if (page.count == rows)
        json_int(&page.out, page.last);
    else
        json_nil(&page.out);
    json_member_raw(&page.out, "total", SPAN_LIT("null"));
    json_close_object(&page.out);
    return 0;
}

/* --- kept replies --- */

int query_idempotent(const struct gateway *gw, const struct reply_key *key, int64_t *job_id, int64_t *status,
                     struct str *body, struct err *err)
{
    struct idempotent_reply reply = { 0 };
    struct err missing = { 0 };
    if (idempotency_get(gw->store, key->scope, key->key, &reply, &missing) < 0) {
        if (missing.code == ERR_NOT_FOUND)
            return 0;
        return err_set(err, missing.code, "%s", missing.text);
    }
    int rc = 1;
    if (!reply.hash || strcmp(reply.hash, key->body_hash) != 0) {
        rc = err_set(err, ERR_CONFLICT, "Idempotency-Key %s was used with another body", key->key);
    } else {
        *job_id = reply.job_id;
        *status = reply.status;
        str_add(body, reply.body ? reply.body : "");
    }
    idempotent_reply_clear(&reply);
    return rc;
}

int query_keep_reply(const struct gateway *gw, const struct reply_key *key, int64_t status, struct span body,
                     struct err *err)
{
    auto_free char *text = span_dup(body);
    auto_free char *hash = mem_dup_str(key->body_hash);
    struct idempotent_reply reply = { .hash = hash, .body = text, .status = status };
    return idempotency_put(gw->store, key->scope, key->key, &reply, err);
}
