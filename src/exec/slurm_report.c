#include "exec/slurm_report.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static int64_t known(int64_t value)
{
    return value > 0 ? value : SEEN_ABSENT;
}

/* A row with its ids as text; they live in out->ids. */
static struct seen_job *new_job(struct slurm_report *out, const struct slurm_id *id, uint64_t raw_id)
{
    size_t n = out->job_count++;
    struct seen_job *job = &out->jobs[n];
    int len = snprintf(out->ids[2 * n], SLURM_ID_CHARS, "%llu", (unsigned long long)id->job);
    *job = (struct seen_job){ .task = id->task, .tasks = id->ranges };
    job->sched_id = (struct span){ out->ids[2 * n], (size_t)len };
    if (id->task >= 0 && raw_id) {
        len = snprintf(out->ids[2 * n + 1], SLURM_ID_CHARS, "%llu", (unsigned long long)raw_id);
        job->raw_task_id = (struct span){ out->ids[2 * n + 1], (size_t)len };
    }
    job->submitted_s = job->eligible_s = job->started_s = job->ended_s = SEEN_ABSENT;
    job->exit_code = job->signal = job->max_rss_bytes = job->cpu_s = SEEN_ABSENT;
    return job;
}

/* A waiting job's start is only Slurm's guess. */
static void add_queue_row(struct slurm_report *out, const struct squeue_row *row)
{
    struct seen_job *job = new_job(out, &row->id, row->raw_id);
    job->source = SEEN_QUEUE;
    job->token = row->token;
    job->state = row->state;
    job->raw_state = row->state_raw;
    job->reason = row->reason;
    job->node_list = row->nodes;
    job->partition = row->partition;
    job->account = row->account;
    job->qos = row->qos;
    job->time_limit_s = row->time_limit_s > 0 ? row->time_limit_s : 0;
    job->submitted_s = known(row->submit_s);
    if (job_state_group(row->state) != JOB_GROUP_QUEUED)
        job->started_s = known(row->start_s);
    if (job_state_is_terminal(row->state))
        job->ended_s = known(row->end_s);
}

static void add_accounting_row(struct slurm_report *out, const struct sacct_job *row)
{
    struct seen_job *job = new_job(out, &row->id, row->raw_id);
    job->source = SEEN_ACCOUNTING;
    job->token = row->token;
    job->state = row->state;
    job->raw_state = row->state_raw;
    job->reason = row->reason;
    job->node_list = row->nodes;
    job->partition = row->partition;
    job->account = row->account;
    job->qos = row->qos;
    job->submitted_s = known(row->submit_s);
    job->eligible_s = known(row->eligible_s);
    job->started_s = known(row->start_s);
    job->ended_s = known(row->end_s);
    job->restarts = row->attempt > 0 ? (int64_t)row->attempt - 1 : 0;
    job->exit_code = row->exit_code >= 0 ? row->exit_code : SEEN_ABSENT;
    job->signal = row->exit_signal > 0 ? row->exit_signal : SEEN_ABSENT;
    job->max_rss_bytes =
        row->max_rss_bytes && row->max_rss_bytes < INT64_MAX ? (int64_t)row->max_rss_bytes : SEEN_ABSENT;
    job->cpu_s = row->total_cpu_s > 0 && row->total_cpu_s < 1e15 ? (int64_t)row->total_cpu_s : SEEN_ABSENT;
}

/* "code=0 started=1 ended=2 attempt=1 how=exited" */
static int64_t word_of(struct span text, const char *key)
{
    struct span word;
    int64_t value;
    size_t len = span_of(key).len;
    while (span_next(&text, ' ', &word))
        if (span_starts(word, key) && span_i64(span_skip(word, len), &value))
            return value;
    return SEEN_ABSENT;
}

static void add_exit(struct slurm_report *out, const struct slurm_tick_report *seen,
                     const struct tick_exit *exit)
{
    struct slurm_id id;
    int64_t code = word_of(exit->text, "code="), attempt = word_of(exit->text, "attempt=");
    if (code < 0 || code > 255 || !slurm_id_parse(exit->id, &id)) /* no status that a shell writes */
        return;
    if (span_starts(exit->file, "exit.") && !span_i64(span_skip(exit->file, 5), &id.task))
        return;
    struct seen_job *job = new_job(out, &id, 0);
    job->source = SEEN_EXIT_FILE;
    for (size_t i = 0; i < seen->gone_count; i++)
        if (span_eq(seen->gone[i].id, exit->id))
            job->token = seen->gone[i].token;
    job->state = code == 0 ? JOB_STATE_COMPLETED : JOB_STATE_FAILED;
    job->raw_state = span_of(job_state_word(job->state));
    job->exit_code = code;
    job->started_s = word_of(exit->text, "started=");
    job->ended_s = word_of(exit->text, "ended=");
    job->restarts = attempt > 0 ? attempt - 1 : 0;
}

static void fill_jobs(struct slurm_report *out, const struct slurm_tick_report *seen)
{
    size_t max = seen->queue.count + seen->sacct.count + seen->recent.count + seen->exit_count + 1;
    out->jobs = mem_zalloc(max * sizeof(*out->jobs));
    out->ids = mem_zalloc(2 * max * sizeof(*out->ids));
    for (size_t i = 0; i < seen->queue.count; i++)
        add_queue_row(out, &seen->queue.rows[i]);
    for (size_t i = 0; i < seen->sacct.count; i++)
        add_accounting_row(out, &seen->sacct.jobs[i]);
    for (size_t i = 0; i < seen->exit_count; i++)
        add_exit(out, seen, &seen->exits[i]);
}

static void fill_asked(struct slurm_report *out, const struct slurm_tick_report *seen)
{
    out->asked = mem_zalloc((seen->gone_count + 1) * sizeof(*out->asked));
    for (size_t i = 0; i < seen->gone_count; i++)
        out->asked[i] = seen->gone[i].token;
}

static size_t count_words(struct span list)
{
    struct span word;
    size_t count = 0;
    while (span_next(&list, ',', &word))
        count++;
    return count;
}

static void fill_node(struct seen_node *to, const struct slurm_node *node, struct span **partition,
                      struct seen_gpus **gpu)
{
    struct span list = node->partitions;
    *to = (struct seen_node){
        .name = node->name,
        .state = node->state,
        .features = node->features,
        .partitions = *partition,
        .accepts_work = node->accepts,
        .gpus = *gpu,
        .gpu_count = node->gpu_count,
        .cpus = (int64_t)node->cpus,
        .cpus_in_use = (int64_t)node->cpus_used,
        .mem_mb = (int64_t)(node->mem_bytes / (1024 * 1024)),
        .mem_in_use_mb = (int64_t)(node->mem_used_bytes / (1024 * 1024)),
    };
    while (span_next(&list, ',', *partition)) {
        (*partition)++;
        to->partition_count++;
    }
    for (size_t i = 0; i < node->gpu_count; i++, (*gpu)++)
        **gpu = (struct seen_gpus){ node->gpus[i].type, node->gpus[i].total, node->gpus[i].used };
}

static void fill_nodes(struct slurm_report *out, const struct slurm_nodes *nodes)
{
    size_t partitions = 1, gpus = 1;
    for (size_t i = 0; i < nodes->count; i++) {
        partitions += count_words(nodes->nodes[i].partitions);
        gpus += nodes->nodes[i].gpu_count;
    }
    out->nodes = mem_zalloc((nodes->count + 1) * sizeof(*out->nodes));
    out->partitions = mem_zalloc((partitions + 1) * sizeof(*out->partitions));
    out->gpus = mem_zalloc((gpus + 1) * sizeof(*out->gpus));
    struct span *partition = out->partitions;
    struct seen_gpus *gpu = out->gpus;
    for (size_t i = 0; i < nodes->count; i++)
        fill_node(&out->nodes[i], &nodes->nodes[i], &partition, &gpu);
}

/* A job that would take several partitions counts for the first; of several types the first tells of the
 * jobs. */
static void add_demand(struct slurm_report *out, const struct tick_demand *row)
{
    struct slurm_gpus gpus = { .count = 0 };
    if (slurm_gres_parse(row->gres, &gpus, NULL) < 0)
        return;
    int64_t jobs = (int64_t)row->jobs, nodes = row->nodes > 0 ? row->nodes : 1;
    struct seen_demand first = { .partition =
                                     span_head(row->partitions, span_find_char(row->partitions, ',')),
                                 .jobs = jobs };
    for (size_t i = 0; i < gpus.count || i == 0; i++) {
        struct seen_demand *demand = vec_push(out->demand, out->demand_count, out->demand_cap);
        *demand = first;
        first.jobs = 0;
        if (i < gpus.count) {
            demand->type = gpus.items[i].type;
            demand->gpus = (int64_t)gpus.items[i].count * nodes * jobs;
        }
    }
}

static const char *first_words(const struct frame *frame, const char *name, const struct tick_part *part,
                               char *text, size_t size)
{
    const struct frame_section *section = frame_get(frame, name);
    if (!part->asked || part->rc == 0 || !section)
        return NULL;
    struct span line = span_trim(section->data);
    line = span_head(line, span_find_char(line, '\n'));
    snprintf(text, size, "%.*s", SPAN_FMT(span_head(line, size - 1)));
    return text;
}

void slurm_report_fill(struct slurm_report *out, const struct slurm_tick_report *seen,
                       const struct frame *frame)
{
    *out = (struct slurm_report){ 0 };
    fill_jobs(out, seen);
    fill_nodes(out, &seen->nodes);
    fill_asked(out, seen);
    for (size_t i = 0; i < seen->demand_count; i++)
        add_demand(out, &seen->demand[i]);
    out->tick = (struct tick_report){
        .rejected = seen->queue.rejected + seen->sacct.rejected,
        .queue_ok = seen->queue_part.asked && tick_queue_is_good(seen),
        .accounting_asked = seen->sacct_part.asked,
        .accounting_ok = seen->sacct_part.asked && tick_sacct_is_good(seen),
        .is_accounting_cut = seen->gone_left > 0,
        .asked = out->asked,
        .asked_count = seen->gone_count,
        .jobs = out->jobs,
        .job_count = out->job_count,
        .nodes_ok = seen->nodes_part.asked && seen->nodes_part.rc == 0,
        .nodes = out->nodes,
        .node_count = seen->nodes.count,
        .demand = out->demand,
        .demand_count = out->demand_count,
        .clock_s = known(seen->clock_s),
    };
    out->tick.queue_error =
        first_words(frame, "squeue", &seen->queue_part, out->queue_error, sizeof(out->queue_error));
    out->tick.accounting_error =
        first_words(frame, "sacct", &seen->sacct_part, out->accounting_error, sizeof(out->accounting_error));
}

/* squeue does not tell how often a job was started; the log of its newest attempt does:
 * "TOKEN/attempt-2.log", of an array's task "attempt-2.7.log". */
static void count_restarts(struct slurm_report *out, const struct seen_file *file)
{
    struct span name = file->path, token, number;
    int64_t attempt, task = -1;
    if (!span_next(&name, '/', &token) || !span_starts(name, "attempt-") || !span_ends(name, ".log"))
        return;
    name = span_skip(span_head(name, name.len - strlen(".log")), strlen("attempt-"));
    if (!span_next(&name, '.', &number) || !span_i64(number, &attempt) || attempt < 2 ||
        (name.len && !span_i64(name, &task)))
        return;
    for (size_t i = 0; i < out->job_count; i++) {
        struct seen_job *job = &out->jobs[i];
        if (job->source == SEEN_QUEUE && job->task == task && span_eq(job->token, token) &&
            job->restarts < attempt - 1)
            job->restarts = attempt - 1;
    }
}

void slurm_report_files(struct slurm_report *out, const struct tick_files *files)
{
    tick_files_report(files, &out->tick);
    for (size_t i = 0; i < files->count; i++)
        count_restarts(out, &files->files[i]);
}

void slurm_report_clear(struct slurm_report *report)
{
    mem_free_ptr(&report->jobs);
    mem_free_ptr(&report->ids);
    mem_free_ptr(&report->nodes);
    mem_free_ptr(&report->partitions);
    mem_free_ptr(&report->asked);
    mem_free_ptr(&report->gpus);
    mem_free_ptr(&report->demand);
    report->job_count = 0;
}
