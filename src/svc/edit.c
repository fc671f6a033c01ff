#include "svc/edit.h"

#include "base/limits.h"
#include "base/mem.h"
#include "store/job_store.h"
#include "svc/body.h"
#include "svc/jobs.h"
#include "text/json_out.h"

#include <stddef.h>
#include <string.h>

enum { MAX_TAG_BYTES = 100, MAX_TEXT_BYTES = 16 * 1024, MAX_DOCUMENT_BYTES = 16 * 1024 * 1024 };

static const struct body_field fields[] = {
    { "name", BODY_TITLE, false, MAX_NAME_BYTES }, { "description", BODY_TEXT, true, MAX_TEXT_BYTES },
    { "group", BODY_LINE, true, MAX_NAME_BYTES },  { "tags", BODY_TAGS, false, MAX_TAG_BYTES },
    { "archived", BODY_BOOL, false, 0 },
};
static const size_t places[] = {
    /* of the fields in their job, in that order */
    offsetof(struct job, name), offsetof(struct job, description), offsetof(struct job, group),
    offsetof(struct job, tags), offsetof(struct job, archived),
};

/* The same tag twice is one tag. */
static void tags_json(struct json_out *out, const struct doc *tags)
{
    json_open_array(out);
    for (size_t i = 0; i < tags->count; i++) {
        size_t first = 0;
        while (strcmp(tags->items[first].text, tags->items[i].text) != 0)
            first++;
        if (first == i)
            json_str(out, tags->items[i].text);
    }
    json_close_array(out);
}

static void apply(struct job *job, const struct doc *value)
{
    size_t i = 0;
    while (strcmp(fields[i].name, value->key) != 0) /* checked before */
        i++;
    char *place = (char *)job + places[i];
    if (fields[i].kind == BODY_BOOL) {
        *(bool *)place = value->boolean;
        return;
    }
    auto_str struct str tags = STR_MAX(MAX_TEXT_BYTES);
    struct json_out out = { .to = &tags };
    if (fields[i].kind == BODY_TAGS)
        tags_json(&out, value);
    mem_replace_str((char **)(void *)place, fields[i].kind == BODY_TAGS ? str_text(&tags) : value->text);
}

struct edit {
    const struct gateway *gw;
    int64_t job_id;
    answer_done *done;
    void *ctx;
};

static void on_committed(void *ctx, bool committed)
{
    struct edit *edit = ctx;
    auto_str struct str body = STR_MAX(MAX_DOCUMENT_BYTES);
    struct answer answer = { .job_id = edit->job_id };
    if (!committed)
        err_set(&answer.err, ERR_IO, "the change could not be stored");
    else
        answer.ok = job_store_document(edit->gw->store, edit->job_id, &body, &answer.err) == 0;
    answer.body = str_span(&body);
    edit->done(edit->ctx, &answer);
    mem_free_ptr(&edit);
}

/* An active job is in memory and changes there; an ended one only in the store. */
static int store_change(const struct gateway *gw, int64_t job_id, const struct doc *body, struct err *err)
{
    struct job *active = jobs_find(gw->jobs, job_id);
    auto_job struct job *ended = NULL;
    if (!active && job_store_get(gw->store, job_id, &ended, err) < 0)
        return -1;
    struct job *job = active ? active : ended;
    for (size_t i = 0; i < body->count; i++)
        apply(job, &body->items[i]);
    if (!active)
        return job_store_update(gw->store, job, "edited", NULL, err);
    jobs_change(gw->jobs, job, "edited", NULL);
    return 0;
}

int edit_job(const struct gateway *gw, int64_t job_id, const struct doc *body, answer_done *done, void *ctx,
             struct errs *errs, struct err *err)
{
    if (body_check(body, fields, ARRAY_LEN(fields), errs, err) < 0)
        return -1;
    if (store_change(gw, job_id, body, err) < 0)
        return -1;
    struct edit *edit = mem_alloc(sizeof(*edit));
    *edit = (struct edit){ gw, job_id, done, ctx };
    store_after_commit(gw->store, on_committed, edit);
    return 0;
}
