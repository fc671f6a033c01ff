#include "svc/watch/array_tasks.h"

#include "base/limits.h"
#include "base/mem.h"
#include "slurm/jobid.h"
#include "text/json_in.h"
#include "text/json_out.h"
#include "text/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tasks_clear(struct tasks *tasks)
{
    for (size_t i = 0; i < tasks->count; i++)
        free(tasks->items[i].node_text);
    free(tasks->items);
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

static void recall_one(struct task *task, const struct doc *entry)
{
    const struct doc *unwanted = doc_get(entry, "cancel_requested");
    const char *started = doc_scalar_text(doc_get(entry, "started_at"));
    const char *ended = doc_scalar_text(doc_get(entry, "ended_at"));
    const char *nodes = doc_scalar_text(doc_get(entry, "node_list"));
    task->state = job_state_of(span_of(doc_scalar_text(doc_get(entry, "state"))));
    task->node_text = nodes ? mem_dup_str(nodes) : NULL;
    task->node_list = span_of(task->node_text);
    task->attempt = stored_int(entry, "attempt", 1);
    task->exit_code = stored_int(entry, "exit_code", JOB_ABSENT);
    task->signal = stored_int(entry, "signal", JOB_ABSENT);
    task->is_unwanted = unwanted && unwanted->kind == DOC_BOOL && unwanted->boolean;
    if (started)
        (void)units_parse_time(span_of(started), &task->started_us, NULL);
    if (ended)
        (void)units_parse_time(span_of(ended), &task->ended_us, NULL);
}

/* From a brace to the next one outside of strings: the objects of the list hold no others. */
static struct span first_object(struct span text)
{
    struct span rest = span_skip(text, span_find_char(text, '{'));
    bool is_string = false;
    for (size_t i = 0; i < rest.len; i++) {
        if (is_string && rest.ptr[i] == '\\')
            i++;
        else if (rest.ptr[i] == '"')
            is_string = !is_string;
        else if (rest.ptr[i] == '}' && !is_string)
            return span_head(rest, i + 1);
    }
    return (struct span){ 0 };
}

/* One after the other: 100,000 in one document would take more memory than json_parse gives anybody. */
static int recall(const struct tasks *tasks, struct span list, struct err *err)
{
    struct span object;
    while ((object = first_object(list)).len) {
        auto_doc struct doc *entry = NULL;
        if (json_parse(object, &entry, err) < 0)
            return -1;
        struct task *task = tasks_find(tasks, stored_int(entry, "task", -1));
        if (task && !task->node_text)
            recall_one(task, entry);
        list = span_skip(list, (size_t)(object.ptr - list.ptr) + object.len);
    }
    return span_is(span_trim(list), "]") || span_is(span_trim(list), "[]")
               ? 0
               : err_set(err, ERR_CORRUPT, "its list of tasks is cut");
}

int tasks_load(const struct job *job, struct tasks *tasks, struct err *err)
{
    auto_slurm_tasks struct slurm_tasks named = { 0 };
    if (slurm_tasks_expand(span_of(job->array), &named, err) < 0)
        return -1;
    tasks->items = mem_zalloc((named.count + 1) * sizeof(*tasks->items));
    tasks->count = named.count;
    for (size_t i = 0; i < named.count; i++)
        tasks->items[i] = (struct task){ .number = named.tasks[i],
                                         .attempt = 1,
                                         .state = JOB_STATE_PENDING,
                                         .exit_code = JOB_ABSENT,
                                         .signal = JOB_ABSENT };
    return job->tasks ? recall(tasks, span_of(job->tasks), err) : 0;
}

/* A value of the store holds 16 MiB; 100,000 tasks with long names of nodes are more. */
enum { MAX_TASKS_BYTES = 12 * 1024 * 1024 };

static const char unwanted_text[] = "\"cancel_requested\":true";

bool tasks_may_be_unwanted(const struct job *job)
{
    return job->tasks && strstr(job->tasks, unwanted_text);
}

bool tasks_has(const struct job *job, int64_t number)
{
    auto_slurm_tasks struct slurm_tasks named = { 0 };
    (void)slurm_tasks_expand(span_of(job->array), &named, NULL);
    for (size_t i = 0; i < named.count; i++)
        if (named.tasks[i] == number)
            return true;
    return false;
}

int64_t tasks_attempt(const struct job *job, int64_t number)
{
    char start[40];
    (void)snprintf(start, sizeof(start), "{\"task\":%" PRId64 ",", number);
    const char *found = job->tasks ? strstr(job->tasks, start) : NULL; /* as render_task begins each */
    auto_doc struct doc *entry = NULL;
    if (!found || json_parse(first_object(span_of(found)), &entry, NULL) < 0)
        return 1;
    return stored_int(entry, "attempt", 1);
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

static void render_task(struct json_out *out, const struct task *task, bool with_nodes)
{
    json_open_object(out);
    json_member_int(out, "task", task->number);
    json_member_str(out, "state", job_state_word(task->state));
    if (task->attempt > 1)
        json_member_int(out, "attempt", task->attempt);
    if (task->node_list.len && with_nodes)
        json_member_span(out, "node_list", task->node_list);
    json_member_time(out, "started_at", task->started_us);
    json_member_time(out, "ended_at", task->ended_us);
    if (task->exit_code != JOB_ABSENT)
        json_member_int(out, "exit_code", task->exit_code);
    if (task->signal != JOB_ABSENT)
        json_member_int(out, "signal", task->signal);
    if (task->is_unwanted && (task->state == JOB_STATE_CANCELLED || !job_state_is_terminal(task->state)))
        json_member_bool(out, "cancel_requested", true);
    json_close_object(out);
}

static void render_tasks(struct str *list, const struct tasks *tasks, bool with_nodes)
{
    struct json_out out = { .to = list };
    json_open_array(&out);
    for (size_t i = 0; i < tasks->count; i++)
        render_task(&out, &tasks->items[i], with_nodes);
    json_close_array(&out);
}

void tasks_remember(struct job *job, const struct tasks *tasks)
{
    auto_str struct str list = STR_MAX(MAX_OUTPUT_BYTES), counts = STR_MAX(4096);
    struct json_out sums = { .to = &counts };
    size_t by_state[JOB_STATE_COUNT] = { 0 };
    for (size_t i = 0; i < tasks->count; i++)
        by_state[tasks->items[i].state]++;
    render_tasks(&list, tasks, true);
    if (list.len > MAX_TASKS_BYTES) {
        str_cut(&list, 0);
        render_tasks(&list, tasks, false);
    }
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
