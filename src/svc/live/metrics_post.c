#include "svc/live/metrics_gather.h"

#include "base/mem.h"
#include "store/store.h"

#include <math.h>
#include <string.h>

static bool doc_number(const struct doc *doc, double *out)
{
    const char *text = doc_scalar_text(doc);
    return text && metric_number(span_of(text), out);
}

static int add_doc(struct gather *gather, const struct doc *doc, struct metric_build *row, struct err *err)
{
    metric_build_clear(row);
    if (doc->kind != DOC_MAP)
        return err_set(err, ERR_INVALID,
                       "points must be a list of objects such as {\"step\": 1, \"loss\": 0.5}");
    if (doc->count > MAX_METRIC_KEYS)
        return err_set(err, ERR_TOO_LARGE, "a point has at most %d names", MAX_METRIC_KEYS);
    for (size_t i = 0; i < doc->count; i++) {
        struct span key = span_of(doc->items[i].key);
        double value;
        if (!key.len || key.len > MAX_METRIC_NAME)
            return err_set(err, ERR_INVALID, "a name has 1 to %d bytes", MAX_METRIC_NAME);
        if (!doc_number(&doc->items[i], &value))
            return err_set(err, ERR_INVALID, "%s must be a number", doc->items[i].key);
        metric_build_add(row, key, value);
    }
    metric_build_tell(row, 0, gather_row, gather);
    return 0;
}

struct post { /* a checked body */
    const struct doc *points;
    struct span stream; /* empty: none */
    int64_t first;
};

static int read_body(const struct doc *body, struct post *out, struct err *err)
{
    const struct doc *points = doc_get(body, "points"), *stream = doc_get(body, "stream"),
                     *first = doc_get(body, "first");
    size_t known = (points != NULL) + (stream != NULL) + (first != NULL);
    if (!points || points->kind != DOC_SEQ || body->count != known)
        return err_set(err, ERR_INVALID,
                       "the body must hold points, a list of objects; stream and first may follow");
    *out = (struct post){ .points = points };
    if (!stream && !first)
        return 0;
    if (!stream || !first || first->kind != DOC_INT || first->integer < 0 || stream->kind != DOC_STR)
        return err_set(err, ERR_INVALID, "stream and first (a whole number from 0) go together");
    out->stream = span_of(stream->text);
    out->first = first->integer;
    if (!stream_is_valid(out->stream))
        return err_set(err, ERR_INVALID, "stream must be 8 to 64 hexadecimal digits in lower case");
    return 0;
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
        rc = add_doc(gather, &post->points->items[i], row, err);
    if (rc == 0)
        rc = skip_known(gather->gw, gather->job_id, post, &from, err);
    if (rc == 0 && from > 0) { /* all were checked; now only the new ones */
        gather_clear(gather);
        for (size_t i = from; rc == 0 && i < post->points->count; i++)
            rc = add_doc(gather, &post->points->items[i], row, err);
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

int metrics_post(const struct gateway *gw, int64_t job_id, const struct doc *body, answer_done *done,
                 void *ctx, struct err *err)
{
    auto_metric_plan struct metric_plan plan = { 0 };
    struct post post = { 0 };
    if (read_body(body, &post, err) < 0)
        return -1;
    metrics_plan(gw, job_id, &plan);
    auto_gather struct gather gather = { .gw = gw,
                                         .plan = &plan,
                                         .job_id = job_id,
                                         .now_us = clock_wall_us(gw->clock),
                                         .task = -1,
                                         .source = SERIES_OF_FILE,
                                         .last_step = (double)NAN };
    if (take(&gather, &post, err) < 0)
        return -1;
    struct posting *posting = mem_zalloc(sizeof(*posting));
    *posting = (struct posting){ done, ctx };
    store_after_commit(gw->store, after_commit, posting);
    return 0;
}
