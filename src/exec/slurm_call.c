#include "exec/slurm_call.h"

#include "base/limits.h"
#include "base/mem.h"
#include "slurm/value.h"

#include <string.h>

enum { SACCT_AUTO, SACCT_ALWAYS, SACCT_NEVER }; /* poll.sacct */

static void state_free(void *of)
{
    struct slurm_state *state = of;
    mem_clear_str(&state->token);
    mem_clear_str(&state->sched_id);
    mem_clear_str(&state->signal);
    mem_clear_str(&state->code);
    mem_clear_str(&state->run_dir);
    str_clear(&state->script);
    str_clear(&state->secrets);
    str_clear(&state->files);
    for (size_t i = 0; i < state->job_count; i++) {
        char *id = (char *)(uintptr_t)state->jobs[i].id, *token = (char *)(uintptr_t)state->jobs[i].token;
        mem_free_ptr(&id);
        mem_free_ptr(&token);
    }
    mem_free_ptr(&state->jobs);
    mem_free_ptr(&state);
}

struct slurm_state *slurm_state_new(struct call *call, const char *token)
{
    struct slurm_state *state = mem_zalloc(sizeof(*state));
    state->token = mem_dup_str(token);
    state->script = STR_MAX(MAX_SCRIPT_BYTES);
    state->secrets = STR_MAX(MAX_SUBMIT_BODY_BYTES);
    state->files = STR_MAX(MAX_COMMAND_BYTES);
    state->rows = nonce_new();
    call->state = state;
    call->state_free = state_free;
    return state;
}

struct slurm_tools slurm_tools_of(const struct call *call)
{
    return (struct slurm_tools){ .bin_dir = call_cluster(call)->slurm.bin_dir,
                                 .cluster = call_cluster(call)->slurm.cluster };
}

static int send_with_dir(struct call *call, struct err *err)
{
    struct slurm_state *state = call->state;
    const struct slurm_notes *notes = call->notes;
    if (state->token) {
        auto_str struct str dir = STR_MAX(MAX_STDERR_BYTES);
        str_addf(&dir, "%s/runs/%s", notes->workspace, state->token);
        mem_replace_str(&state->run_dir, str_text(&dir));
    }
    return state->send(call, err);
}

/* "AccountingStorageType   = accounting_storage/none", in later versions "(null)". A controller that does not
 * answer says nothing about accounting: ask it, it may be there. */
static bool may_have_accounting(struct span said)
{
    struct span value = span_trim(span_skip(said, span_find_char(said, '=') + 1));
    return !span_has(said, "AccountingStorageType") ||
           (value.len && !span_ends(value, "/none") && !slurm_is_null(value));
}

static void where_answer(struct call *call, const struct run_result *result)
{
    struct slurm_notes *notes = call->notes;
    const struct slurm_state *state = call->state;
    struct span data, path;
    struct err err;
    if (call_section(result, "where", &data, &err) < 0) {
        state->fail(call, &err);
        return;
    }
    if (!span_next_line(&data, &path) || !span_starts(path, "/")) {
        err_set(&err, ERR_CORRUPT, "the cluster did not say where the workspace is");
        state->fail(call, &err);
        return;
    }
    auto_free char *text = span_dup(path);
    mem_replace_str(&notes->workspace, text);
    int wanted = call_cluster(call)->poll.sacct;
    notes->has_accounting = wanted == SACCT_ALWAYS || (wanted == SACCT_AUTO && may_have_accounting(data));
    if (send_with_dir(call, &err) < 0)
        state->fail(call, &err);
}

int slurm_begin(struct call *call, struct err *err)
{
    const struct slurm_state *state = call->state;
    const struct slurm_notes *notes = call->notes;
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES);
    if (state->token && !token_is_valid(span_of(state->token)))
        return err_set(err, ERR_INVALID, "not a job's token");
    if (notes->workspace)
        return send_with_dir(call, err);
    if (call_program(call, &sh, err) < 0)
        return -1;
    call_section_open(&sh, "where");
    str_add(&sh, "pwd\ntimeout 10 scontrol show config 2>/dev/null | grep '^AccountingStorageType' || :\n");
    call_section_close(&sh, "where");
    return call_send(call, &sh, &(struct call_send){ .what = "connect", .urgent = true }, where_answer, err);
}
