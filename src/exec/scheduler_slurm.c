#include "exec/scheduler.h"

#include "base/crash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "exec/slurm_call.h"
#include "exec/slurm_look.h"
#include "slurm/environ.h"
#include "slurm/look.h"

#include <stdio.h>

/* The launcher waits for sbatch, and a second one for the first. */
enum { SUBMIT_MS = 150 * 1000 };

static void *notes_new(void)
{
    return mem_zalloc(sizeof(struct slurm_notes));
}

static void notes_free(void *of)
{
    struct slurm_notes *notes = of;
    mem_clear_str(&notes->workspace);
    mem_free_ptr(&notes);
}

/* --- submit --- */

static void submit_fail(struct call *call, const struct err *err)
{
    struct submit_result said = { .end = SUBMIT_TRANSIENT, .err = *err };
    call->done.submit(call->ctx, &said);
}

/* Only a well-formed receipt is an acceptance, only listed words are a refusal; all else is not known. */
static void submit_map(const struct launch_result *launch, const char *words, struct submit_result *to)
{
    static const enum submit_end ends[] = {
        [LAUNCH_UNKNOWN] = SUBMIT_UNKNOWN,
        [LAUNCH_SUBMITTED] = SUBMIT_ACCEPTED,
        [LAUNCH_REFUSED] = SUBMIT_REFUSED,
        [LAUNCH_NOT_SENT] = SUBMIT_TRANSIENT,
    };
    to->end = ends[launch->kind];
    if (to->end == SUBMIT_ACCEPTED)
        return;
    if (launch->kind == LAUNCH_REFUSED && launch->refusal.kind == REFUSAL_TRANSIENT)
        to->end = SUBMIT_TRANSIENT;
    to->upstream = *words ? words : NULL;
    to->field = launch->refusal.field;
    to->hint = launch->refusal.sentence;
    if (to->end != SUBMIT_REFUSED)
        err_set(&to->err, to->end == SUBMIT_UNKNOWN ? ERR_TIMEOUT : ERR_BUSY, "%s",
                *words                     ? words
                : launch->refusal.sentence ? launch->refusal.sentence
                                           : "sbatch gave no answer");
}

static void submit_answer(struct call *call, const struct run_result *result)
{
    const struct slurm_state *state = call->state;
    struct submit_result said = { .end = SUBMIT_UNKNOWN };
    char id[32];
    crash_point("K9");
    if (result->end != RUN_DONE) {
        said.end = result->end == RUN_NOT_SENT ? SUBMIT_TRANSIENT : SUBMIT_UNKNOWN;
        said.err = result->err;
        call->done.submit(call->ctx, &said);
        return;
    }
    struct launch_result launch = launch_read(&result->frame);
    auto_free char *words = span_dup(launch.refusal.words);
    submit_map(&launch, words, &said);
    snprintf(id, sizeof(id), "%llu", (unsigned long long)launch.id);
    if (said.end == SUBMIT_ACCEPTED) {
        said.sched_id = id;
        said.run_dir = state->run_dir;
    }
    call->done.submit(call->ctx, &said);
}

static int submit_send(struct call *call, struct err *err)
{
    const struct slurm_state *state = call->state;
    const struct slurm_notes *notes = call->notes;
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES), code = STR_MAX(MAX_STDERR_BYTES);
    auto_str struct str chdir = STR_MAX(MAX_STDERR_BYTES);
    str_addf(&chdir, "--chdir=%s", state->run_dir);
    str_addf(&code, "%s/%s", notes->workspace, state->code ? state->code : "");
    const char *const args[] = { str_text(&chdir) };
    call_prelude(call, &sh);
    struct launch_request request = {
        .frame = &call->nonce,
        .tools = slurm_tools_of(call),
        .run_dir = state->run_dir,
        .code_dir = state->code ? str_text(&code) : NULL,
        .script = str_span(&state->script),
        .secrets = str_span(&state->secrets),
        .args = args,
        .arg_count = ARRAY_LEN(args),
        .attempt = (unsigned)state->launch,
    };
    if (launch_program(&sh, &request, err) < 0)
        return -1;
    struct call_send how = { .what = "submit", .urgent = true, .is_framed = true, .timeout_ms = SUBMIT_MS };
    return call_send(call, &sh, &how, submit_answer, err);
}

static int slurm_submit(struct call *call, const struct submit_spec *spec, struct err *err)
{
    struct slurm_state *state = slurm_state_new(call, spec->token);
    state->send = submit_send;
    state->fail = submit_fail;
    state->launch = spec->launch > 0 ? spec->launch : 1;
    state->code = mem_dup_str(spec->code);
    str_add_span(&state->script, spec->script);
    str_add_span(&state->secrets, spec->secrets);
    if (state->script.failed || state->secrets.failed)
        return err_set(err, ERR_TOO_LARGE, "the script or its secrets exceed %zu bytes", state->script.max);
    return slurm_begin(call, err);
}

/* --- cancel --- */

static void cancel_fail(struct call *call, const struct err *err)
{
    call->done.plain(call->ctx, err);
}

static void cancel_answer(struct call *call, const struct run_result *result)
{
    struct err err;
    if (result->end != RUN_DONE) {
        call->done.plain(call->ctx, &result->err);
        return;
    }
    switch (cancel_read(&result->frame)) {
    case CANCEL_SENT:
    case CANCEL_GONE:
    case CANCEL_STRANGER: /* the id is another job's by now: ours is gone, and nothing was sent */
        call->done.plain(call->ctx, NULL);
        return;
    case CANCEL_REFUSED:
        err_set(&err, ERR_DENIED, "scancel refused");
        break;
    case REQUEUE_OTHER_RUN: /* not of a cancel */
    case CANCEL_UNKNOWN:
        err_set(&err, ERR_OFFLINE, "it is not known whether scancel reached the job");
        break;
    }
    call->done.plain(call->ctx, &err);
}

static int cancel_send(struct call *call, struct err *err)
{
    const struct slurm_state *state = call->state;
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES), id = STR_MAX(64);
    str_add(&id, state->sched_id);
    if (state->task >= 0)
        str_addf(&id, "_%lld", (long long)state->task);
    call_prelude(call, &sh);
    struct cancel_request request = {
        .frame = &call->nonce,
        .rows = &state->rows,
        .tools = slurm_tools_of(call),
        .id = str_text(&id),
        .token = state->token,
        .signal = state->signal,
    };
    if (cancel_program(&sh, &request, err) < 0)
        return -1;
    struct call_send how = { .what = "cancel", .urgent = true, .is_framed = true };
    return call_send(call, &sh, &how, cancel_answer, err);
}

static int slurm_cancel(struct call *call, const struct cancel_spec *spec, struct err *err)
{
    struct slurm_state *state = slurm_state_new(call, spec->token);
    state->send = cancel_send;
    state->fail = cancel_fail;
    state->sched_id = mem_dup_str(spec->sched_id ? spec->sched_id : "");
    state->signal = mem_dup_str(spec->signal);
    state->task = spec->task;
    return slurm_begin(call, err);
}

/* --- requeue --- */

static void requeue_answer(struct call *call, const struct run_result *result)
{
    struct err err = { 0 };
    struct span words;
    if (result->end != RUN_DONE) {
        call->done.plain(call->ctx, &result->err);
        return;
    }
    switch (requeue_read(&result->frame, &words)) {
    case CANCEL_SENT:
        break;
    case CANCEL_GONE:
    case CANCEL_STRANGER:
        err_set(&err, ERR_CONFLICT, "it is not in Slurm's queue any more");
        break;
    case REQUEUE_OTHER_RUN:
        err_set(&err, ERR_CONFLICT, "Slurm has restarted it since: nothing was done");
        break;
    case CANCEL_REFUSED:
        err_set(&err, ERR_REFUSED, "scontrol: %.*s", SPAN_FMT(words));
        break;
    case CANCEL_UNKNOWN:
        err_set(&err, ERR_OFFLINE, "it is not known whether scontrol reached the job%s%.*s",
                words.len ? ": " : "", SPAN_FMT(words));
        break;
    }
    call->done.plain(call->ctx, err.code ? &err : NULL);
}

static int requeue_send(struct call *call, struct err *err)
{
    const struct slurm_state *state = call->state;
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES);
    call_prelude(call, &sh);
    struct requeue_request request = { .frame = &call->nonce,
                                       .rows = &state->rows,
                                       .tools = slurm_tools_of(call),
                                       .id = state->sched_id,
                                       .token = state->token,
                                       .restarts = state->restarts };
    if (requeue_program(&sh, &request, err) < 0)
        return -1;
    struct call_send how = { .what = "requeue", .urgent = true, .is_framed = true };
    return call_send(call, &sh, &how, requeue_answer, err);
}

static int slurm_requeue(struct call *call, const struct requeue_spec *spec, struct err *err)
{
    struct slurm_state *state = slurm_state_new(call, spec->token);
    state->send = requeue_send;
    state->fail = cancel_fail;
    state->sched_id = mem_dup_str(spec->sched_id ? spec->sched_id : "");
    state->restarts = spec->restarts;
    return slurm_begin(call, err);
}

/* --- test --- */

static void test_answer(struct call *call, const struct run_result *result)
{
    struct err err;
    if (result->end != RUN_DONE) {
        call->done.test(call->ctx, NULL, &result->err);
        return;
    }
    struct test_only_result seen = test_only_read(&result->frame);
    auto_free char *words = span_dup(seen.refusal.words);
    if (!seen.is_known) {
        err_set(&err, ERR_OFFLINE, "sbatch --test-only gave no answer%s%s", *words ? ": " : "", words);
        call->done.test(call->ctx, NULL, &err);
        return;
    }
    struct test_result said = { .accepted = seen.would_run,
                                .start_s = seen.start_s ? seen.start_s : SEEN_ABSENT };
    if (!seen.would_run) {
        said.upstream = *words ? words : NULL;
        said.field = seen.refusal.field;
        said.hint = seen.refusal.sentence;
    }
    call->done.test(call->ctx, &said, NULL);
}

static int slurm_test(struct call *call, struct span script, struct err *err)
{
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES);
    call_prelude(call, &sh);
    struct test_only_request request = { .frame = &call->nonce,
                                         .tools = slurm_tools_of(call),
                                         .script = script };
    if (test_only_program(&sh, &request, err) < 0)
        return -1;
    struct call_send how = { .what = "test", .urgent = true, .is_framed = true };
    return call_send(call, &sh, &how, test_answer, err);
}

const struct scheduler_ops scheduler_slurm = {
    .name = "slurm",
    .notes_new = notes_new,
    .notes_free = notes_free,
    .prelude = slurm_environ_clean,
    .submit = slurm_submit,
    .look = slurm_look,
    .tick = slurm_tick,
    .cancel = slurm_cancel,
    .requeue = slurm_requeue,
    .test = slurm_test,
    .limits = slurm_limits_ask,
};
