#include "exec/slurm_look.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "exec/slurm_call.h"
#include "slurm/look.h"

#include <stdio.h>

enum { DAY_S = 86400 };

static void look_fail(struct call *call, const struct err *err)
{
    struct look_result said = { .end = LOOK_NOTHING, .err = *err };
    call->done.look(call->ctx, &said);
}

/* n: the newest launch's number. */
#define NEWEST                                                                                         \
    "n=0; for l in \"$_d\"/launch.*; do [ -e \"$l\" ] && [ \"${l##*.}\" -gt $n ] && n=${l##*.}; done " \
    "2>/dev/null\n"

/* "alive" while a launcher without a result is younger than its own deadline; "claim ID"; "again" where the
 * last two launches were answered with the same words; and the newest launch's refusal in a section of its
 * own. */
static const char state_text[] =
    "for l in \"$_d\"/launch.*; do [ -e \"$l\" ] || continue; n=${l##*.}\n"
    "if [ -s \"$_d/receipt\" ] || [ -s \"$_d/rej.$n\" ] || [ -s \"$_d/ambig.$n\" ]; then continue; fi\n"
    "if [ -n \"$(find \"$l\" -maxdepth 0 -mmin -3)\" ]; then echo alive; fi; done\n"
    "for c in \"$_d\"/claim.*; do [ -L \"$c\" ] && echo \"claim $(readlink \"$c\")\" && break; done\n" NEWEST
    "r=\"$_d/rej.$n\" s=\"$_d/rej.$((n-1))\"\n"
    "if [ -s \"$r\" ] && [ -s \"$s\" ] && [ \"$(cat \"$r\")\" = \"$(cat \"$s\")\" ]; then echo again; fi\n";
static const char rejected_text[] =
    NEWEST "if [ -f \"$_d/rej.$n\" ] && ! [ -s \"$_d/receipt\" ]; then cat \"$_d/rej.$n\"; fi\n";

struct found {
    char ids[MAX_LOOK_IDS + 2][24]; /* and claim and receipt */
    const char *order[MAX_LOOK_IDS + 2];
    size_t count;
};

static void add_id(struct found *found, uint64_t id)
{
    char text[24];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)id);
    for (size_t i = 0; i < found->count; i++)
        if (span_is(span_of(found->order[i]), text))
            return;
    snprintf(found->ids[found->count], sizeof(found->ids[0]), "%s", text);
    found->order[found->count] = found->ids[found->count];
    found->count++;
}

static uint64_t claim_of(struct span state)
{
    struct span line;
    uint64_t id;
    while (span_next_line(&state, &line))
        if (span_starts(line, "claim ") && span_u64(span_skip(line, 6), &id))
            return id;
    return 0;
}

/* The one to keep comes first: who holds the claim (it ran, though the queue may have forgotten it), else the
 * lowest id. A receipt alone is enough: sbatch said so. What has the token but not the script is ours only if
 * nothing else is, and never a double: it may be a job that ours submitted. */
static void order_ids(const struct slurm_look_result *seen, uint64_t claim, struct found *found)
{
    if (claim)
        add_id(found, claim);
    for (size_t i = 0; i < seen->id_count; i++)
        add_id(found, seen->ids[i]);
    if (seen->has_receipt && seen->receipt.kind == LAUNCH_SUBMITTED)
        add_id(found, seen->receipt.id);
    if (!found->count && seen->other)
        add_id(found, seen->other);
}

static int look_judge(const struct run_result *result, const struct look_request *request, struct span token,
                      struct slurm_look_result *seen, struct err *err)
{
    struct span squeue;
    if (call_section(result, "squeue", &squeue, err) < 0)
        return -1;
    return look_read(&result->frame, request, token, seen, err);
}

static void look_answer(struct call *call, const struct run_result *result)
{
    const struct slurm_state *state = call->state;
    const struct slurm_notes *notes = call->notes;
    struct look_request request = { .rows = &state->rows, .has_accounting = notes->has_accounting };
    struct slurm_look_result seen;
    struct look_result said = { .end = LOOK_NOTHING, .run_dir = state->run_dir };
    struct found found = { .count = 0 };
    struct span side = { "", 0 }, rejected = { "", 0 };
    if (look_judge(result, &request, span_of(state->token), &seen, &said.err) < 0) {
        call->done.look(call->ctx, &said);
        return;
    }
    bool is_whole = call_section(result, "state", &side, NULL) == 0 &&
                    call_section(result, "rejected", &rejected, NULL) == 0;
    struct launch_result refused = receipt_parse(rejected);
    auto_free char *words = span_dup(refused.refusal.words);
    order_ids(&seen, claim_of(side), &found);
    said.launcher_alive = span_has(side, "alive");
    said.sched_ids = found.order;
    said.count = found.count;
    if (rejected.len && refused.kind == LAUNCH_REFUSED && refused.refusal.kind == REFUSAL_PERMANENT)
        said.rejected = words;
    else if (refused.refusal.is_new && span_has(side, "again"))
        said.repeated = words;
    if (found.count)
        said.end = LOOK_FOUND;
    else if (seen.is_good && is_whole)
        said.end = LOOK_ABSENT;
    else
        err_set(&said.err, ERR_OFFLINE, "queue or accounting did not answer whole");
    call->done.look(call->ctx, &said);
}

static int look_send(struct call *call, struct err *err)
{
    const struct slurm_state *state = call->state;
    const struct slurm_notes *notes = call->notes;
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES);
    int64_t now_s = clock_wall_us(call->deps->clock) / US_PER_S;
    int64_t ago_s = now_s > state->since_s ? now_s - state->since_s : 0;
    struct look_request request = {
        .frame = &call->nonce,
        .rows = &state->rows,
        .tools = slurm_tools_of(call),
        .run_dir = state->run_dir,
        .window_s = ago_s + DAY_S,
        .has_accounting = notes->has_accounting,
    };
    if (call_program(call, &sh, err) < 0)
        return -1;
    if (look_add_sections(&sh, &request, err) < 0)
        return -1;
    call_section_open(&sh, "state");
    str_add(&sh, state_text);
    call_section_close(&sh, "state");
    call_section_open(&sh, "rejected");
    str_add(&sh, rejected_text);
    call_section_close(&sh, "rejected");
    struct call_send how = { .what = "look", .urgent = true, .max_output_bytes = MAX_OUTPUT_BYTES };
    return call_send(call, &sh, &how, look_answer, err);
}

int slurm_look(struct call *call, const struct look_spec *spec, struct err *err)
{
    struct slurm_state *state = slurm_state_new(call, spec->token);
    state->send = look_send;
    state->fail = look_fail;
    state->since_s = spec->since_s;
    return slurm_begin(call, err);
}
