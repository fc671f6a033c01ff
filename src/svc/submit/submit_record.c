#include "svc/submit/submit_record.h"

#include "base/limits.h"
#include "base/mem.h"
#include "svc/settings.h"
#include "svc/submit/spool.h"
#include "text/json_out.h"
#include "text/quote.h"

#include <string.h>

/* What a body becomes as JSON of ours: a byte of it may take six. No ceiling of what is stored: where that is
 * less it is told, and nothing is cut. */
enum { MAX_AGAIN_BYTES = 7 * 16 * 1024 * 1024 };

/* --- the job --- */

static void take_resources(struct job *job, const struct resolved *r)
{
    job->nodes = resolved_int(r, "resources.nodes", JOB_ABSENT);
    job->gpus = resolved_int(r, "resources.gpus", JOB_ABSENT);
    job->cpus = resolved_int(r, "resources.cpus", JOB_ABSENT);
    job->time_s = resolved_int(r, "resources.time", JOB_ABSENT);
    mem_replace_str(&job->gpu_type, resolved_str(r, "resources.gpu_type"));
    mem_replace_str(&job->mem, doc_scalar_text(resolved_doc(r, "resources.mem")));
    mem_replace_str(&job->partition, resolved_str(r, "slurm.partition"));
    mem_replace_str(&job->account, resolved_str(r, "slurm.account"));
    mem_replace_str(&job->qos, resolved_str(r, "slurm.qos"));
}

/* The same tag twice is one tag. */
static char *tags_json(const struct strs *tags)
{
    auto_str struct str text = STR_MAX(MAX_AGAIN_BYTES);
    struct json_out out = { .to = &text };
    json_open_array(&out);
    for (size_t i = 0; i < tags->count; i++) {
        size_t first = 0;
        while (strcmp(tags->items[first], tags->items[i]) != 0)
            first++;
        if (first == i)
            json_str(&out, tags->items[i]);
    }
    json_close_array(&out);
    return str_steal(&text);
}

static char *doc_json_text(const struct doc *doc)
{
    auto_str struct str text = STR_MAX(MAX_AGAIN_BYTES);
    json_doc(&(struct json_out){ .to = &text }, doc);
    return str_steal(&text);
}

struct job *submission_job(const struct submission *s, const char *token, const char *argv,
                           const struct snapshot *snapshot)
{
    const struct request *request = s->request;
    struct job *job = job_new();
    job->token = mem_dup_str(token);
    job->name = mem_dup_str(submission_name(s));
    job->description = mem_dup_str(request->description);
    job->project = mem_dup_str(s->project.name);
    job->group = mem_dup_str(request->group ? request->group : s->project.group);
    job->user = mem_dup_str(s->user);
    job->cluster = mem_dup_str(s->cluster->name);
    job->scheduler = mem_dup_str(cluster_scheduler(s->cluster->config));
    job->tags = tags_json(&request->tags);
    job->priority = request->priority;
    job->state = JOB_STATE_SUBMITTING;
    job->phase = PHASE_INTENT;
    job->created_at_us = clock_wall_us(s->submit->gw->clock);
    job->observed_at_us = job->created_at_us;
    job->source = mem_dup_str("gateway");
    job->array = mem_dup_str(resolved_str(s->resolved, "slurm.array"));
    const struct doc *args = doc_get(request->doc, "args");
    job->args = args ? doc_json_text(args) : mem_dup_str("[]");
    job->argv = mem_dup_str(argv);
    take_resources(job, s->resolved);
    if (!snapshot)
        return job;
    job->commit = mem_dup_str(snapshot->commit);
    if (snapshot->tree) {
        auto_str struct str code = STR_MAX(512);
        str_addf(&code, "code/%s/%s", s->project.name, snapshot->tree);
        job->code = str_steal(&code);
    }
    return job;
}

/* --- what must never be stored --- */

/* The request as it may be kept: values of `environment` are secrets or of the submitter's machine. */
char *submission_request_json(const struct submission *s)
{
    auto_str struct str text = STR_MAX(MAX_AGAIN_BYTES);
    struct json_out out = { .to = &text };
    json_open_object(&out);
    for (size_t i = 0; i < s->request->doc->count; i++) {
        const struct doc *item = &s->request->doc->items[i];
        if (strcmp(item->key, "environment") != 0)
            json_member_doc(&out, item->key, item);
    }
    json_close_object(&out);
    return str_steal(&text);
}

static int put_secrets(const struct submission *s, const char *token, struct err *err)
{
    const struct doc *names = resolved_doc(s->resolved, "env.secrets");
    const struct doc *values = doc_get(s->request->doc, "environment");
    auto_str struct str lines = STR_MAX(MAX_CONFIG_BYTES);
    for (size_t i = 0; i < names->count; i++) {
        const char *name = doc_scalar_text(&names->items[i]);
        const char *value = doc_scalar_text(doc_get(values, name));
        if (!value)
            return err_set(err, ERR_INVALID, "env.secrets: %s has no value; give it in `environment`", name);
        str_addf(&lines, "export %s=", name);
        quote_text(&lines, value);
        str_add_char(&lines, '\n');
    }
    if (lines.failed)
        return err_set(err, ERR_TOO_LARGE, "env.secrets: more than %d bytes", MAX_CONFIG_BYTES);
    return lines.len ? spool_put_secrets(state_dir_of(s->submit->gw), token, str_span(&lines), err) : 0;
}

int submission_put_files(const struct submission *s, const struct job *job, struct metrics_hash *hash,
                         struct err *err)
{
    if (put_secrets(s, job->token, err) < 0)
        return -1;
    return metrics_token_make(s->submit->gw, job, hash, err);
}

void submission_drop_files(const struct submission *s, const char *token)
{
    spool_drop_secrets(state_dir_of(s->submit->gw), token);
}
