#include "svc/watch/array_tasks.h"

#include "base/limits.h"
#include "base/mem.h"
#include "slurm/jobid.h"
#include "text/json_in.h"
#include "text/json_out.h"
#include "text/units.h"

#include <stdlib.h>
#include <string.h>

void tasks_clear(struct tasks *tasks)
{
    free(tasks->items);
    doc_free(tasks->stored);
}

static int compare_numbers(const void *a, const void *b)
{
    const struct task *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

struct task *tasks_find(const struct tasks *tasks, int64_t number)
{
    struct task key = { .number = number };
    return tasks->count ? bsearch(&key, tasks->items, tasks->count, sizeof(key), compare_numbers) : NULL;
}

static int64_t stored_int(const struct doc *entry, const char *key, int64_t none)
{
    const struct doc *value = doc_get(entry, key);
    return value && value->kind == DOC_INT ? value->integer : none;
}

static void recall(const struct tasks *tasks)
{
    for (size_t i = 0; tasks->stored && i < tasks->stored->count; i++) {
        const struct doc *entry = &tasks->stored->items[i];
        struct task *task = tasks_find(tasks, stored_int(entry, "task", -1));
        if (!task)
            continue;
        task->state = job_state_of(span_of(doc_scalar_text(doc_get(entry, "state"))));
        task->node_list = span_of(doc_scalar_text(doc_get(entry, "node_list")));
        task->exit_code = stored_int(entry, "exit_code", JOB_ABSENT);
        task->signal = stored_int(entry, "signal", JOB_ABSENT);
        const char *started = doc_scalar_text(doc_get(entry, "started_at"));
        const char *ended = doc_scalar_text(doc_get(entry, "ended_at"));
        if (started)
            (void)units_parse_time(span_of(started), &task->started_us, NULL);
        if (ended)
            (void)units_parse_time(span_of(ended), &task->ended_us, NULL);
    }
}

/* All tasks the array was submitted with, as they were last known. */
int tasks_load(const struct job *job, struct tasks *tasks, struct err *err)
{
    auto_slurm_tasks struct slurm_tasks named = { 0 };
    if (slurm_tasks_expand(span_of(job->array), &named, err) < 0)
        return -1;
    if (job->tasks && json_parse(span_of(job->tasks), &tasks->stored, err) < 0)
        return -1;
    tasks->items = mem_zalloc((named.count + 1) * sizeof(*tasks->items));
    tasks->count = named.count;
    for (size_t i = 0; i < named.count; i++)
        tasks->items[i] = (struct task){ .number = named.tasks[i],
                                         .state = JOB_STATE_PENDING,
                                         .exit_code = JOB_ABSENT,
                                         .signal = JOB_ABSENT };
    qsort(tasks->items, tasks->count, sizeof(*tasks->items), compare_numbers);
    recall(tasks);
    return 0;
}

int64_t tasks_in_group(const struct job *job, enum job_group group)
{
    auto_doc struct doc *counts = NULL;
    int64_t sum = 0;
    if (!job->task_counts || json_parse(span_of(job->task_counts), &counts, NULL) < 0)
        return job_state_group(job->state) == group;
    for (size_t i = 0; i < counts->count; i++) {
        enum job_state state = job_state_of(span_of(counts->items[i].key));
        if (state != JOB_STATE_UNKNOWN && state != JOB_STATE_SETTLING && job_state_group(state) == group)
            sum += counts->items[i].integer;
    }
    return sum;
}

static void render_task(struct json_out *out, const struct task *task)
{
    json_open_object(out);
    json_member_int(out, "task", task->number);
    json_member_str(out, "state", job_state_word(task->state));
    if (task->node_list.len)
        json_member_span(out, "node_list", task->node_list);
    json_member_time(out, "started_at", task->started_us);
    json_member_time(out, "ended_at", task->ended_us);
    if (task->exit_code != JOB_ABSENT)
        json_member_int(out, "exit_code", task->exit_code);
    if (task->signal != JOB_ABSENT)
        json_member_int(out, "signal", task->signal);
    json_close_object(out);
}

void tasks_remember(struct job *job, const struct tasks *tasks)
{
    auto_str struct str list = STR_MAX(MAX_OUTPUT_BYTES), counts = STR_MAX(4096);
    struct json_out out = { .to = &list }, sums = { .to = &counts };
    size_t by_state[JOB_STATE_COUNT] = { 0 };
    json_open_array(&out);
    for (size_t i = 0; i < tasks->count; i++) {
        render_task(&out, &tasks->items[i]);
        by_state[tasks->items[i].state]++;
    }
    json_close_array(&out);
    json_open_object(&sums);
    json_member_u64(&sums, "total", tasks->count);
    for (int state = 0; state < JOB_STATE_COUNT; state++)
        if (by_state[state])
            json_member_u64(&sums, job_state_word((enum job_state)state), by_state[state]);
    json_close_object(&sums);
    free(job->tasks);
    free(job->task_counts);
    job->tasks = str_steal(&list);
    job->task_counts = str_steal(&counts);
}
