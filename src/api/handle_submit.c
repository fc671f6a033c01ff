#include "api/handlers.h"

#include "api/done.h"
#include "api/idempotency.h"
#include "api/job_wait.h"
#include "api/reply.h"
#include "base/mem.h"
#include "svc/submit/submit.h"

#include <inttypes.h>

enum { ACCEPTED = 202 };

struct submission {
    struct request *request; /* held */
    struct job_wait wait;
};

static void answer_job(struct request *request, int64_t job_id, const struct job_wait *wait)
{
    auto_str struct str location = STR_MAX(200);
    str_addf(&location, "%s/api/v1/jobs/%" PRId64, request->base_path, job_id);
    reply_header(request, "Location", str_text(&location));
    job_wait_answer(request, job_id, wait, ACCEPTED);
}

static void on_accepted(void *ctx, const struct answer *answer)
{
    struct submission *submission = ctx;
    struct request *request = submission->request;
    if (answer->ok)
        answer_job(request, answer->job_id, &submission->wait);
    else
        reply_answer(request, ACCEPTED, answer);
    request_drop(request);
    mem_free_ptr(&submission);
}

static void submit(struct request *request, const struct job_wait *wait)
{
    struct err err;
    struct idempotency key = idempotency_of(request);
    struct submit_call call = { .mode = SUBMIT_REAL,
                                .body = request->doc,
                                .user = request->user,
                                .idempotency_key = key.key,
                                .idempotency_scope = key.scope,
                                .body_hash = key.body_hash };
    struct submission *submission = mem_zalloc(sizeof(*submission));
    *submission = (struct submission){ .request = request, .wait = *wait };
    request_hold(request);
    if (submit_start(request->gw->submit, &call, on_accepted, submission, &err) == 0)
        return;
    reply_err(request, &err);
    request_drop(request);
    mem_free_ptr(&submission);
}

static void on_shown(void *ctx, const struct answer *answer)
{
    struct request *request = ctx;
    reply_answer(request, 200, answer);
    request_drop(request);
}

static void show(struct request *request, enum submit_mode mode)
{
    struct err err;
    struct submit_call call = { .mode = mode, .body = request->doc, .user = request->user };
    request_hold(request);
    done_started(request, submit_start(request->gw->submit, &call, on_shown, request, &err), &err);
}

void handle_submit(struct request *request)
{
    struct err err;
    struct job_wait wait;
    bool is_dry = false;
    if (request_query_bool(request, "dry_run", &is_dry, &err) < 0 ||
        job_wait_read(request, false, &wait, &err) < 0)
        reply_err(request, &err);
    else if (is_dry)
        show(request, SUBMIT_DRY_RUN);
    else if (request->replay_job)
        answer_job(request, request->replay_job, &wait);
    else
        submit(request, &wait);
}

void handle_render(struct request *request)
{
    show(request, SUBMIT_RENDER);
}
