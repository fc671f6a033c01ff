#include "api/job_wait.h"

#include "api/reply.h"
#include "base/mem.h"
#include "svc/query.h"

#include <string.h>

enum { MAX_JOB_BYTES = 16 * 1024 * 1024, DEFAULT_WAIT_MS = 60 * 1000, MAX_WAIT_MS = 600 * 1000 };

struct waiter {
    struct request *request; /* held */
    struct wait *wait;
    int64_t job_id;
    int status;
};

int job_wait_read(const struct request *request, bool may_change, struct job_wait *out, struct err *err)
{
    static const struct {
        const char *word;
        enum wait_for what;
    } words[] = { { "submitted", WAIT_SUBMITTED }, { "terminal", WAIT_TERMINAL }, { "change", WAIT_CHANGE } };
    struct job_wait wait = { .timeout_ms = DEFAULT_WAIT_MS, .after = query_last_event(request->gw) };
    if (request_query_duration(request, "timeout", MAX_WAIT_MS, &wait.timeout_ms, err) < 0 ||
        request_query_int(request, "after", 0, INT64_MAX, &wait.after, err) < 0)
        return -1;
    const char *word = request_query(request, "wait");
    for (size_t i = 0; word && i < ARRAY_LEN(words) - !may_change; i++) {
        if (strcmp(word, words[i].word) == 0) {
            wait.has_what = true;
            wait.what = words[i].what;
        }
    }
    if (word && !wait.has_what)
        return err_set(err, ERR_INVALID, "query parameter 'wait' must be submitted%s",
                       may_change ? ", terminal or change" : " or terminal");
    *out = wait;
    return 0;
}

int job_wait_id(const struct request *request, int64_t *job_id, struct err *err)
{
    auto_free char *ref = request_param_dup(request, 0);
    return query_job_id(request->gw, ref, job_id, err);
}

static void answer_now(struct request *request, int64_t job_id, int status)
{
    auto_str struct str body = STR_MAX(MAX_JOB_BYTES);
    struct err err;
    if (request->gone && !request->flight)
        reply_empty(request, status); /* nobody listens, and the server may be on its way out */
    else if (query_job(request->gw, job_id, &body, &err) < 0)
        reply_err(request, &err);
    else
        reply_json(request, status, &body);
}

static void end(struct waiter *waiter)
{
    answer_now(waiter->request, waiter->job_id, waiter->status);
    request_drop(waiter->request);
    mem_free_ptr(&waiter);
}

static void on_time(void *ctx)
{
    end(ctx);
}

static void on_gone(void *ctx)
{
    struct waiter *waiter = ctx;
    wait_drop(waiter->wait);
    end(waiter);
}

/* 1: nothing to wait for, 0: wait, -1: err. */
static int is_there(const struct gateway *gw, int64_t job_id, const struct job_wait *wait, struct err *err)
{
    if (!wait->has_what || wait->timeout_ms == 0)
        return 1;
    if (wait->what == WAIT_TERMINAL)
        return query_job_is_final(gw, job_id, err);
    if (wait->what == WAIT_SUBMITTED)
        return query_job_is_submitted(gw, job_id, err);
    return 0;
}

void job_wait_answer(struct request *request, int64_t job_id, const struct job_wait *wait, int status)
{
    struct err err;
    int there = is_there(request->gw, job_id, wait, &err);
    if (there < 0)
        reply_err(request, &err);
    else if (there || request->gone)
        answer_now(request, job_id, status);
    if (there || request->gone)
        return;
    struct waiter *waiter = mem_zalloc(sizeof(*waiter));
    *waiter = (struct waiter){ .request = request, .job_id = job_id, .status = status };
    request_hold(request);
    request_on_gone(request, on_gone, waiter);
    waiter->wait =
        wait_start(request->gw->waits,
                   &(struct wait_call){ job_id, wait->what, wait->after, wait->timeout_ms }, on_time, waiter);
}
