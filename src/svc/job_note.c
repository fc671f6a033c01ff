#include "svc/job_note.h"

#include "base/log.h"
#include "store/job_store.h"
#include "svc/jobs.h"

void job_note(const struct gateway *gw, int64_t job_id, const struct job_note *note)
{
    struct err err = { 0 };
    struct job *job = jobs_find(gw->jobs, job_id);
    if (job) {
        if (note->set(note->ctx, job))
            jobs_change(gw->jobs, job, note->kind, note->data);
        return;
    }
    auto_job struct job *stored = NULL;
    if (job_store_get(gw->store, job_id, &stored, &err) < 0) {
        log_warn("job %lld: %s not kept: %s", (long long)job_id, note->kind, err.text);
        return;
    }
    if (note->set(note->ctx, stored) && job_store_update(gw->store, stored, note->kind, note->data, &err) < 0)
        log_warn("job %lld: %s not kept: %s", (long long)job_id, note->kind, err.text);
}
