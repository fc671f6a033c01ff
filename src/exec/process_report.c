#include "exec/process_report.h"

#include "base/mem.h"

#include <stdio.h>

/* --- the machine: "clock host cpus", then /proc/meminfo's lines --- */

static int64_t meminfo_mb(struct span text, const char *key)
{
    struct span line;
    uint64_t kb;
    while (span_next_line(&text, &line)) {
        if (!span_starts(line, key))
            continue;
        struct span number = span_trim(span_skip(line, span_find_char(line, ':') + 1));
        return span_u64(span_head(number, span_find_char(number, ' ')), &kb) ? (int64_t)(kb / 1024) : 0;
    }
    return 0;
}

static void read_gpus(struct process_machine *out, int64_t configured, struct span text)
{
    struct span line;
    size_t count = 0;
    while (count < PLAN_MAX_GPUS && span_next_line(&text, &line))
        count += process_gpu_parse(line, &out->gpus[count]);
    if (configured != BIND_NONE) {
        size_t want = configured < PLAN_MAX_GPUS ? (size_t)configured : PLAN_MAX_GPUS;
        for (size_t i = count; i < want; i++) {
            int len = snprintf(out->indexes[i], sizeof(out->indexes[i]), "%zu", i % 100);
            out->gpus[i] = (struct process_gpu){ .index = { out->indexes[i], (size_t)len } };
        }
        count = want;
    }
    out->plan.gpus = out->gpus;
    out->plan.gpu_count = count;
}

void process_machine_read(struct process_machine *out, const struct cluster_config *cluster, struct span gpus,
                          const struct process_facts *facts)
{
    struct span rest = facts->machine, line = { "", 0 }, word;
    *out = (struct process_machine){ .clock_s = SEEN_ABSENT, .cpus = 1 };
    (void)span_next_line(&rest, &line);
    if (span_next(&line, ' ', &word) && !span_i64(word, &out->clock_s))
        out->clock_s = SEEN_ABSENT;
    (void)span_next(&line, ' ', &out->host);
    if (!span_i64(line, &out->cpus) || out->cpus < 1)
        out->cpus = 1;
    out->mem_mb = meminfo_mb(rest, "MemTotal");
    out->mem_free_mb = meminfo_mb(rest, "MemAvailable");
    out->gpus_unknown = process_gpus_fail(gpus);
    read_gpus(out, cluster->local.gpus, gpus);
    out->plan.slots_per_gpu = cluster->local.slots_per_gpu > 0 ? cluster->local.slots_per_gpu : 1;
    out->plan.cpu_slots = cluster->local.cpu_slots > 0 ? cluster->local.cpu_slots : out->cpus;
}

void process_facts_started(struct process_facts *facts, size_t index, struct span gpus)
{
    struct span line = facts->machine;
    facts->rows[index].gpus = gpus;
    facts->rows[index].word = PROCESS_RUNNING;
    if (!span_i64(span_head(line, span_find_char(line, ' ')), &facts->rows[index].started_s))
        facts->rows[index].started_s = SEEN_ABSENT;
}

bool process_gpus_fail(struct span gpus)
{
    return span_starts(gpus, "unknown");
}

/* --- jobs --- */

static enum job_state ended_state(const struct process_row *row)
{
    if (span_is(row->how, "timeout"))
        return JOB_STATE_TIMEOUT;
    if (span_is(row->how, "cancelled"))
        return JOB_STATE_CANCELLED;
    return row->code == 0 ? JOB_STATE_COMPLETED : JOB_STATE_FAILED;
}

static enum job_state state_of(const struct process_row *row)
{
    static const enum job_state states[PROCESS_WORD_COUNT] = {
        [PROCESS_QUEUED] = JOB_STATE_PENDING,      [PROCESS_UNBORN] = JOB_STATE_PENDING,
        [PROCESS_RUNNING] = JOB_STATE_RUNNING,     [PROCESS_ENDED] = JOB_STATE_COMPLETED,
        [PROCESS_CANCELLED] = JOB_STATE_CANCELLED, [PROCESS_LOST] = JOB_STATE_LOST,
    };
    return row->word == PROCESS_ENDED ? ended_state(row) : states[row->word];
}

static struct span waiting_reason(enum plan_end end)
{
    static const char *const words[] = {
        [PLAN_NOTHING] = "None", /* it starts just now */
        [PLAN_START] = "Resources",
        [PLAN_RESOURCES] = "Resources",
        [PLAN_PRIORITY] = "Priority",
        [PLAN_EARLIER] = "EarlierJobs", /* a word of ours, as Slurm has none */
        [PLAN_TOO_BIG] = "MachineHasTooFewGpus",
    };
    return span_of(words[end]);
}

static struct span lost_reason(struct span word)
{
    return span_of(
        span_is(word, "reboot")
            ? "the machine was restarted while the job ran"
            : "the job and its supervisor are gone and left no exit status: they were killed from outside");
}

static struct seen_job seen_of(const struct process_row *row, const struct process_machine *machine,
                               const struct plan_job *plan)
{
    struct seen_job seen = {
        .source = SEEN_QUEUE,
        .token = row->token,
        .sched_id = row->token,
        .task = -1,
        .state = state_of(row),
        .submitted_s = SEEN_ABSENT,
        .eligible_s = SEEN_ABSENT,
        .started_s = row->started_s,
        .ended_s = row->ended_s,
        .exit_code = row->code,
        .signal = row->signal,
        .max_rss_bytes = SEEN_ABSENT,
        .cpu_s = SEEN_ABSENT,
    };
    seen.raw_state = span_of(job_state_word(seen.state));
    if (seen.state == JOB_STATE_PENDING)
        seen.reason = plan->end == PLAN_TOO_BIG && machine->gpus_unknown ? SPAN_LIT("NvidiaSmiFails")
                                                                         : waiting_reason(plan->end);
    else
        seen.node_list = machine->host;
    if (job_state_is_terminal(seen.state))
        seen.source = SEEN_EXIT_FILE;
    if (row->word == PROCESS_LOST)
        seen.reason = lost_reason(row->reason);
    return seen;
}

/* --- the node --- */

static void count_gpus(struct process_report *out, const struct process_machine *machine,
                       const struct process_facts *facts)
{
    out->gpus = mem_zalloc((machine->plan.gpu_count + 1) * sizeof(*out->gpus));
    for (size_t g = 0; g < machine->plan.gpu_count; g++) {
        const struct process_gpu *gpu = &machine->gpus[g];
        size_t type = 0;
        while (type < out->node.gpu_count && !span_eq(out->gpus[type].type, gpu->name))
            type++;
        if (type == out->node.gpu_count)
            out->gpus[out->node.gpu_count++] = (struct seen_gpus){ .type = gpu->name };
        out->gpus[type].total++;
        bool is_held = false;
        for (size_t i = 0; i < facts->count && !is_held; i++) {
            struct span held = facts->rows[i].gpus, index;
            while (facts->rows[i].word == PROCESS_RUNNING && span_next(&held, ',', &index))
                is_held |= span_eq(index, gpu->index);
        }
        out->gpus[type].in_use += is_held;
    }
    out->node.gpus = out->gpus;
}

static void fill_node(struct process_report *out, const struct process_machine *machine,
                      const struct process_facts *facts, const struct plan_job *plan)
{
    int64_t in_use = 0;
    for (size_t i = 0; i < facts->count; i++)
        if (plan[i].is_running || plan[i].end == PLAN_START)
            in_use += plan[i].cpus < 1 ? 1 : plan[i].cpus;
    out->node = (struct seen_node){
        .name = machine->host,
        .state = span_of(in_use ? "mixed" : "idle"),
        .accepts_work = true,
        .cpus = machine->cpus,
        .cpus_in_use = in_use < machine->cpus ? in_use : machine->cpus,
        .mem_mb = machine->mem_mb,
        .mem_in_use_mb = machine->mem_mb - machine->mem_free_mb,
    };
    count_gpus(out, machine, facts);
}

void process_report_fill(struct process_report *out, const struct process_machine *machine,
                         const struct process_facts *facts, const struct plan_job *plan)
{
    out->jobs = mem_zalloc((facts->count + 1) * sizeof(*out->jobs));
    size_t count = 0;
    for (size_t i = 0; i < facts->count; i++)
        if (facts->rows[i].word != PROCESS_ABSENT)
            out->jobs[count++] = seen_of(&facts->rows[i], machine, &plan[i]);
    fill_node(out, machine, facts, plan);
    out->tick = (struct tick_report){
        .queue_ok = true,
        .accounting_ok = true,
        .accounting_asked = true,
        .files_decide = true,
        .jobs = out->jobs,
        .job_count = count,
        .nodes = &out->node,
        .node_count = 1,
        .clock_s = machine->clock_s,
    };
}

void process_report_clear(struct process_report *report)
{
    mem_free_ptr(&report->jobs);
    mem_free_ptr(&report->gpus);
    *report = (struct process_report){ 0 };
}
