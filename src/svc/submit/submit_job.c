/* A validated request becomes a job: rendered, stored as an intent, answered after the commit. */
#include "base/crash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "store/job_store.h"
#include "store/job_token.h"
#include "svc/jobs.h"
#include "svc/query.h"
#include "svc/render/render.h"
#include "svc/submit/launch.h"
#include "svc/submit/submit_record.h"

#include <stdlib.h>
#include <string.h>

/* --- the intent --- */

struct intent {
    struct submission *s;
    int64_t job_id;
    struct token token;
};

static void answer_intent(void *ctx)
{
    struct intent *intent = ctx;
    const struct gateway *gw = intent->s->submit->gw;
    struct answer answer = { .job_id = intent->job_id };
    auto_str struct str body = STR_MAX(MAX_OUTPUT_BYTES);
    answer.ok = query_job(gw, intent->job_id, &body, &answer.err) == 0;
    answer.body = str_span(&body);
    submission_answer(intent->s, &answer);
    free(intent);
}

static void refuse_intent(struct intent *intent)
{
    struct submission *s = intent->s;
    struct err err = { 0 };
    err_set(&err, ERR_FULL, "the job could not be stored: %s", store_problem(s->submit->gw->store));
    submission_drop_files(s, intent->token.text);
    submission_fail(s, &err);
    free(intent);
}

static void after_intent(void *ctx, bool committed)
{
    struct intent *intent = ctx;
    struct submission *s = intent->s;
    if (!committed) {
        refuse_intent(intent);
        return;
    }
    crash_point("K2");
    launch_job(s->submit->gw->launch, intent->job_id);
    if (submission_looks_late(s))
        submission_look(s, intent->job_id, answer_intent, intent);
    else
        answer_intent(intent);
}

static int keep_idempotency(const struct submission *s, int64_t job_id, struct err *err)
{
    if (!s->key)
        return 0;
    struct idempotent_reply reply = { .hash = s->hash, .status = 202, .job_id = job_id };
    return idempotency_put(s->submit->gw->store, s->scope, s->key, &reply, err);
}

/* A job that was refused must not be in the store: it would be sent later all the same, and its client has
 * asked anew by then. What lies outside of the store is therefore written before the job is taken in, and a
 * failure afterwards takes the whole turn along. */
static int store_intent(struct intent *intent, struct job *job, const struct job_script *script,
                        struct err *err)
{
    const struct submission *s = intent->s;
    const struct gateway *gw = s->submit->gw;
    struct metrics_hash hash;
    if (submission_put_files(s, job, &hash, err) < 0) {
        job_free(job);
        return -1;
    }
    crash_point("K1");
    if (jobs_add_take(gw->jobs, job, script, err) < 0)
        return -1;
    intent->job_id = job->id;
    if (job_token_put(gw->store, job->id, hash.hex, err) == 0 && keep_idempotency(s, job->id, err) == 0)
        return 0;
    store_abandon_turn(gw->store, err);
    return -1;
}

static int commit_rendered(struct intent *intent, const struct rendered *rendered,
                           const struct snapshot *snapshot, struct err *err)
{
    struct submission *s = intent->s;
    auto_free char *request = submission_request_json(s);
    auto_str struct str resolved = STR_MAX(MAX_JOB_DOC_BYTES);
    resolved_json(s->resolved, &(struct json_out){ .to = &resolved });
    if (resolved.failed || strlen(request) > MAX_JOB_DOC_BYTES)
        return err_set(err, ERR_TOO_LARGE, "the request, or its values with their origins, exceeds %d bytes",
                       MAX_JOB_DOC_BYTES);
    struct job_script script = { .script = (char *)str_text(&rendered->script),
                                 .request = request,
                                 .resolved = (char *)str_text(&resolved),
                                 .diff = snapshot ? (char *)snapshot->diff : NULL };
    struct job *job = submission_job(s, intent->token.text, str_text(&rendered->argv), snapshot);
    if (store_intent(intent, job, &script, err) == 0)
        return 0;
    submission_drop_files(s, intent->token.text);
    return -1;
}

static void accept_take(struct intent *intent)
{
    const struct gateway *gw = intent->s->submit->gw;
    store_after_commit(gw->store, after_intent, intent);
    launch_job_with_intent(gw->launch, jobs_find(gw->jobs, intent->job_id));
}

void submission_commit(struct submission *s, const struct snapshot *snapshot)
{
    const struct gateway *gw = s->submit->gw;
    struct err err = { 0 };
    struct rendered rendered = { 0 };
    auto_free struct intent *intent = mem_zalloc(sizeof(*intent));
    *intent = (struct intent){ .s = s, .token = token_new(clock_wall_us(gw->clock)) };
    if (submission_render(s, intent->token.text, &rendered) < 0)
        submission_fail_errs(s);
    else if (commit_rendered(intent, &rendered, snapshot, &err) < 0)
        submission_fail(s, &err);
    else
        accept_take(move_ptr(intent));
    rendered_clear(&rendered);
}
