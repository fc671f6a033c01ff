#include "domain/job.h"

#include "base/clock.h"
#include "base/mem.h"
#include "text/json_out.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct job, member)

/* The order is the document's. Column names avoid SQL's own words (group, commit). */
const struct job_field job_fields[] = {
    { "id", "id", JOB_INT, AT(id), "number of the job, from 1, never used twice" },
    { "token", "token", JOB_STR, AT(token), "its unguessable name on the cluster" },
    { "name", "name", JOB_STR, AT(name), "name" },
    { "description", "description", JOB_STR, AT(description), "free text" },
    { "project", "project", JOB_STR, AT(project), "project" },
    { "group", "grp", JOB_STR, AT(group), "experiment group" },
    { "tags", "tags", JOB_JSON, AT(tags), "labels" },
    { "user", "user", JOB_STR, AT(user), "who submitted it" },
    { "cluster", "cluster", JOB_STR, AT(cluster), "cluster" },
    { "scheduler", "scheduler", JOB_STR, AT(scheduler), "slurm or process" },
    { "priority", "priority", JOB_INT, AT(priority), "in the gateway's own queue; higher first" },
    { "state", "state", JOB_STATE, AT(state), "Slurm's word in lower case, or the gateway's own" },
    { "raw_state", "raw_state", JOB_STR, AT(raw_state), "the scheduler's word where it is not state's" },
    { "reason", "reason", JOB_STR, AT(reason), "Slurm's reason word" },
    { "why", "why", JOB_STR, AT(why), "a sentence a person can act on" },
    { "confirmed", "confirmed", JOB_BOOL, AT(confirmed),
      "the scheduler is known to have it or to have ended it" },
    { "stale", "stale", JOB_BOOL, AT(stale), "the cluster cannot be reached: state is what was last seen" },
    { "observed_at", "observed_at_us", JOB_TIME, AT(observed_at_us), "when the state was seen" },
    { "source", "source", JOB_STR, AT(source),
      "where it was seen: squeue, sacct, exit_file, receipt, gateway" },
    { "cancel_requested_at", "cancel_requested_at_us", JOB_TIME, AT(cancel_requested_at_us),
      "when somebody asked to cancel it" },
    { "slurm.job_id", "sched_id", JOB_STR, AT(sched_id), "Slurm's id" },
    { "slurm.array_job_id", "array_job_id", JOB_STR, AT(array_job_id), "id of the array" },
    { "slurm.array", "array_spec", JOB_STR, AT(array), "the array expression" },
    { "slurm.tasks", "task_counts", JOB_JSON, AT(task_counts),
      "tasks of the array: total, and a number per state" },
    { NULL, "tasks", JOB_JSON, AT(tasks), "tasks of the array" },
    { "resources.nodes", "nodes", JOB_INT, AT(nodes), "nodes" },
    { "resources.gpus", "gpus", JOB_INT, AT(gpus), "GPUs per node" },
    { "resources.gpu_type", "gpu_type", JOB_STR, AT(gpu_type), "GPU type" },
    { "resources.cpus", "cpus", JOB_INT, AT(cpus), "CPUs" },
    { "resources.mem", "mem", JOB_STR, AT(mem), "memory" },
    { "resources.time_s", "time_s", JOB_INT, AT(time_s),
      "time limit in seconds: as asked for, then as the queue tells it (Slurm counts whole minutes, and an "
      "operator may change it)" },
    { "resources.partition", "partition", JOB_STR, AT(partition), "partition" },
    { "resources.account", "account", JOB_STR, AT(account), "account" },
    { "resources.qos", "qos", JOB_STR, AT(qos), "quality of service" },
    { "args", "args", JOB_JSON, AT(args), "arguments as asked for" },
    { "argv", "argv", JOB_JSON, AT(argv), "the whole command line" },
    { "node_list", "node_list", JOB_STR, AT(node_list), "nodes of the last attempt" },
    { "attempt", "attempt", JOB_INT, AT(attempt), "number of the last attempt, from 1" },
    { "attempts", "attempts", JOB_JSON, AT(attempts), "every attempt" },
    { "created_at", "created_at_us", JOB_TIME, AT(created_at_us), "accepted by the gateway" },
    { "submitted_at", "submitted_at_us", JOB_TIME, AT(submitted_at_us), "taken by the scheduler" },
    { "eligible_at", "eligible_at_us", JOB_TIME, AT(eligible_at_us), "could have started" },
    { "started_at", "started_at_us", JOB_TIME, AT(started_at_us), "start of the last attempt" },
    { "ended_at", "ended_at_us", JOB_TIME, AT(ended_at_us), "end" },
    { "elapsed_s", NULL, JOB_ELAPSED, AT(ended_at_us), "run time in seconds, once ended" },
    { "exit_code", "exit_code", JOB_INT, AT(exit_code), "exit code" },
    { "signal", "signal", JOB_INT, AT(signal), "signal that ended it" },
    { "verdict", "verdict", JOB_JSON, AT(verdict),
      "why it ended so: code, title, evidence (the telling line first), next" },
    { "progress", "progress", JOB_JSON, AT(progress), "fraction, eta_s; none of an array" },
    { "links", "links", JOB_JSON, AT(links), "links found in its log" },
    { "metrics", "metrics", JOB_JSON, AT(metrics), "name: last, best, step" },
    { "usage", "usage", JOB_JSON, AT(usage), "what it used" },
    { "commit", "code_commit", JOB_JSON, AT(commit), "sha, branch, dirty, tree" },
    { "parent", "parent", JOB_JSON, AT(parent), "the job it came from: id, kind" },
    { "archived", "archived", JOB_BOOL, AT(archived), "put away" },
    { "event", "event", JOB_INT, AT(event), "id of its last change" },
    { NULL, "phase", JOB_PHASE, AT(phase), "how far its submission is" },
    { NULL, "launches", JOB_INT, AT(launches), "frames sent" },
    { NULL, "launched_at_us", JOB_TIME, AT(launched_at_us), "last frame sent" },
    { NULL, "first_absent_at_us", JOB_TIME, AT(first_absent_at_us), "first good look that found nothing" },
    { NULL, "settling_since_us", JOB_TIME, AT(settling_since_us), "left the queue" },
    { NULL, "run_dir", JOB_STR, AT(run_dir), "absolute on the cluster" },
    { NULL, "code_dir", JOB_STR, AT(code), "copied into the run directory" },
    { NULL, "restarts", JOB_INT, AT(restarts), "the scheduler's restart count" },
};
const size_t job_field_count = ARRAY_LEN(job_fields);

static bool owns_text(enum job_field_type type)
{
    return type == JOB_STR || type == JOB_JSON;
}

static void *member(struct job *job, const struct job_field *field)
{
    return (char *)job + field->offset;
}

static void set_absent(struct job *job)
{
    memset(job, 0, sizeof(*job));
    int64_t *const unknown[] = { &job->nodes,  &job->gpus,      &job->cpus,
                                 &job->time_s, &job->exit_code, &job->signal };
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
        *unknown[i] = JOB_ABSENT;
    job->state = JOB_STATE_SUBMITTING;
    job->attempt = 1;
}

struct job *job_new(void)
{
    struct job *job = mem_alloc(sizeof(*job));
    set_absent(job);
    return job;
}

void job_clear(struct job *job)
{
    for (size_t i = 0; i < job_field_count; i++)
        if (owns_text(job_fields[i].type))
            free(*(char **)member(job, &job_fields[i]));
    set_absent(job);
}

void job_free(struct job *job)
{
    if (!job)
        return;
    job_clear(job);
    free(job);
}

void job_free_ptr(struct job **job)
{
    job_free(*job);
}

static bool is_present(const struct job *job, const struct job_field *field, const void *at)
{
    switch (field->type) {
    case JOB_STR:
    case JOB_JSON:
        return *(char *const *)at != NULL;
    case JOB_INT:
        return *(const int64_t *)at != JOB_ABSENT;
    case JOB_TIME:
        return *(const int64_t *)at != 0;
    case JOB_ELAPSED:
        return job_is_final(job) && job->started_at_us && job->ended_at_us >= job->started_at_us;
    case JOB_BOOL:
    case JOB_STATE:
    case JOB_PHASE:
        break;
    }
    return true;
}

static void put_value(struct json_out *out, const struct job *job, const struct job_field *field,
                      const void *at)
{
    switch (field->type) {
    case JOB_STR:
        json_str(out, *(char *const *)at);
        break;
    case JOB_JSON:
        json_raw(out, span_of(*(char *const *)at));
        break;
    case JOB_INT:
        json_int(out, *(const int64_t *)at);
        break;
    case JOB_TIME:
        json_time(out, *(const int64_t *)at);
        break;
    case JOB_BOOL:
        json_bool(out, *(const bool *)at);
        break;
    case JOB_STATE:
        json_str(out, job_state_word(*(const enum job_state *)at));
        break;
    case JOB_ELAPSED:
        json_int(out, (job->ended_at_us - job->started_at_us) / US_PER_S);
        break;
    case JOB_PHASE:
        json_int(out, *(const enum job_phase *)at);
        break;
    }
}

/* Closes the inner object that is open and opens the one this path is in ("slurm" of "slurm.job_id"), where
 * they differ. Gives the last word of the path. */
static const char *enter_object(struct json_out *out, struct span *inside, const char *path)
{
    const char *dot = strchr(path, '.');
    struct span object = { path, dot ? (size_t)(dot - path) : 0 };
    if (!span_eq(object, *inside)) {
        if (inside->len)
            json_close_object(out);
        if (object.len) {
            char name[32] = { 0 };
            memcpy(name, object.ptr, object.len < sizeof(name) ? object.len : sizeof(name) - 1);
            json_key(out, name);
            json_open_object(out);
        }
        *inside = object;
    }
    return dot ? dot + 1 : path;
}

void job_json(const struct job *job, struct str *to)
{
    struct json_out out = { .to = to };
    struct span inside = { 0 };
    bool is_slurm = job->scheduler && strcmp(job->scheduler, "slurm") == 0;
    json_open_object(&out);
    for (size_t i = 0; i < job_field_count; i++) {
        const struct job_field *field = &job_fields[i];
        const void *at = (const char *)job + field->offset;
        if (!field->json || !is_present(job, field, at))
            continue;
        if (!is_slurm && span_starts(span_of(field->json), "slurm."))
            continue;
        json_key(&out, enter_object(&out, &inside, field->json));
        put_value(&out, job, field, at);
    }
    if (inside.len)
        json_close_object(&out);
    json_close_object(&out);
}
