#include "exec/process_tick.h"

#include "base/crash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "exec/process_plan.h"
#include "exec/process_program.h"
#include "exec/process_report.h"
#include "exec/tick_files.h"

enum { TICK_OUTPUT_BYTES = 32 * 1024 * 1024 };

struct ticking {
    struct process_facts facts; /* rows point into answer */
    struct str answer;          /* a copy: a second program may follow */
    struct plan_job *plan;      /* one for each job */
    char **tokens;
    struct tick_files files;
    bool want_nodes;
};

static void ticking_free(void *state)
{
    struct ticking *t = state;
    for (size_t i = 0; i < t->facts.count; i++)
        mem_free_ptr(&t->tokens[i]);
    mem_free_ptr(&t->tokens);
    mem_free_ptr(&t->plan);
    mem_free_ptr(&t->facts.rows);
    str_clear(&t->answer);
    tick_files_clear(&t->files);
    mem_free_ptr(&t);
}

static struct ticking *ticking_new(const struct tick_spec *spec)
{
    struct ticking *t = mem_zalloc(sizeof(*t));
    t->answer = STR_MAX(TICK_OUTPUT_BYTES);
    t->tokens = mem_zalloc((spec->count + 1) * sizeof(*t->tokens));
    t->plan = mem_zalloc((spec->count + 1) * sizeof(*t->plan));
    t->facts.rows = mem_zalloc((spec->count + 1) * sizeof(*t->facts.rows));
    t->facts.count = spec->count;
    t->want_nodes = spec->want_nodes;
    for (size_t i = 0; i < spec->count; i++) {
        const struct tick_job *job = &spec->jobs[i];
        t->tokens[i] = mem_dup_str(job->token);
        t->plan[i] = (struct plan_job){ .gpus = job->gpus, .cpus = job->cpus, .priority = job->priority };
        t->plan[i].is_waiting = !job->cancel; /* refined by what its files say */
    }
    return t;
}

static void tick_end(struct call *call)
{
    const struct ticking *t = call->state;
    struct process_notes *notes = call->notes;
    auto_process_report struct process_report report = { 0 };
    struct process_machine machine;
    process_machine_read(&machine, call_cluster(call), str_span(&notes->gpus), &t->facts);
    process_report_fill(&report, &machine, &t->facts, t->plan);
    report.tick.nodes_ok =
        t->want_nodes && !machine.gpus_unknown; /* else it would be a machine without any */
    tick_files_report(&t->files, &report.tick);
    if (!report.tick.nodes_ok)
        report.tick.node_count = 0;
    for (size_t i = 0; i < t->facts.count; i++)
        if (t->facts.rows[i].word == PROCESS_ENDED)
            crash_point("K20");
    call->done.tick(call->ctx, &report.tick, NULL);
}

/* "token status what it said" for each that was to be started. A job that another supervisor has got, or that
 * a cancel closed meanwhile, tells so at the next look. */
static void tick_started(struct call *call, const struct run_result *result)
{
    struct ticking *t = call->state;
    struct span data, line, token;
    if (call_section(result, "start", &data, NULL) < 0)
        data = (struct span){ "", 0 };
    while (span_next_line(&data, &line)) {
        if (!span_next(&line, ' ', &token))
            continue;
        for (size_t i = 0; i < t->facts.count; i++)
            if (span_is(token, t->tokens[i]) && span_starts(line, "0 "))
                process_facts_started(&t->facts, i, span_of(t->plan[i].gpu_list));
    }
    tick_end(call);
}

static bool any_unborn(const struct ticking *t)
{
    for (size_t i = 0; i < t->facts.count; i++)
        if (t->plan[i].end == PLAN_START && t->facts.rows[i].word == PROCESS_UNBORN)
            return true;
    return false;
}

static int tick_start(struct call *call, struct err *err)
{
    const struct ticking *t = call->state;
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES);
    const struct process_notes *notes = call->notes;
    if (call_program(call, &sh, err) < 0)
        return -1;
    call_section_open(&sh, "start");
    const char *self_path = call_cluster(call)->type == CLUSTER_LOCAL ? call->deps->self_path : NULL;
    process_start_functions(&sh, !self_path, any_unborn(t));
    bool has_gpus = notes->gpus.len > 0 || call_cluster(call)->local.gpus > 0;
    for (size_t i = 0; i < t->facts.count; i++) {
        if (t->plan[i].end != PLAN_START)
            continue;
        struct process_start start = { .self_path = self_path, .token = t->tokens[i] };
        start.gpus = has_gpus ? t->plan[i].gpu_list : NULL;
        start.unborn = t->facts.rows[i].word == PROCESS_UNBORN;
        process_start_program(&sh, &start);
    }
    call_section_close(&sh, "start");
    struct call_send how = { .what = "start", .urgent = true };
    int rc = call_send(call, &sh, &how, tick_started, err);
    crash_point("K19");
    return rc;
}

static void take_rows(struct ticking *t)
{
    struct span data = t->facts.jobs, line;
    for (size_t next = 0; span_next_line(&data, &line);) {
        struct process_row row;
        if (!process_row_parse(line, &row))
            continue;
        /* The answer keeps the order of the question. */
        while (next < t->facts.count && !span_is(row.token, t->tokens[next]))
            next++;
        if (next < t->facts.count)
            t->facts.rows[next++] = row;
    }
}

static bool make_plan(struct call *call)
{
    struct ticking *t = call->state;
    const struct process_notes *notes = call->notes;
    struct process_machine machine;
    bool anyone = false;
    process_machine_read(&machine, call_cluster(call), str_span(&notes->gpus), &t->facts);
    for (size_t i = 0; i < t->facts.count; i++) {
        const struct process_row *row = &t->facts.rows[i];
        t->plan[i].is_waiting &= row->word == PROCESS_QUEUED || row->word == PROCESS_UNBORN;
        t->plan[i].is_running = row->word == PROCESS_RUNNING;
        t->plan[i].held = row->gpus;
    }
    process_plan(&machine.plan, t->plan, t->facts.count);
    for (size_t i = 0; i < t->facts.count; i++)
        anyone |= t->plan[i].end == PLAN_START;
    return anyone;
}

static void tick_looked(struct call *call, const struct run_result *result)
{
    struct ticking *t = call->state;
    struct process_notes *notes = call->notes;
    struct span jobs, machine, gpus;
    struct err err;
    if (call_section(result, "machine", &machine, &err) < 0 ||
        call_section(result, "jobs", &jobs, &err) < 0) {
        call->done.tick(call->ctx, NULL, &err);
        return;
    }
    if (call_section(result, "gpus", &gpus, NULL) == 0) {
        str_cut(&notes->gpus, 0);
        str_add_span(&notes->gpus, gpus);
        notes->is_known = !process_gpus_fail(gpus);
    }
    str_add_span(&t->answer, machine);
    str_add_span(&t->answer, jobs);
    t->facts.machine = span_head(str_span(&t->answer), machine.len);
    t->facts.jobs = span_skip(str_span(&t->answer), machine.len);
    take_rows(t);
    tick_files_read(&result->frame, &t->files);
    if (!make_plan(call)) {
        tick_end(call);
        return;
    }
    if (tick_start(call, &err) < 0)
        call->done.tick(call->ctx, NULL, &err);
}

int process_tick(struct call *call, const struct tick_spec *spec, struct err *err)
{
    const struct process_notes *notes = call->notes;
    struct ticking *t = ticking_new(spec);
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES);
    call->state = t;
    call->state_free = ticking_free;
    if (call_program(call, &sh, err) < 0)
        return -1;
    call_section_open(&sh, "machine");
    process_machine_program(&sh);
    call_section_close(&sh, "machine");
    if (call_cluster(call)->local.gpus == BIND_NONE && (spec->want_nodes || !notes->is_known)) {
        call_section_open(&sh, "gpus");
        process_gpus_program(&sh);
        call_section_close(&sh, "gpus");
    }
    call_section_open(&sh, "jobs");
    process_look_program(&sh, (const char *const *)t->tokens, spec->count);
    call_section_close(&sh, "jobs");
    if (tick_files_program(&sh, spec->follow, err) < 0)
        return -1;
    struct call_send how = { .what = "tick", .urgent = spec->urgent, .max_output_bytes = TICK_OUTPUT_BYTES };
    return call_send(call, &sh, &how, tick_looked, err);
}
