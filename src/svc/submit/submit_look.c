/* What git says of code that is used in place, asked beside the launch: the job is sent as the folder is,
 * whatever git finds, so the cluster need not wait for it; the submitter does, and may change the folder once
 * answered. Commit, branch and uncommitted changes are noted at the job (event `code`); where git fails, the
 * event says why. A gateway that is killed in between leaves the job without a commit: a later look could
 * tell of a later state. */
#include "svc/submit/submission.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/loop.h"
#include "store/job_store.h"
#include "svc/job_note.h"
#include "text/json_out.h"

#include <stdlib.h>
#include <string.h>

struct code_look {
    struct submission *s;
    int64_t job_id;
    submission_looked *done;
    void *ctx;
};

bool submission_looks_late(const struct submission *s)
{
    return strcmp(resolved_str(s->resolved, "code.mode"), "in_place") == 0 &&
           !resolved_bool(s->resolved, "code.require_clean");
}

/* --- the note --- */

static void on_stored(void *ctx, bool committed)
{
    struct code_look *look = ctx;
    if (!committed)
        log_warn("job %lld: the state of its code was not kept", (long long)look->job_id);
    look->done(look->ctx);
    free(look);
}

static bool set_commit(void *ctx, struct job *job)
{
    const struct snapshot *snapshot = ctx;
    if (snapshot)
        mem_replace_str(&job->commit, snapshot->commit);
    return true;
}

static void on_look(void *ctx, const struct snapshot *snapshot, const struct err *why)
{
    struct code_look *look = ctx;
    const struct gateway *gw = look->s->submit->gw;
    auto_str struct str data = STR_MAX(ERR_TEXT_BYTES * 2);
    struct json_out out = { .to = &data };
    struct err err = { 0 };
    if (why) {
        json_open_object(&out);
        json_member_str(&out, "why", why->text);
        json_close_object(&out);
    }
    struct job_note note = { "code", why ? str_text(&data) : NULL, set_commit, (void *)(uintptr_t)snapshot };
    job_note(gw, look->job_id, &note);
    if (snapshot && snapshot->diff && job_store_put_diff(gw->store, look->job_id, snapshot->diff, &err) < 0)
        log_warn("job %lld: uncommitted changes not kept: %s", (long long)look->job_id, err.text);
    store_after_commit(gw->store, on_stored, look);
}

/* --- the look --- */

static void begin(void *ctx)
{
    struct code_look *look = ctx;
    struct submission *s = look->s;
    struct snapshot_call call = { .folder = s->project.path, .resolved = s->resolved };
    struct err err = { 0 };
    if (snapshots_take(s->submit->snapshots, &call, on_look, look, &err) < 0)
        on_look(look, NULL, &err);
}

/* Deferred: starting a process holds the loop up for a millisecond, and the launch is to leave before. */
void submission_look(struct submission *s, int64_t job_id, submission_looked *done, void *ctx)
{
    struct code_look *look = mem_alloc(sizeof(*look));
    *look = (struct code_look){ .s = s, .job_id = job_id, .done = done, .ctx = ctx };
    loop_defer(s->submit->gw->loop, begin, look);
}
