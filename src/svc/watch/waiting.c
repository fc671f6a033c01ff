#include "svc/watch/waiting.h"

#include "base/mem.h"
#include "slurm/reasons.h"
#include "svc/cluster/fleet.h"
#include "svc/cluster/gpus_table.h"
#include "svc/jobs.h"

#include <inttypes.h>
#include <string.h>

enum {
    MAX_COUNTED_JOBS = 1000, /* beyond, what others hold is not summed for each that waits */
    TELL_AFTER_S = 600,
};

static int64_t gpus_of(const struct job *job)
{
    int64_t nodes = job->nodes == JOB_ABSENT ? 1 : job->nodes;
    return job->gpus == JOB_ABSENT ? 0 : job->gpus * nodes;
}

static void add_place(const struct gateway *gw, const struct job *job, struct str *to)
{
    const struct cluster *cluster = fleet_find(gw->fleet, job->cluster);
    const struct gpu_known *known = cluster ? cluster->gpus : NULL;
    if (!known || !job->partition)
        return;
    struct gpu_place place = gpu_table_place(&known->table, job->partition, job->gpu_type);
    const char *type = job->gpu_type ? job->gpu_type : "", *gap = job->gpu_type ? " " : "";
    if (gpus_of(job) && place.total)
        str_addf(to, " It asks for %" PRId64 " GPUs; %" PRId64 " of %" PRId64 "%s%s are free in %s.",
                 gpus_of(job), place.free, place.total, gap, type, job->partition);
    if (place.waiting_jobs == 1)
        str_addf(to, " 1 job waits in %s, for %" PRId64 " GPUs.", job->partition, place.waiting_gpus);
    else if (place.waiting_jobs)
        str_addf(to, " %" PRId64 " jobs wait in %s, for %" PRId64 " GPUs.", place.waiting_jobs,
                 job->partition, place.waiting_gpus);
}

struct held {
    const struct job *of;
    int64_t gpus;
    bool by_account;
};

static void add_held(void *ctx, struct job *job)
{
    struct held *held = ctx;
    const char *mine = held->by_account ? held->of->account : held->of->qos;
    const char *other = held->by_account ? job->account : job->qos;
    if (job_state_group(job->state) != JOB_GROUP_ACTIVE || !mine || !other || strcmp(mine, other) != 0)
        return;
    held->gpus += gpus_of(job);
}

static void add_limit(const struct gateway *gw, const struct job *job, bool by_account, struct str *to)
{
    struct held held = { .of = job, .by_account = by_account };
    if (jobs_active_count(gw->jobs) > MAX_COUNTED_JOBS)
        return;
    jobs_each(gw->jobs, job->cluster, add_held, &held);
    str_addf(to, " It asks for %" PRId64 " GPUs; this gateway's jobs that run hold %" PRId64 ".",
             gpus_of(job), held.gpus);
}

static void add_numbers(const struct gateway *gw, const struct job *job, struct span reason, struct str *to)
{
    if (span_is(reason, "Resources") || span_is(reason, "Priority"))
        add_place(gw, job, to);
    else if (span_starts(reason, "QOS") && !reason_read(reason).never_runs)
        add_limit(gw, job, false, to);
    else if (span_starts(reason, "Assoc") && !reason_read(reason).never_runs)
        add_limit(gw, job, true, to);
}

char *waiting_why(const struct gateway *gw, int64_t mono_us, struct job *job, const struct seen_job *row)
{
    auto_str struct str text = STR_MAX(ERR_TEXT_BYTES);
    if (job_state_group(row->state) != JOB_GROUP_QUEUED)
        return NULL;
    bool is_same = job->why && job->reason && span_is(row->reason, job->reason);
    if (is_same && job->why_told_us && mono_us - job->why_told_us < TELL_AFTER_S * US_PER_S)
        return mem_dup_str(job->why);
    job->why_told_us = mono_us;
    reason_add_sentence(&text, row->reason);
    if (text.len)
        add_numbers(gw, job, row->reason, &text);
    return text.len ? str_steal(&text) : NULL;
}
