#include "svc/edit.h"

#include "base/limits.h"
#include "base/mem.h"
#include "store/job_store.h"
#include "svc/jobs.h"
#include "text/json_out.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

enum { MAX_TAGS = 64, MAX_TAG_BYTES = 64, MAX_TEXT_BYTES = 16 * 1024, MAX_DOCUMENT_BYTES = 16 * 1024 * 1024 };

enum kind { KIND_LINE, KIND_TEXT, KIND_TAGS, KIND_BOOL };

static const struct field {
    const char *name;
    enum kind kind;
    bool may_be_null;
    size_t max_bytes, offset;
} fields[] = {
    { "name", KIND_LINE, false, MAX_NAME_BYTES, offsetof(struct job, name) },
    { "description", KIND_TEXT, true, MAX_TEXT_BYTES, offsetof(struct job, description) },
    { "group", KIND_LINE, true, MAX_NAME_BYTES, offsetof(struct job, group) },
    { "tags", KIND_TAGS, false, MAX_TAG_BYTES, offsetof(struct job, tags) },
    { "archived", KIND_BOOL, false, 0, offsetof(struct job, archived) },
};

static const struct field *find_field(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

static bool is_line(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static bool is_text(const struct doc *value, const struct field *field)
{
    return value->kind == DOC_STR && value->text[0] && strlen(value->text) <= field->max_bytes &&
           (field->kind == KIND_TEXT || is_line(value->text));
}

static bool are_tags(const struct doc *value, const struct field *field)
{
    if (value->kind != DOC_SEQ || value->count > MAX_TAGS)
        return false;
    for (size_t i = 0; i < value->count; i++)
        if (!is_text(&value->items[i], field))
            return false;
    return true;
}

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

static bool fits(const struct doc *value, const struct field *field)
{
    if (value->kind == DOC_NULL)
        return field->may_be_null;
    if (field->kind == KIND_TAGS)
        return are_tags(value, field);
    return field->kind == KIND_BOOL ? value->kind == DOC_BOOL : is_text(value, field);
}

static void judge(const struct doc *value, struct errs *errs)
{
    const struct field *field = find_field(value->key);
    auto_str struct str pointer = STR_MAX(1024);
    errs_path_key(NULL, &pointer, value->key);
    struct errs_item at = { .code = ERR_INVALID, .pointer = str_text(&pointer) };
    if (!field)
        errs_addf(errs, &at, "unknown field; there are name, description, group, tags, archived");
    else if (fits(value, field))
        return;
    else if (field->kind == KIND_BOOL)
        errs_addf(errs, &at, "expected true or false");
    else if (field->kind == KIND_TAGS)
        errs_addf(errs, &at, "expected at most %d tags of at most %zu bytes", MAX_TAGS, field->max_bytes);
    else
        errs_addf(errs, &at, "expected %s of 1 to %zu bytes%s",
                  field->kind == KIND_LINE ? "one line" : "a text", field->max_bytes,
                  field->may_be_null ? ", or null" : "");
}

static void apply(struct job *job, const struct doc *value)
{
    const struct field *field = find_field(value->key);
    assert(field); /* judged before */
    char *place = (char *)job + field->offset;
    if (field->kind == KIND_BOOL) {
        *(bool *)place = value->boolean;
        return;
    }
    auto_str struct str tags = STR_MAX(MAX_TEXT_BYTES);
    struct json_out out = { .to = &tags };
    if (field->kind == KIND_TAGS)
        tags_json(&out, value);
    mem_replace_str((char **)(void *)place, field->kind == KIND_TAGS ? str_text(&tags) : value->text);
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
    for (size_t i = 0; i < body->count; i++)
        judge(&body->items[i], errs);
    if (errs->count)
        return errs_first(errs, err);
    if (store_change(gw, job_id, body, err) < 0)
        return -1;
    struct edit *edit = mem_alloc(sizeof(*edit));
    *edit = (struct edit){ gw, job_id, done, ctx };
    store_after_commit(gw->store, on_committed, edit);
    return 0;
}
