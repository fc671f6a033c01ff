#include "svc/watch/waiting.h"

#include "base/mem.h"
#include "slurm/reasons.h"
#include "svc/cluster/fleet.h"
#include "svc/cluster/gpus_table.h"
#include "svc/watch/array_tasks.h"
#include "svc/watch/waiting_limit.h"
#include "text/json_out.h"

#include <inttypes.h>
#include <string.h>

enum { TELL_AFTER_S = 600 };

static void add_place(const struct gateway *gw, const struct job *job, struct str *to)
{
    const struct cluster *cluster = fleet_find(gw->fleet, job->cluster);
    const struct gpu_known *known = cluster ? cluster->gpus : NULL;
    if (!known || !job->partition)
        return;
    struct gpu_place place = gpu_table_place(&known->table, job->partition, job->gpu_type);
    const char *type = job->gpu_type ? job->gpu_type : "", *gap = job->gpu_type ? " " : "";
    if (waiting_gpus(job) && place.total) {
        str_add(to, " ");
        waiting_add_asked(job, to);
        str_addf(to, "; %" PRId64 " of %" PRId64 "%s%s are free in %s.", place.free, place.total, gap, type,
                 job->partition);
    }
    if (place.waiting_jobs == 1)
        str_addf(to, " 1 job waits in %s, for %" PRId64 " GPUs.", job->partition, place.waiting_gpus);
    else if (place.waiting_jobs)
        str_addf(to, " %" PRId64 " jobs wait in %s, for %" PRId64 " GPUs.", place.waiting_jobs,
                 job->partition, place.waiting_gpus);
}

/* " 4 of its tasks run, 6 wait.", " 1 of its tasks runs, 1 waits." */
static void add_tasks(const struct job *job, struct str *to)
{
    int64_t waiting = job->array ? tasks_in_group(job, JOB_GROUP_QUEUED) : 0;
    int64_t running = waiting ? tasks_in_group(job, JOB_GROUP_ACTIVE) : 0;
    if (waiting)
        str_addf(to, " %" PRId64 " of its tasks run%s, %" PRId64 " wait%s.", running, running == 1 ? "s" : "",
                 waiting, waiting == 1 ? "s" : "");
}

static void add_numbers(const struct gateway *gw, const struct job *job, struct span reason, struct str *to)
{
    add_tasks(job, to);
    if (span_is(reason, "Resources") || span_is(reason, "Priority"))
        add_place(gw, job, to);
    else
        waiting_add_limit(gw, job, reason, to);
}

char *waiting_why(const struct gateway *gw, int64_t mono_us, struct job *job, const struct seen_job *row)
{
    auto_str struct str text = STR_MAX(ERR_TEXT_BYTES);
    if (job_state_group(row->state) != JOB_GROUP_QUEUED)
        return NULL;
    auto_str struct str tasks = STR_MAX(200);
    add_tasks(job, &tasks);
    bool is_same =
        job->why && job->reason && span_is(row->reason, job->reason) && strstr(job->why, str_text(&tasks));
    if (is_same && job->why_told_us && mono_us - job->why_told_us < TELL_AFTER_S * US_PER_S)
        return mem_dup_str(job->why);
    job->why_told_us = mono_us;
    if (row->state == JOB_STATE_SPECIAL_EXIT) /* squeue says JobHeldUser, and its owner did nothing */
        str_add(&text,
                "It ended with an exit code for which this cluster puts a job back and holds it: release "
                "it with `scontrol release`, or cancel it.");
    else
        reason_add_sentence(&text, row->reason);
    if (text.len)
        add_numbers(gw, job, row->reason, &text);
    return text.len ? str_steal(&text) : NULL;
}

void waiting_json(const struct job *job, struct str *to)
{
    struct json_out out = { .to = to };
    json_open_object(&out);
    json_member_str(&out, "state", job_state_word(job->state));
    json_member_str(&out, "reason", job->reason);
    json_member_str(&out, "why", job->why);
    json_close_object(&out);
}
