#include "svc/job_note.h"

#include "base/log.h"
#include "store/job_store.h"
#include "svc/jobs.h"

void job_note(const struct gateway *gw, int64_t job_id, const char *kind, const char *data, job_note_fn *set,
              void *ctx)
{
    struct err err = { 0 };
    struct job *job = jobs_find(gw->jobs, job_id);
    if (job) {
        if (set(ctx, job))
            jobs_change(gw->jobs, job, kind, data);
        return;
    }
    auto_job struct job *stored = NULL;
    if (job_store_get(gw->store, job_id, &stored, &err) < 0) {
        log_warn("job %lld: %s not kept: %s", (long long)job_id, kind, err.text);
        return;
    }
    if (set(ctx, stored) && job_store_update(gw->store, stored, kind, data, &err) < 0)
        log_warn("job %lld: %s not kept: %s", (long long)job_id, kind, err.text);
}
