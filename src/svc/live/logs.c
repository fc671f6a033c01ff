#include "svc/live/logs.h"

#include "base/limits.h"
#include "base/mem.h"
#include "io/loop.h"
#include "store/job_store.h"
#include "svc/cluster/fleet.h"
#include "svc/jobs.h"
#include "svc/live/follow.h"
#include "svc/live/log_found.h"
#include "svc/watch/array_tasks.h"

#include <stdlib.h>

enum { DEFAULT_LOG_BYTES = 256 * 1024 };

struct logs {
    const struct gateway *gw;
};

struct logs *logs_new(const struct gateway *gw)
{
    struct logs *logs = mem_zalloc(sizeof(*logs));
    logs->gw = gw;
    return logs;
}

void logs_free(struct logs *logs)
{
    free(logs);
}

struct reading {
    answer_done *done;
    void *ctx;
    int64_t job_id;
};

/* That there is no file is an answer like others: a job that has just started has written nothing yet. */
static void on_read(void *ctx, struct span bytes, int64_t offset, int64_t size, const struct err *err)
{
    struct reading *reading = ctx;
    struct answer answer = { .job_id = reading->job_id };
    answer.not_begun = err && err->code == ERR_NOT_FOUND;
    answer.ok = !err || answer.not_begun;
    if (!err) {
        answer.body = bytes;
        answer.offset = offset;
        answer.size = size;
    } else if (!answer.ok) {
        answer.err = *err;
    }
    reading->done(reading->ctx, &answer);
    free(reading);
}

static struct reading *reading_new(const struct job *job, answer_done *done, void *ctx)
{
    struct reading *reading = mem_zalloc(sizeof(*reading));
    *reading = (struct reading){ done, ctx, job->id };
    return reading;
}

/* The newest one, of the task where one is named. */
static int64_t newest_attempt(const struct log_call *call, const struct job *job)
{
    return job->array && call->task >= 0 ? tasks_attempt(job, call->task) : job->attempt;
}

static int64_t attempt_of(const struct log_call *call, const struct job *job)
{
    return call->attempt > 0 ? call->attempt : newest_attempt(call, job);
}

static void file_name(const struct log_call *call, const struct job *job, struct str *name)
{
    if (call->scheduler_log) {
        str_add(name, "slurm.log");
        return;
    }
    str_addf(name, "attempt-%lld", (long long)attempt_of(call, job));
    if (call->task >= 0)
        str_addf(name, ".%lld", (long long)call->task);
    str_add(name, ".log");
}

static int check_task(const struct log_call *call, const struct job *job, struct err *err)
{
    if (tasks_has(job, call->task))
        return 0;
    return err_set(err, ERR_NOT_FOUND, "job %lld has the tasks %s, there is no task %lld", (long long)job->id,
                   job->array, (long long)call->task);
}

static int check_place(const struct log_call *call, const struct job *job, struct err *err)
{
    int64_t newest = newest_attempt(call, job);
    if (call->attempt < 0 || call->attempt > newest)
        return err_set(err, ERR_NOT_FOUND, "job %lld has %lld attempt%s%s, there is no attempt %lld",
                       (long long)job->id, (long long)newest, newest == 1 ? "" : "s",
                       call->task >= 0 ? " of that task" : "", (long long)call->attempt);
    if (job->array && call->task < 0 && !call->scheduler_log)
        return err_set(err, ERR_INVALID, "job %lld is an array: name a task", (long long)job->id);
    if (!job->array && call->task >= 0)
        return err_set(err, ERR_NOT_FOUND, "job %lld is no array: it has no task %lld", (long long)job->id,
                       (long long)call->task);
    return call->task >= 0 ? check_task(call, job, err) : 0;
}

static int check(const struct log_call *call, const struct job *job, struct err *err)
{
    if (check_place(call, job, err) < 0)
        return -1;
    if (call->limit < 0 || call->limit > MAX_LOG_CHUNK_BYTES)
        return err_set(err, ERR_INVALID, "limit is 1 to %d bytes", MAX_LOG_CHUNK_BYTES);
    return 0;
}

/* No run directory was ever made, and so there is nobody to ask. */
static bool was_never_sent(const struct job *job)
{
    return job->phase == PHASE_INTENT || (job->phase == PHASE_CLOSED && !job->sched_id);
}

/* *stored: to be freed by the caller. */
static int get_job(struct logs *logs, int64_t job_id, struct job **stored, const struct job **job,
                   struct err *err)
{
    *job = jobs_find(logs->gw->jobs, job_id);
    if (!*job && job_store_get(logs->gw->store, job_id, stored, err) < 0)
        return err_wrap(err, "job %lld", (long long)job_id);
    *job = *job ? *job : *stored;
    return 0;
}

/* The job, where there may be such a log. */
static int find_job(struct logs *logs, const struct log_call *call, struct job **stored,
                    const struct job **job, struct err *err)
{
    return get_job(logs, call->job_id, stored, job, err) < 0 ? -1 : check(call, *job, err);
}

int logs_find(struct logs *logs, struct log_call *call, struct err *err)
{
    auto_job struct job *stored = NULL;
    const struct job *job = NULL;
    if (get_job(logs, call->job_id, &stored, &job, err) < 0 || check_place(call, job, err) < 0)
        return -1;
    call->attempt = attempt_of(call, job);
    return 0;
}

static int find_executor(struct logs *logs, const struct job *job, struct executor **out, struct err *err)
{
    struct cluster *cluster = fleet_find(logs->gw->fleet, job->cluster);
    if (!cluster || !cluster->executor)
        return err_set(err, ERR_OFFLINE, "cluster %s is disabled or no longer configured", job->cluster);
    *out = cluster->executor;
    return 0;
}

/* --- no log --- */

static void on_nothing(void *ctx)
{
    const struct err err = { .code = ERR_NOT_FOUND };
    on_read(ctx, (struct span){ 0 }, 0, 0, &err);
}

/* --- the kept part --- */

struct kept {
    struct reading *reading;
    struct str bytes;
    int64_t offset, size;
};

static void on_kept(void *ctx)
{
    struct kept *kept = ctx;
    on_read(kept->reading, str_span(&kept->bytes), kept->offset, kept->size, NULL);
    str_clear(&kept->bytes);
    free(kept);
}

/* Bytes that the log had when it was last looked at are the same still; only of one that is complete is its
 * end known. */
static bool is_kept(const struct log_cache *cache, const struct log_call *call, int64_t *offset)
{
    if (call->lines > 0 || call->scheduler_log)
        return false;
    *offset = call->offset;
    if (*offset < 0)
        *offset = cache->end + *offset > 0 ? cache->end + *offset : 0;
    if (cache->is_closed)
        return *offset >= cache->base && *offset <= cache->end;
    return call->offset >= cache->base && call->offset < cache->end;
}

static bool read_kept(struct logs *logs, const struct log_call *call, const struct job *job,
                      answer_done *done, void *ctx)
{
    struct log_cache cache = { 0 };
    int64_t offset;
    int64_t attempt = attempt_of(call, job);
    size_t max = call->limit ? (size_t)call->limit : DEFAULT_LOG_BYTES;
    if (!follow_cache(logs->gw->follow, job->id, attempt, call->task, &cache))
        return false;
    struct kept *kept = mem_zalloc(sizeof(*kept));
    kept->bytes = STR_MAX(max);
    bool found =
        is_kept(&cache, call, &offset) && log_cache_read(&cache, offset, max, &kept->bytes, NULL) == 0;
    if (found) {
        kept->offset = offset;
        kept->size = cache.end;
        kept->reading = reading_new(job, done, ctx);
        loop_defer(logs->gw->loop, on_kept, kept);
    } else {
        str_clear(&kept->bytes);
        free(kept);
    }
    log_cache_clear(&cache);
    return found;
}

int logs_read(struct logs *logs, const struct log_call *call, answer_done *done, void *ctx, struct err *err)
{
    auto_job struct job *stored = NULL;
    const struct job *job = NULL;
    struct executor *executor = NULL;
    if (find_job(logs, call, &stored, &job, err) < 0)
        return -1;
    if (was_never_sent(job)) {
        loop_defer(logs->gw->loop, on_nothing, reading_new(job, done, ctx));
        return 0;
    }
    if (read_kept(logs, call, job, done, ctx))
        return 0;
    if (find_executor(logs, job, &executor, err) < 0)
        return -1;
    auto_str struct str file = STR_MAX(128);
    file_name(call, job, &file);
    struct read_spec spec = { .token = job->token,
                              .file = str_text(&file),
                              .offset = call->offset,
                              .max_bytes = call->limit ? (size_t)call->limit : DEFAULT_LOG_BYTES,
                              .first_line = call->line,
                              .lines = call->lines };
    struct reading *reading = reading_new(job, done, ctx);
    if (executor_read(executor, &spec, on_read, reading, err) == 0)
        return 0;
    free(reading);
    return -1;
}

bool logs_is_read_up(struct logs *logs, const struct log_call *call)
{
    struct log_cache cache = { 0 };
    const struct job *job = jobs_find(logs->gw->jobs, call->job_id);
    int64_t attempt = job ? attempt_of(call, job) : call->attempt;
    if (call->scheduler_log || call->offset < 0 || !logs_is_open(logs, call->job_id) ||
        !follow_cache(logs->gw->follow, call->job_id, attempt, call->task, &cache))
        return false;
    bool is_up = call->offset >= cache.end && !cache.is_closed;
    log_cache_clear(&cache);
    return is_up;
}

void logs_go_on(struct logs *logs, struct log_call *call, bool is_chosen, unsigned *renewals)
{
    struct log_cache cache = { 0 }, next = { 0 };
    struct follow *follow = logs->gw->follow;
    if (call->scheduler_log || !follow_cache(follow, call->job_id, call->attempt, call->task, &cache))
        return;
    bool is_first = *renewals == LOGS_NOTHING_READ;
    bool is_renewed = is_first ? cache.renewals && call->offset > cache.end
                               : cache.renewals > *renewals; /* taken up anew it counts from 0 */
    if (is_first || is_renewed)
        *renewals = cache.renewals;
    if (is_renewed) {
        call->offset = 0;
    } else if (!is_chosen && call->offset >= cache.end &&
               follow_cache(follow, call->job_id, call->attempt + 1, call->task, &next)) {
        call->attempt++;
        call->offset = 0;
        *renewals = next.renewals;
        log_cache_clear(&next);
    }
    log_cache_clear(&cache);
}

bool logs_is_open(struct logs *logs, int64_t job_id)
{
    return follow_is_open(logs->gw->follow, job_id);
}

/* --- search --- */

struct searching {
    struct reading *reading;
    int64_t limit;
};

static void on_found(void *ctx, struct span text, const struct err *err)
{
    struct searching *searching = ctx;
    auto_str struct str body = STR_MAX(MAX_OUTPUT_BYTES);
    bool is_missing = err && err->code == ERR_NOT_FOUND;
    if (!err || is_missing)
        log_found_json(text, searching->limit, &body);
    on_read(searching->reading, str_span(&body), 0, 0, is_missing ? NULL : err);
    free(searching);
}

static void on_nothing_to_search(void *ctx)
{
    on_found(ctx, (struct span){ 0 }, NULL);
}

static struct searching *searching_new(const struct job *job, int64_t limit, answer_done *done, void *ctx)
{
    struct searching *searching = mem_zalloc(sizeof(*searching));
    *searching = (struct searching){ reading_new(job, done, ctx), limit };
    return searching;
}

int logs_search(struct logs *logs, const struct log_search *search, answer_done *done, void *ctx,
                struct err *err)
{
    auto_job struct job *stored = NULL;
    const struct job *job = NULL;
    struct executor *executor = NULL;
    if (find_job(logs, &search->log, &stored, &job, err) < 0)
        return -1;
    if (was_never_sent(job)) {
        loop_defer(logs->gw->loop, on_nothing_to_search, searching_new(job, search->limit, done, ctx));
        return 0;
    }
    if (find_executor(logs, job, &executor, err) < 0)
        return -1;
    auto_str struct str file = STR_MAX(128);
    file_name(&search->log, job, &file);
    struct search_spec spec = { .token = job->token,
                                .file = str_text(&file),
                                .pattern = search->pattern,
                                .is_regex = search->is_regex,
                                .ignores_case = search->ignores_case,
                                .first_line = search->first_line,
                                .limit = search->limit };
    struct searching *searching = searching_new(job, search->limit, done, ctx);
    if (executor_search(executor, &spec, on_found, searching, err) == 0)
        return 0;
    free(searching->reading);
    free(searching);
    return -1;
}
