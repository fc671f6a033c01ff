#include "domain/verdict_array.h"

#include "base/mem.h"
#include "domain/verdict.h"
#include "text/json_in.h"
#include "text/json_out.h"

#include <string.h>

struct cause { /* alike tasks, the first of them in words */
    struct doc *first;
    const char *code;
    size_t *members, count, cap; /* into tasks */
};

struct causes {
    struct cause *items;
    size_t count, cap;
};

static void causes_clear(struct causes *causes)
{
    for (size_t i = 0; i < causes->count; i++) {
        doc_free(causes->items[i].first);
        mem_free_ptr(&causes->items[i].members);
    }
    mem_free_ptr(&causes->items);
}

static const char *title_of(const struct cause *cause)
{
    const char *title = doc_scalar_text(doc_get(cause->first, "title"));
    return title ? title : cause->code;
}

/* The same code, and where the title alone tells apart (its exit code, who cancelled it) the same title. */
static struct cause *find(struct causes *causes, const struct cause *like)
{
    bool by_title = strcmp(like->code, "failed") == 0 || strcmp(like->code, "cancelled") == 0;
    for (size_t i = 0; i < causes->count; i++)
        if (strcmp(causes->items[i].code, like->code) == 0 &&
            (!by_title || strcmp(title_of(&causes->items[i]), title_of(like)) == 0))
            return &causes->items[i];
    return NULL;
}

static int add(struct causes *causes, const struct verdict_task *task, size_t index, struct err *err)
{
    auto_doc struct doc *doc = NULL;
    if (json_parse(span_of(task->json), &doc, err) < 0)
        return -1;
    const char *code = doc_scalar_text(doc_get(doc, "code"));
    if (!code)
        return err_set(err, ERR_CORRUPT, "a verdict without its code");
    const struct cause like = { .first = doc, .code = code };
    struct cause *cause = find(causes, &like);
    if (!cause) {
        cause = vec_push(causes->items, causes->count, causes->cap);
        *cause = like;
        doc = NULL;
    }
    *vec_push(cause->members, cause->count, cause->cap) = index;
    return 0;
}

/* The commonest first; of equals the one met first. */
static void bring_forward(struct causes *causes)
{
    for (size_t i = 1; i < causes->count; i++) {
        struct cause cause = causes->items[i];
        size_t at = i;
        for (; at > 0 && causes->items[at - 1].count < cause.count; at--)
            causes->items[at] = causes->items[at - 1];
        causes->items[at] = cause;
    }
}

static void copy_evidence(struct json_out *out, const struct doc *entry)
{
    static const char *const numbers[] = { "line", "attempt", "task" };
    const char *text = doc_scalar_text(doc_get(entry, "text"));
    json_open_object(out);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        const struct doc *value = doc_get(entry, numbers[i]);
        if (value && value->kind == DOC_INT)
            json_member_int(out, numbers[i], value->integer);
    }
    json_member_str(out, "text", text ? text : "");
    json_close_object(out);
}

static size_t evidence_count(const struct cause *cause)
{
    const struct doc *evidence = doc_get(cause->first, "evidence");
    return evidence && evidence->kind == DOC_SEQ ? evidence->count : 0;
}

/* The telling line of each cause, and where there is room, more of the first. */
static void add_evidence(struct json_out *out, const struct causes *causes)
{
    size_t room = VERDICT_EVIDENCE;
    json_key(out, "evidence");
    json_open_array(out);
    for (size_t i = 0; i < causes->count && room; i++) {
        size_t have = evidence_count(&causes->items[i]), others = causes->count - i - 1;
        size_t most = room > others ? room - others : 1, shown = have < most ? have : most;
        for (size_t k = 0; k < shown; k++)
            copy_evidence(out, &doc_get(causes->items[i].first, "evidence")->items[k]);
        room -= shown;
    }
    json_close_array(out);
}

static void add_next(struct json_out *out, const struct cause *cause)
{
    const struct doc *next = doc_get(cause->first, "next");
    json_key(out, "next");
    json_open_array(out);
    for (size_t i = 0; next && next->kind == DOC_SEQ && i < next->count; i++)
        json_str(out, doc_scalar_text(&next->items[i]));
    json_close_array(out);
}

static void add_cause(struct json_out *out, const struct cause *cause, const struct verdict_task *tasks)
{
    json_open_object(out);
    json_member_str(out, "code", cause->code);
    json_member_str(out, "title", title_of(cause));
    json_member_u64(out, "count", cause->count);
    json_key(out, "tasks");
    json_open_array(out);
    for (size_t i = 0; i < cause->count && i < VERDICT_NAMED_TASKS; i++)
        json_int(out, tasks[cause->members[i]].number);
    json_close_array(out);
    json_close_object(out);
}

static void add_title(struct json_out *out, const struct cause *cause, size_t total)
{
    auto_str struct str title = STR_MAX(2048);
    if (cause->count == total)
        str_addf(&title, "All %zu tasks: %s", total, title_of(cause));
    else
        str_addf(&title, "%zu of %zu tasks: %s", cause->count, total, title_of(cause));
    json_member_str(out, "title", str_text(&title));
}

int verdict_array_json(const struct verdict_task *tasks, size_t count, size_t total, struct str *to,
                       struct err *err)
{
    __attribute__((cleanup(causes_clear))) struct causes causes = { 0 };
    struct json_out out = { .to = to };
    for (size_t i = 0; i < count; i++)
        if (add(&causes, &tasks[i], i, err) < 0)
            return -1;
    if (!causes.count)
        return 0;
    bring_forward(&causes);
    json_open_object(&out);
    json_member_str(&out, "code", causes.items[0].code);
    add_title(&out, &causes.items[0], total);
    add_evidence(&out, &causes);
    add_next(&out, &causes.items[0]);
    json_key(&out, "tasks");
    json_open_array(&out);
    for (size_t i = 0; i < causes.count; i++)
        add_cause(&out, &causes.items[i], tasks);
    json_close_array(&out);
    json_close_object(&out);
    return 0;
}
