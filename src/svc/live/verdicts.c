#include "svc/live/verdicts.h"

#include "base/log.h"
#include "base/mem.h"
#include "domain/verdict.h"
#include "domain/verdict_array.h"
#include "svc/job_note.h"
#include "svc/watch/array_tasks.h"
#include "text/json_in.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_JSON_BYTES = 64 * 1024,
    LOG_BYTES = 4 * 1024 * 1024,
    TASK_LOG_BYTES = 256 * 1024, /* of one of an array's logs, and of so many: all in one turn of the loop */
    MAX_TASK_LOGS = 200
};

struct judging {
    const struct verdict_log *logs; /* by task, then attempt */
    size_t count, read;
    struct str json;
    struct job_note note;
};

static int compare_logs(const void *a, const void *b)
{
    const struct verdict_log *x = a, *y = b;
    if (x->task != y->task)
        return x->task < y->task ? -1 : 1;
    return (x->attempt > y->attempt) - (x->attempt < y->attempt);
}

/* The last attempt's, or NULL. */
static const struct verdict_log *log_of(const struct judging *judging, int64_t task)
{
    size_t low = 0, high = judging->count; /* behind the last of that task */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (judging->logs[middle].task <= task)
            low = middle + 1;
        else
            high = middle;
    }
    return low && judging->logs[low - 1].task == task ? &judging->logs[low - 1] : NULL;
}

/* "CANCELLED by 1001": Slurm knows the number only. */
static void name_canceller(const struct job *job, bool by_us, struct str *who)
{
    struct span by = span_of(job->raw_state);
    size_t at = span_find(by, SPAN_LIT(" by "));
    if (by_us)
        str_addf(who, "%s, by way of the gateway", job->user ? job->user : "somebody");
    else if (at < by.len)
        str_addf(who, "user number %.*s", SPAN_FMT(span_skip(by, at + 4)));
    else
        str_add(who, "somebody outside the gateway");
}

/* facts: state, code and signal are there. */
static void judge_log(const struct verdict_log *log, size_t max, struct verdict_facts facts, struct str *json)
{
    auto_str struct str tail = STR_MAX(max);
    facts.attempt = log ? log->attempt : 1;
    if (log)
        (void)log_cache_read_end(log->cache, max, &tail, &facts.first_line);
    facts.log = str_span(&tail);
    verdict_json(&facts, json);
}

static void judge_one(struct judging *judging, const struct job *job, const char *who)
{
    struct verdict_facts facts = { .state = job->state,
                                   .cancelled_by = who,
                                   .exit_code = job->exit_code == JOB_ABSENT ? -1 : job->exit_code,
                                   .signal = job->signal == JOB_ABSENT ? 0 : job->signal,
                                   .task = -1 };
    judge_log(log_of(judging, -1), LOG_BYTES, facts, &judging->json);
}

static char *judge_task(struct judging *judging, const struct task *task, const char *who)
{
    auto_str struct str json = STR_MAX(MAX_JSON_BYTES);
    const struct verdict_log *log = judging->read < MAX_TASK_LOGS ? log_of(judging, task->number) : NULL;
    struct verdict_facts facts = { .state = task->state,
                                   .cancelled_by = who,
                                   .exit_code = task->exit_code == JOB_ABSENT ? -1 : task->exit_code,
                                   .signal = task->signal == JOB_ABSENT ? 0 : task->signal,
                                   .task = task->number };
    judging->read += log && job_state_is_terminal(task->state) && task->state != JOB_STATE_COMPLETED;
    judge_log(log, TASK_LOG_BYTES, facts, &json);
    return json.len ? str_steal(&json) : NULL;
}

static int judge_array(struct judging *judging, const struct job *job, const char *who, struct err *err)
{
    struct tasks tasks = { 0 };
    struct verdict_task *judged = NULL;
    size_t count = 0, cap = 0;
    int rc = tasks_load(job, &tasks, err);
    auto_str struct str us = STR_MAX(256);
    name_canceller(job, true, &us);
    const char *by_us = str_text(&us);
    for (size_t i = 0; rc == 0 && i < tasks.count; i++) {
        struct task *task = &tasks.items[i];
        char *json = judge_task(judging, task, task->is_unwanted ? by_us : who);
        if (json)
            *vec_push(judged, count, cap) = (struct verdict_task){ tasks.items[i].number, json };
    }
    if (rc == 0)
        rc = verdict_array_json(judged, count, tasks.count, &judging->json, err);
    for (size_t i = 0; i < count; i++)
        free(judged[i].json);
    free(judged);
    tasks_clear(&tasks);
    return rc;
}

static bool is_same_code(const char *a, const char *b)
{
    auto_doc struct doc *x = NULL, *y = NULL;
    if (!a || json_parse(span_of(a), &x, NULL) < 0 || json_parse(span_of(b), &y, NULL) < 0)
        return false;
    const char *one = doc_scalar_text(doc_get(x, "code")), *other = doc_scalar_text(doc_get(y, "code"));
    return one && other && strcmp(one, other) == 0;
}

static bool judge(void *ctx, struct job *job)
{
    struct judging *judging = ctx;
    struct err err = { 0 };
    auto_str struct str who = STR_MAX(256);
    name_canceller(job, job->cancel_requested_at_us != 0, &who);
    if (job->array && judge_array(judging, job, str_text(&who), &err) < 0)
        log_warn("job %" PRId64 ": no verdict of its tasks: %s", job->id, err.text);
    if (!job->array || !judging->json.len)
        judge_one(judging, job, str_text(&who));
    const char *verdict = judging->json.len ? str_text(&judging->json) : NULL;
    if (!verdict || (job->verdict && strcmp(job->verdict, verdict) == 0))
        return false;
    if (is_same_code(job->verdict, verdict))
        judging->note.kind = "evidence"; /* told of already */
    mem_replace_str(&job->verdict, verdict);
    return true;
}

void verdicts_note(const struct gateway *gw, int64_t job_id, struct verdict_log *logs, size_t count)
{
    if (count)
        qsort(logs, count, sizeof(*logs), compare_logs);
    struct judging judging = { .logs = logs, .count = count, .json = STR_MAX(MAX_JSON_BYTES) };
    judging.note = (struct job_note){ .kind = "verdict", .set = judge, .ctx = &judging };
    job_note(gw, job_id, &judging.note);
    str_clear(&judging.json);
}
