#include "api/handlers.h"

#include "api/done.h"
#include "api/job_wait.h"
#include "api/reply.h"
#include "api/routes.h"
#include "svc/live/metrics.h"

#include <math.h>
#include <string.h>

enum { MAX_CURVES_BYTES = 64 * 1024 * 1024, MAX_EXPORT_BYTES = 512 * 1024 * 1024, MAX_POINTS = 20000 };

static int read_step(const struct request *request, const char *name, double *out, struct err *err)
{
    const char *text = request_query(request, name);
    if (text && !span_f64(span_of(text), out))
        return err_set(err, ERR_INVALID, "query parameter '%s' must be a number", name);
    return 0;
}

void handle_job_metrics(struct request *request)
{
    struct err err;
    struct metrics_query query = { .keys = request_query(request, "keys"),
                                   .points = 2000,
                                   .from = (double)-INFINITY,
                                   .to = (double)INFINITY };
    auto_str struct str body = STR_MAX(MAX_CURVES_BYTES);
    if (request_query_int(request, "points", 2, MAX_POINTS, &query.points, &err) < 0 ||
        request_query_bool(request, "times", &query.times, &err) < 0 ||
        read_step(request, "from", &query.from, &err) < 0 || read_step(request, "to", &query.to, &err) < 0 ||
        job_wait_id(request, &query.job_id, &err) < 0 || metrics_json(request->gw, &query, &body, &err) < 0)
        reply_err(request, &err);
    else
        reply_json(request, 200, &body);
}

static void on_posted(void *ctx, const struct answer *answer)
{
    struct request *request = ctx;
    if (answer->ok)
        reply_empty(request, request->route->status);
    else
        reply_err(request, &answer->err);
    request_drop(request);
}

void handle_job_metrics_post(struct request *request)
{
    auto_errs struct errs errs = { 0 };
    struct err err;
    struct metrics_call call = { .body = request->doc, .errs = &errs };
    request_hold(request);
    if (job_wait_id(request, &call.job_id, &err) == 0 &&
        metrics_post(request->gw, &call, on_posted, request, &err) == 0)
        return;
    reply_problem(request, &(struct problem){ .err = &err, .errs = &errs });
    request_drop(request);
}

void handle_job_metrics_export(struct request *request)
{
    struct err err;
    int64_t job_id;
    const char *format = request_query(request, "format");
    bool as_csv = !format || strcmp(format, "csv") == 0;
    auto_str struct str body = STR_MAX(MAX_EXPORT_BYTES);
    if (format && !as_csv && strcmp(format, "jsonl") != 0)
        reply_errf(request, ERR_INVALID, "query parameter 'format' must be csv or jsonl");
    else if (job_wait_id(request, &job_id, &err) < 0 ||
             metrics_export(request->gw, job_id, as_csv, &body, &err) < 0)
        reply_err(request, &err);
    else
        reply_bytes(request, 200, as_csv ? "text/csv; charset=utf-8" : "application/x-ndjson",
                    str_span(&body));
}
