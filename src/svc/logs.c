#include "svc/logs.h"

#include "base/limits.h"
#include "base/mem.h"
#include "io/loop.h"
#include "store/job_store.h"
#include "svc/fleet.h"
#include "svc/jobs.h"

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
    char *missing; /* why there is no log yet */
};

static void on_read(void *ctx, struct span bytes, int64_t offset, int64_t size, const struct err *err)
{
    struct reading *reading = ctx;
    struct answer answer = {
        .ok = !err, .body = bytes, .job_id = reading->job_id, .offset = offset, .size = size
    };
    if (err)
        answer.err = *err;
    if (err && err->code == ERR_NOT_FOUND)
        err_set(&answer.err, ERR_NOT_FOUND, "%s", reading->missing);
    reading->done(reading->ctx, &answer);
    free(reading->missing);
    free(reading);
}

static char *missing_text(const struct job *job)
{
    auto_str struct str text = STR_MAX(ERR_TEXT_BYTES);
    str_addf(&text, "job %lld has no log yet: it is %s", (long long)job->id, job_state_word(job->state));
    if (job->why)
        str_addf(&text, " (%s)", job->why);
    return str_steal(&text);
}

static void file_name(const struct log_call *call, const struct job *job, struct str *name)
{
    if (call->scheduler_log) {
        str_add(name, "slurm.log");
        return;
    }
    str_addf(name, "attempt-%lld", (long long)(call->attempt > 0 ? call->attempt : job->attempt));
    if (call->task >= 0)
        str_addf(name, ".%lld", (long long)call->task);
    str_add(name, ".log");
}

static int check(const struct log_call *call, const struct job *job, struct err *err)
{
    if (call->attempt < 0 || call->attempt > job->attempt)
        return err_set(err, ERR_NOT_FOUND, "job %lld has %lld attempts, there is no attempt %lld",
                       (long long)job->id, (long long)job->attempt, (long long)call->attempt);
    if (job->array && call->task < 0 && !call->scheduler_log)
        return err_set(err, ERR_INVALID, "job %lld is an array: name a task", (long long)job->id);
    if (!job->array && call->task >= 0)
        return err_set(err, ERR_INVALID, "job %lld is no array: it has no task %lld", (long long)job->id,
                       (long long)call->task);
    if (call->limit < 0 || call->limit > MAX_LOG_CHUNK_BYTES)
        return err_set(err, ERR_INVALID, "limit is 1 to %d bytes", MAX_LOG_CHUNK_BYTES);
    if (job->phase == PHASE_INTENT || (job->phase == PHASE_CLOSED && !job->sched_id)) {
        auto_free char *text = missing_text(job);
        return err_set(err, ERR_NOT_FOUND, "%s", text);
    }
    return 0;
}

int logs_read(struct logs *logs, const struct log_call *call, answer_done *done, void *ctx, struct err *err)
{
    const struct gateway *gw = logs->gw;
    auto_job struct job *stored = NULL;
    const struct job *job = jobs_find(gw->jobs, call->job_id);
    if (!job && job_store_get(gw->store, call->job_id, &stored, err) < 0)
        return err_wrap(err, "job %lld", (long long)call->job_id);
    job = job ? job : stored;
    if (check(call, job, err) < 0)
        return -1;
    struct cluster *cluster = fleet_find(gw->fleet, job->cluster);
    if (!cluster || !cluster->executor)
        return err_set(err, ERR_OFFLINE, "cluster %s is disabled or no longer configured", job->cluster);
    auto_str struct str file = STR_MAX(128);
    file_name(call, job, &file);
    struct read_spec spec = { .token = job->token,
                              .file = str_text(&file),
                              .offset = call->offset,
                              .max_bytes = call->limit ? (size_t)call->limit : DEFAULT_LOG_BYTES,
                              .first_line = call->line,
                              .lines = call->lines };
    struct reading *reading = mem_zalloc(sizeof(*reading));
    *reading = (struct reading){ done, ctx, job->id, missing_text(job) };
    if (executor_read(cluster->executor, &spec, on_read, reading, err) == 0)
        return 0;
    free(reading->missing);
    free(reading);
    return -1;
}
