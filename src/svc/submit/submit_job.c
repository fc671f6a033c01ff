/* A validated request becomes a job: rendered, stored as an intent, answered after the commit. */
#include "base/crash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "store/job_store.h"
#include "svc/jobs.h"
#include "svc/submit/launch.h"
#include "svc/query.h"
#include "svc/render/render.h"
#include "svc/submit/submission.h"
#include "svc/submit/submit_record.h"

#include <stdlib.h>
#include <string.h>

/* --- the intent --- */

struct intent {
    struct submission *s;
    int64_t job_id;
};

static void after_intent(void *ctx, bool committed)
{
    struct intent *intent = ctx;
    struct submission *s = intent->s;
    const struct gateway *gw = s->submit->gw;
    struct answer answer = { .ok = committed, .job_id = intent->job_id };
    auto_str struct str body = STR_MAX(MAX_OUTPUT_BYTES);
    if (committed)
        crash_point("K2");
    if (!committed)
        err_set(&answer.err, ERR_FULL, "the job could not be stored: %s",
                store_problem(gw->store) ? store_problem(gw->store) : "unknown reason");
    else if (query_job(gw, intent->job_id, &body, &answer.err) < 0)
        answer.ok = false;
    answer.body = str_span(&body);
    if (committed)
        launch_job(gw->launch, intent->job_id);
    submission_answer(s, &answer);
    free(intent);
}

static int keep_idempotency(const struct submission *s, int64_t job_id, struct err *err)
{
    if (!s->key)
        return 0;
    struct idempotent_reply reply = { .hash = s->hash, .status = 202, .job_id = job_id };
    return idempotency_put(s->submit->gw->store, s->scope, s->key, &reply, err);
}

static int store_intent(struct submission *s, const struct token *token, const struct rendered *rendered,
                        const struct snapshot *snapshot, int64_t *job_id, struct err *err)
{
    const struct gateway *gw = s->submit->gw;
    auto_free char *request = submission_request_json(s);
    auto_str struct str resolved = STR_MAX(MAX_SUBMIT_BODY_BYTES);
    resolved_json(s->resolved, &(struct json_out){ .to = &resolved });
    if (submission_put_secrets(s, token->text, err) < 0)
        return -1;
    struct job_script script = { .script = (char *)str_text(&rendered->script),
                                 .request = request,
                                 .resolved = (char *)str_text(&resolved),
                                 .diff = (char *)snapshot->diff };
    struct job *job = submission_job(s, token->text, str_text(&rendered->argv), snapshot);
    crash_point("K1");
    if (jobs_add_take(gw->jobs, job, &script, err) < 0)
        return -1;
    *job_id = job->id;
    if (submission_put_token(s, job, err) < 0)
        return -1;
    return keep_idempotency(s, job->id, err);
}

void submission_commit(struct submission *s, const struct snapshot *snapshot)
{
    const struct gateway *gw = s->submit->gw;
    struct err err = { 0 };
    struct rendered rendered = { 0 };
    struct token token = token_new(clock_wall_us(gw->clock));
    struct intent *intent = mem_zalloc(sizeof(*intent));
    intent->s = s;
    if (submission_render(s, token.text, &rendered) < 0) {
        free(intent);
        submission_fail_errs(s);
        return;
    }
    if (store_intent(s, &token, &rendered, snapshot, &intent->job_id, &err) < 0) {
        free(intent);
        submission_fail(s, &err);
    } else {
        store_after_commit(gw->store, after_intent, intent);
    }
    rendered_clear(&rendered);
}
