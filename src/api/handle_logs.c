#include "api/handlers.h"

#include "api/done.h"
#include "api/follow.h"
#include "api/reply.h"
#include "base/limits.h"
#include "base/mem.h"
#include "svc/live/logs.h"
#include "svc/query.h"
#include "text/fold.h"

#include <inttypes.h>
#include <string.h>

static const char type_log[] = "text/plain; charset=utf-8";

static void header_int(struct request *request, const char *name, int64_t value)
{
    auto_str struct str text = STR_MAX(32);
    str_addf(&text, "%" PRId64, value);
    reply_header(request, name, str_text(&text));
}

/* X-Sluice-Offset: where the bytes begin in the log; X-Sluice-Size: the log's whole length now;
 * X-Sluice-Begun: 0 where there is no log yet, else 1. */
static void on_read(void *ctx, const struct answer *answer)
{
    struct request *request = ctx;
    if (answer->ok) {
        header_int(request, "X-Sluice-Offset", answer->offset);
        header_int(request, "X-Sluice-Size", answer->size);
        header_int(request, "X-Sluice-Begun", !answer->not_begun);
        reply_bytes(request, 200, type_log, answer->body);
    } else {
        reply_answer(request, 200, answer);
    }
    request_drop(request);
}

static int read_source(const struct request *request, bool *scheduler_log, struct err *err)
{
    const char *source = request_query(request, "source");
    if (source && strcmp(source, "job") != 0 && strcmp(source, "scheduler") != 0)
        return err_set(err, ERR_INVALID, "query parameter 'source' must be job or scheduler");
    *scheduler_log = source && strcmp(source, "scheduler") == 0;
    return 0;
}

/* Which log of which job. */
static int read_where(const struct request *request, struct log_call *call, struct err *err)
{
    if (request_query_int(request, "attempt", 1, 1000000, &call->attempt, err) < 0 ||
        request_query_int(request, "task", 0, MAX_ARRAY_TASKS * INT64_C(100), &call->task, err) < 0 ||
        read_source(request, &call->scheduler_log, err) < 0)
        return -1;
    auto_free char *ref = request_param_dup(request, 0);
    return query_job_id(request->gw, ref, &call->job_id, err);
}

static int read_call(const struct request *request, struct log_call *call, struct err *err)
{
    int64_t far = INT64_MAX / 2;
    if (request_query_int(request, "offset", -far, far, &call->offset, err) < 0 ||
        request_query_int(request, "limit", 1, MAX_LOG_CHUNK_BYTES, &call->limit, err) < 0 ||
        request_query_int(request, "line", -far, far, &call->line, err) < 0 ||
        request_query_int(request, "lines", 1, 100000, &call->lines, err) < 0)
        return -1;
    if (request_query(request, "line") && !call->line)
        return err_set(err, ERR_INVALID, "query parameter 'line' counts from 1, or from -1 for the last");
    if (call->line && !call->lines)
        call->lines = 1;
    return read_where(request, call, err);
}

/* The same, with carriage returns folded as a terminal would; the offset headers tell of the raw bytes. */
static void on_read_to_fold(void *ctx, const struct answer *answer)
{
    auto_str struct str folded = STR_MAX(MAX_LOG_CHUNK_BYTES + 1);
    struct answer shown = *answer;
    if (answer->ok)
        fold_text(answer->body, &folded);
    shown.body = str_span(&folded);
    on_read(ctx, &shown);
}

void handle_log(struct request *request)
{
    struct err err;
    struct log_call call = { .task = -1 };
    bool follows = false, folds = false;
    if (read_call(request, &call, &err) < 0 || request_query_bool(request, "follow", &follows, &err) < 0 ||
        request_query_bool(request, "fold", &folds, &err) < 0) {
        reply_err(request, &err);
        return;
    }
    if (follows && (call.lines || folds || call.limit)) {
        reply_errf(request, ERR_INVALID,
                   "follow=1 goes by offset: line, lines, limit and fold do not go with it");
        return;
    }
    if (follows) {
        follow_log(request, &call);
        return;
    }
    request_hold(request);
    done_started(request,
                 logs_read(request->gw->logs, &call, folds ? on_read_to_fold : on_read, request, &err), &err);
}

static int read_search(const struct request *request, struct log_search *search, struct err *err)
{
    search->pattern = request_query(request, "q");
    if (!search->pattern || !*search->pattern)
        return err_set(err, ERR_INVALID, "query parameter 'q' says what to search for");
    if (request_query_bool(request, "regex", &search->is_regex, err) < 0 ||
        request_query_bool(request, "ignore_case", &search->ignores_case, err) < 0 ||
        request_query_int(request, "limit", 1, 1000, &search->limit, err) < 0)
        return -1;
    return request_query_int(request, "from", 1, INT64_MAX / 2, &search->first_line, err);
}

void handle_log_search(struct request *request)
{
    struct err err;
    struct log_search search = { .log.task = -1, .first_line = 1, .limit = 100 };
    if (read_where(request, &search.log, &err) < 0 || read_search(request, &search, &err) < 0) {
        reply_err(request, &err);
        return;
    }
    request_hold(request);
    done_started(request, logs_search(request->gw->logs, &search, done_json, request, &err), &err);
}
