#include "store/job_store.h"

#include "base/mem.h"
#include "store/job_rows.h"
#include "text/json_in.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void job_script_clear(struct job_script *script)
{
    mem_clear_str(&script->script);
    mem_clear_str(&script->request);
    mem_clear_str(&script->resolved);
    mem_clear_str(&script->sha256);
    mem_clear_str(&script->diff);
}

/* --- derived rows --- */

static int put_document(struct store *store, const struct job *job, struct err *err)
{
    auto_str struct str doc = STR_MAX(MAX_JOB_DOC_BYTES);
    job_json(job, &doc);
    if (doc.failed)
        return err_set(err, ERR_TOO_LARGE, "job: its document exceeds %d bytes", MAX_JOB_DOC_BYTES);
    auto_call struct call call = call_open(store, SQL_DOC_PUT);
    call_int(&call, 1, job->id);
    call_span(&call, 2, str_span(&doc));
    return call_run(&call, err);
}

static int add_tag(struct store *store, int64_t id, const char *tag, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_TAG_ADD);
    call_text(&call, 1, tag);
    call_int(&call, 2, id);
    return call_run(&call, err);
}

static int put_tags(struct store *store, const struct job *job, struct err *err)
{
    if (!job->tags)
        return 0;
    auto_doc struct doc *tags = NULL;
    if (json_parse(span_of(job->tags), &tags, err) < 0)
        return err_wrap(err, "job: tags");
    for (size_t i = 0; tags->kind == DOC_SEQ && i < tags->count; i++)
        if (tags->items[i].kind == DOC_STR && add_tag(store, job->id, tags->items[i].text, err) < 0)
            return -1;
    return 0;
}

/* Looks at what is stored before it is overwritten: tags hardly ever change. */
static int has_new_tags(struct store *store, const struct job *job, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_TAGS_GET);
    call_int(&call, 1, job->id);
    int rc = call_step(&call, err);
    if (rc == 0)
        return err_set(err, ERR_NOT_FOUND, "no job %lld", (long long)job->id);
    return rc < 0 ? -1 : !span_eq(call_get(&call, 0), span_of(job->tags));
}

static int clear_tags(struct store *store, const struct job *job, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_TAGS_CLEAR);
    call_int(&call, 1, job->id);
    return call_run(&call, err);
}

static int put_index(struct store *store, enum sql_id id, const struct job *job, struct err *err)
{
    bool is_open = !job_is_final(job) || job->phase != PHASE_CLOSED;
    bool has_failed = (job_states_failed() >> job->state) & 1;
    bool is_hot = id != SQL_INDEX_COLD, is_cold = id != SQL_INDEX_HOT;
    auto_call struct call call = call_open(store, id);
    call_int(&call, 1, job->id);
    if (is_hot) {
        call_int(&call, 2, is_open);
        call_int(&call, 3, has_failed);
        call_int(&call, 5, job->event);
        call_text(&call, 7, job_state_word(job->state));
    }
    if (is_cold) {
        const char *const texts[] = { job->cluster, job->project, job->user,    job->gpu_type,
                                      job->group,   job->name,    job->sched_id };
        call_int(&call, 4, job->archived);
        call_int(&call, 6, job->created_at_us);
        for (size_t i = 0; i < ARRAY_LEN(texts); i++)
            call_text(&call, 8 + (int)i, texts[i]);
    }
    return call_run(&call, err);
}

static int put_script(struct store *store, int64_t id, const struct job_script *script, struct err *err)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char hex[2 * sizeof(hash) + 1];
    struct span text = span_of(script->script);
    crypto_hash_sha256(hash, (const unsigned char *)(text.ptr ? text.ptr : ""), text.len);
    sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
    auto_call struct call call = call_open(store, SQL_SCRIPT_PUT);
    call_int(&call, 1, id);
    call_text(&call, 2, script->script);
    call_text(&call, 3, script->script ? hex : NULL);
    call_text(&call, 4, script->request);
    call_text(&call, 5, script->resolved);
    call_text(&call, 6, script->diff);
    return call_run(&call, err);
}

/* --- changes --- */

static int insert(struct store *store, struct job *job, const struct job_script *script, struct err *err)
{
    job->event = store->next_event;
    if (job_row_insert(store, job, err) < 0)
        return -1;
    job->id = sqlite3_last_insert_rowid(store->writer);
    if (put_index(store, SQL_INDEX_INSERT, job, err) < 0 || put_document(store, job, err) < 0 ||
        put_tags(store, job, err) < 0 ||
        event_row_add(store, &(struct new_event){ job->id, "jobs", "created", NULL }, err) < 0)
        return -1;
    return script ? put_script(store, job->id, script, err) : 0;
}

int job_store_insert(struct store *store, struct job *job, const struct job_script *script, struct err *err)
{
    int64_t id = job->id, event = job->event;
    if (change_begin(store, err) < 0)
        return -1;
    if (change_end(store, insert(store, job, script, err), err) == 0)
        return 0;
    job->id = id;
    job->event = event;
    return -1;
}

static int update(struct store *store, struct job *job, const char *kind, const char *data, struct err *err)
{
    job->event = store->next_event;
    int retag = has_new_tags(store, job, err);
    if (retag < 0 || job_row_update(store, job, err) < 0 || put_index(store, SQL_INDEX_HOT, job, err) < 0 ||
        put_index(store, SQL_INDEX_COLD, job, err) < 0 || put_document(store, job, err) < 0 ||
        event_row_add(store, &(struct new_event){ job->id, "jobs", kind, data }, err) < 0)
        return -1;
    if (!retag)
        return 0;
    return clear_tags(store, job, err) < 0 ? -1 : put_tags(store, job, err);
}

int job_store_update(struct store *store, struct job *job, const char *kind, const char *data,
                     struct err *err)
{
    int64_t event = job->event;
    if (change_begin(store, err) < 0)
        return -1;
    if (change_end(store, update(store, job, kind, data, err), err) == 0)
        return 0;
    job->event = event;
    return -1;
}

/* --- single reads --- */

static int step_to_job(struct call *call, int64_t id, struct err *err)
{
    call_int(call, 1, id);
    int rc = call_step(call, err);
    if (rc == 0)
        return err_set(err, ERR_NOT_FOUND, "no job %lld", (long long)id);
    return rc < 0 ? -1 : 0;
}

int job_store_get(struct store *store, int64_t id, struct job **out, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_JOB_GET);
    return step_to_job(&call, id, err) < 0 ? -1 : job_row_read(&call, out, err);
}

int job_store_has(struct store *store, int64_t id, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_JOB_GET);
    return step_to_job(&call, id, err);
}

int job_store_by_token(struct store *store, const char *token, struct job **out, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_JOB_BY_TOKEN);
    call_text(&call, 1, token);
    int rc = call_step(&call, err);
    if (rc == 0)
        return err_set(err, ERR_NOT_FOUND, "no job with token %.40s", token);
    return rc < 0 ? -1 : job_row_read(&call, out, err);
}

int job_store_last(struct store *store, int64_t *id, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_JOB_LAST);
    call_int(&call, 1, 0);
    int rc = call_step(&call, err);
    if (rc == 0)
        return err_set(err, ERR_NOT_FOUND, "there is no job yet");
    if (rc < 0)
        return -1;
    *id = sqlite3_column_int64(call.stmt, 0);
    return 0;
}

int job_store_document(struct store *store, int64_t id, struct str *out, struct err *err)
{
    auto_call struct call call = call_open(store, id ? SQL_DOC_GET : SQL_DOC_LAST);
    call_int(&call, 1, id);
    int rc = call_step(&call, err);
    if (rc == 0)
        return id ? err_set(err, ERR_NOT_FOUND, "no job %lld", (long long)id)
                  : err_set(err, ERR_NOT_FOUND, "there is no job yet");
    if (rc < 0)
        return -1;
    str_add_span(out, call_get(&call, 0));
    return out->failed ? err_set(err, ERR_TOO_LARGE, "job: its document exceeds %zu bytes", out->max) : 0;
}

int job_store_put_diff(struct store *store, int64_t id, const char *diff, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_SCRIPT_DIFF);
    call_int(&call, 1, id);
    call_text(&call, 2, diff);
    return call_run(&call, err);
}

int job_store_resolved(struct store *store, int64_t id, char **out, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_SCRIPT_RESOLVED);
    call_int(&call, 1, id);
    int rc = call_step(&call, err);
    if (rc >= 0)
        *out = rc == 1 ? call_dup(&call, 0) : NULL;
    return rc < 0 ? -1 : 0;
}

int job_store_script(struct store *store, int64_t id, struct job_script *out, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_SCRIPT_GET);
    call_int(&call, 1, id);
    int rc = call_step(&call, err);
    if (rc == 0)
        return err_set(err, ERR_NOT_FOUND, "no script of a job %lld", (long long)id);
    if (rc < 0)
        return -1;
    out->script = call_dup(&call, 0);
    out->sha256 = call_dup(&call, 1);
    out->request = call_dup(&call, 2);
    out->resolved = call_dup(&call, 3);
    out->diff = call_dup(&call, 4);
    return 0;
}

/* --- the open ones --- */

struct ids {
    int64_t *items;
    size_t count, cap;
};

static int open_ids(struct store *store, struct ids *ids, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_JOB_OPEN_IDS);
    call_int(&call, 1, 0);
    int rc;
    while ((rc = call_step(&call, err)) == 1)
        *vec_push(ids->items, ids->count, ids->cap) = sqlite3_column_int64(call.stmt, 0);
    return rc;
}

int job_store_active(struct store *store, job_store_each *each, void *ctx, struct err *err)
{
    struct ids ids = { 0 }; /* first, so that each may change the store */
    int rc = open_ids(store, &ids, err);
    for (size_t i = 0; rc == 0 && i < ids.count; i++) {
        struct job *job = NULL;
        rc = job_store_get(store, ids.items[i], &job, err);
        if (rc == 0)
            rc = each(ctx, job, err);
    }
    free(ids.items);
    return rc;
}
