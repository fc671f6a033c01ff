/* A submission that was refused for good: the scheduler's own words, and the line of the configuration at
 * fault. */
#include "svc/submit/launch_task.h"

#include "base/limits.h"
#include "base/mem.h"
#include "store/job_store.h"
#include "svc/jobs.h"
#include "svc/settings.h"
#include "svc/submit/spool.h"
#include "text/json_in.h"

#include <string.h>

/* "; slurm.partition: .mlops-config.yaml:3:14" */
static void add_origin(struct store *store, const struct job *job, const char *field, struct str *why)
{
    auto_free char *text = NULL;
    auto_doc struct doc *resolved = NULL;
    str_addf(why, "; %s", field);
    if (job_store_resolved(store, job->id, &text, NULL) < 0 || !text ||
        json_parse(span_of(text), &resolved, NULL) < 0)
        return;
    const struct doc *origin = doc_get(doc_get(resolved, field), "origin");
    const char *place = origin ? doc_scalar_text(doc_get(origin, "text")) : NULL;
    if (place)
        str_addf(why, ": %s", place);
}

void launch_refuse(struct launch_task *task, struct job *job, const char *upstream, const char *field,
                   const char *hint)
{
    auto_str struct str why = STR_MAX(MAX_STDERR_BYTES);
    str_add(&why, upstream && *upstream ? upstream : "refused by the scheduler");
    if (hint)
        str_addf(&why, " (%s)", hint);
    if (field &&
        strchr(field, '.')) /* a whole section is no place to look at, and the hint has it in words */
        add_origin(task->launch->gw->store, job, field, &why);
    mem_replace_str(&job->reason, "Refused");
    job->confirmed = true;
    job->observed_at_us = clock_wall_us(task->launch->gw->clock);
    spool_drop_secrets(state_dir_of(task->launch->gw), job->token);
    jobs_enter(task->launch->gw->jobs, job, JOB_STATE_SUBMIT_FAILED, str_text(&why));
    launch_drop(task);
}
