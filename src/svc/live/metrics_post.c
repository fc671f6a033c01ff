#include "svc/live/metrics_gather.h"

#include "base/limits.h"
#include "base/mem.h"
#include "store/store.h"

#include <math.h>
#include <string.h>

enum { MAX_POINTER_BYTES = MAX_SUBMIT_BODY_BYTES + 32 };

struct post { /* a checked body */
    const struct doc *points;
    struct span stream; /* empty: none */
    int64_t first;
    struct errs *errs;
};

/* A number, or one of the words for what JSON has none for; neither true nor "1". */
static bool doc_number(const struct doc *doc, double *out)
{
    static const char *const words[] = { "NaN", "Infinity", "-Infinity" };
    bool is_number = doc->kind == DOC_INT || doc->kind == DOC_FLOAT;
    for (size_t i = 0; doc->kind == DOC_STR && i < ARRAY_LEN(words); i++)
        is_number = is_number || strcmp(doc->text, words[i]) == 0;
    return is_number && metric_number(span_of(doc_scalar_text(doc)), out);
}

/* What is wrong with a body, and where. */
static int wrong(struct errs *errs, const char *pointer, const char *text)
{
    errs_add(errs, &(struct errs_item){ .code = ERR_INVALID, .pointer = pointer, .text = text });
    return -1;
}

static int wrong_point(struct errs *errs, size_t number, const char *key, const char *text)
{
    auto_str struct str pointer = STR_MAX(MAX_POINTER_BYTES);
    str_addf(&pointer, "/points/%zu", number);
    if (key)
        errs_path_key(NULL, &pointer, key);
    return wrong(errs, str_text(&pointer), text);
}

static int add_doc(struct gather *gather, const struct post *post, size_t number, struct metric_build *row)
{
    const struct doc *doc = &post->points->items[number];
    metric_build_clear(row);
    if (doc->kind != DOC_MAP)
        return wrong_point(post->errs, number, NULL,
                           "must be an object such as {\"step\": 1, \"loss\": 0.5}");
    if (doc->count > MAX_METRIC_KEYS)
        return wrong_point(post->errs, number, NULL, "has too many names");
    for (size_t i = 0; i < doc->count; i++) {
        struct span key = span_of(doc->items[i].key);
        double value;
        if (!key.len || key.len > MAX_METRIC_NAME)
            return wrong_point(post->errs, number, NULL, "a name in it is empty or too long");
        if (!doc_number(&doc->items[i], &value))
            return wrong_point(post->errs, number, doc->items[i].key,
                               "must be a number, or \"NaN\", \"Infinity\" or \"-Infinity\"");
        metric_build_add(row, key, value);
    }
    metric_build_tell(row, 0, gather_row, gather);
    return 0;
}

static int read_stream(const struct doc *stream, const struct doc *first, struct post *out)
{
    if (!stream || stream->kind != DOC_STR || !stream_is_valid(span_of(stream->text)))
        return wrong(out->errs, "/stream", "must be 8 to 64 hexadecimal digits in lower case, beside first");
    if (!first || first->kind != DOC_INT || first->integer < 0)
        return wrong(out->errs, "/first", "must be a whole number from 0, beside stream");
    out->stream = span_of(stream->text);
    out->first = first->integer;
    return 0;
}

static int read_body(const struct doc *body, struct post *out)
{
    const struct doc *points = doc_get(body, "points"), *stream = doc_get(body, "stream"),
                     *first = doc_get(body, "first");
    for (size_t i = 0; i < body->count; i++) {
        const struct doc *item = &body->items[i];
        auto_str struct str pointer = STR_MAX(MAX_POINTER_BYTES);
        errs_path_key(NULL, &pointer, item->key);
        if (item != points && item != stream && item != first)
            return wrong(out->errs, str_text(&pointer), "unknown field; there are points, stream, first");
    }
    if (!points || points->kind != DOC_SEQ)
        return wrong(out->errs, "/points", "must be a list of objects such as {\"step\": 1, \"loss\": 0.5}");
    out->points = points;
    return stream || first ? read_stream(stream, first, out) : 0;
}

/* Which of the points are new; and that none is missing before them. */
static int skip_known(const struct gateway *gw, int64_t job_id, const struct post *post, size_t *from,
                      struct err *err)
{
    int64_t next;
    *from = 0;
    if (!post->stream.len)
        return 0;
    if (stream_get(gw, job_id, post->stream, &next, err) < 0)
        return -1;
    if (post->first > next)
        return err_set(err, ERR_CONFLICT,
                       "points of the stream are missing before %lld: the next one wanted is %lld",
                       (long long)post->first, (long long)next);
    int64_t end = post->first + (int64_t)post->points->count;
    *from = (size_t)(next < end ? next - post->first : end - post->first);
    return next < end ? stream_put(gw, job_id, post->stream, end, err) : 0;
}

static int take(struct gather *gather, const struct post *post, struct err *err)
{
    struct metric_build *row = mem_alloc(sizeof(*row));
    size_t from = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < post->points->count; i++)
        rc = add_doc(gather, post, i, row);
    if (rc == 0)
        rc = skip_known(gather->gw, gather->job_id, post, &from, err);
    if (rc == 0 && from > 0) { /* all were checked; now only the new ones */
        gather_clear(gather);
        for (size_t i = from; rc == 0 && i < post->points->count; i++)
            rc = add_doc(gather, post, i, row);
    }
    mem_free_ptr(&row);
    return rc == 0 ? gather_store(gather, err) : rc;
}

struct posting {
    answer_done *done;
    void *ctx;
};

static void after_commit(void *ctx, bool committed)
{
    struct posting *posting = ctx;
    struct answer answer = { .ok = committed };
    if (!committed)
        (void)err_set(&answer.err, ERR_IO, "the points could not be stored");
    posting->done(posting->ctx, &answer);
    mem_free_ptr(&posting);
}

static int take_body(const struct gateway *gw, const struct metrics_call *call, struct err *err)
{
    auto_metric_plan struct metric_plan plan = { 0 };
    struct post post = { .errs = call->errs };
    if (read_body(call->body, &post) < 0)
        return -1;
    metrics_plan(gw, call->job_id, &plan);
    auto_gather struct gather gather = { .gw = gw,
                                         .plan = &plan,
                                         .job_id = call->job_id,
                                         .now_us = clock_wall_us(gw->clock),
                                         .task = -1,
                                         .source = SERIES_OF_FILE,
                                         .last_step = (double)NAN };
    return take(&gather, &post, err);
}

int metrics_post(const struct gateway *gw, const struct metrics_call *call, answer_done *done, void *ctx,
                 struct err *err)
{
    if (take_body(gw, call, err) < 0)
        return call->errs->count ? errs_first(call->errs, err) : -1;
    struct posting *posting = mem_zalloc(sizeof(*posting));
    *posting = (struct posting){ done, ctx };
    store_after_commit(gw->store, after_commit, posting);
    return 0;
}
