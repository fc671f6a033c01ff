#include "svc/watch/waiting_limit.h"

#include "base/mem.h"
#include "slurm/gres.h"
#include "svc/cluster/fleet.h"
#include "svc/jobs.h"
#include "svc/watch/array_tasks.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_COUNTED_JOBS = 1000 }; /* beyond, what others hold is not summed for each that waits */

/* Which number a reason is about: where the scheduler's limits (executor_limits) have it, and what counts
 * against it. */
struct limit_row {
    const char *reason;
    const char *member;           /* of the QOS or the budget; NULL: the limits do not tell it */
    bool by_account, counts_jobs; /* of the account, not the QOS; jobs, not GPUs */
    bool is_of_one_job;           /* nobody else's jobs count against it */
};

static const struct limit_row limit_rows[] = {
    { "QOSMaxGRESPerUser", "max_tres_per_user", false, false, false },
    { "QOSMaxGRESPerJob", "max_tres_per_job", false, false, true },
    { "QOSGrpGRES", "group_tres", false, false, false },
    { "QOSMaxJobsPerUserLimit", "max_jobs_per_user", false, true, false },
    { "AssocGrpGRES", "gpus", true, false, false },
    { "AssocMaxJobsLimit", NULL, true, true, false },
};

static const struct limit_row *limit_row_of(struct span reason)
{
    for (size_t i = 0; i < ARRAY_LEN(limit_rows); i++)
        if (span_is(reason, limit_rows[i].reason))
            return &limit_rows[i];
    return NULL;
}

struct held {
    const struct job *of;
    const struct limit_row *row;
    int64_t jobs, gpus;
};

static void add_held(void *ctx, struct job *job)
{
    struct held *held = ctx;
    const char *mine = held->row->by_account ? held->of->account : held->of->qos;
    const char *other = held->row->by_account ? job->account : job->qos;
    int64_t running = tasks_in_group(job, JOB_GROUP_ACTIVE);
    if (!running || !mine || !other || strcmp(mine, other) != 0)
        return;
    held->jobs += running;
    held->gpus += waiting_gpus(job) * running;
}

/* "gres/gpu=16", or a number; JOB_ABSENT where it is none or unlimited. */
static int64_t limit_value(const struct doc *value, const char *gpu_type)
{
    struct slurm_gpus gpus = { 0 };
    if (value && value->kind == DOC_INT)
        return value->integer >= 0 ? value->integer : JOB_ABSENT;
    if (!value || value->kind != DOC_STR || slurm_tres_parse(span_of(value->text), &gpus, NULL) < 0 ||
        !gpus.count)
        return JOB_ABSENT;
    const struct slurm_gpu *typed = gpu_type ? slurm_gpus_find(&gpus, span_of(gpu_type)) : NULL;
    return typed ? typed->count : (int64_t)slurm_gpus_total(&gpus);
}

static bool is_text(const struct doc *value, const char *text)
{
    const char *told = doc_scalar_text(value);
    return told && text && strcmp(told, text) == 0;
}

/* What the job's QOS allows, or that of its partition, which counts as well; of accounts, what the account as
 * a whole may. *by is the name of who allows it. */
static int64_t allowed_of(const struct doc *limits, const struct job *job, const struct limit_row *row,
                          const char **by)
{
    const struct doc *list = doc_get(limits, row->by_account ? "budgets" : "qos");
    const char *names[] = { row->by_account ? job->account : job->qos, NULL };
    const struct doc *partitions = doc_get(limits, "partitions");
    for (size_t i = 0; !row->by_account && partitions && i < partitions->count; i++)
        if (is_text(doc_get(&partitions->items[i], "name"), job->partition))
            names[1] = doc_scalar_text(doc_get(&partitions->items[i], "qos"));
    for (size_t n = 0; n < ARRAY_LEN(names); n++)
        for (size_t i = 0; list && row->member && i < list->count; i++) {
            const struct doc *one = &list->items[i];
            int64_t value = limit_value(doc_get(one, row->member), job->gpu_type);
            if (value == JOB_ABSENT || doc_get(one, "user") ||
                !is_text(doc_get(one, row->by_account ? "account" : "name"), names[n]))
                continue;
            *by = names[n];
            return value;
        }
    return JOB_ABSENT;
}

int64_t waiting_gpus(const struct job *job)
{
    int64_t nodes = job->nodes == JOB_ABSENT ? 1 : job->nodes;
    return job->gpus == JOB_ABSENT ? 0 : job->gpus * nodes;
}

/* Parts of one sentence. */
static void begin_part(struct str *to, int *parts)
{
    str_add(to, (*parts)++ ? "; " : " ");
}

void waiting_add_limit(const struct gateway *gw, const struct job *job, struct span reason, struct str *to)
{
    const struct limit_row *row = limit_row_of(reason);
    const struct cluster *cluster = fleet_find(gw->fleet, job->cluster);
    struct held held = { .of = job, .row = row };
    const char *by = NULL;
    int parts = 0;
    if (!row)
        return;
    if (!row->counts_jobs) {
        begin_part(to, &parts);
        waiting_add_asked(job, to);
    }
    int64_t allowed = cluster ? allowed_of(cluster->limits, job, row, &by) : JOB_ABSENT;
    if (allowed != JOB_ABSENT) {
        begin_part(to, &parts);
        str_addf(to, "%s %s allows %" PRId64 "%s", row->by_account ? "account" : "QOS", by, allowed,
                 row->counts_jobs ? " jobs" : "");
    }
    if (!row->is_of_one_job && jobs_active_count(gw->jobs) <= MAX_COUNTED_JOBS) {
        jobs_each(gw->jobs, job->cluster, add_held, &held);
        begin_part(to, &parts);
        if (row->counts_jobs)
            str_addf(to, "%" PRId64 " of this gateway's jobs run", held.jobs);
        else
            str_addf(to, "this gateway's jobs that run hold %" PRId64, held.gpus);
    }
    str_add(to, parts ? "." : "");
}

void waiting_add_asked(const struct job *job, struct str *to)
{
    str_addf(to, "%s for %" PRId64 " GPU%s", job->array ? "Each of its tasks asks" : "It asks",
             waiting_gpus(job), waiting_gpus(job) == 1 ? "" : "s");
}
