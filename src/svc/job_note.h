/* What the gateway finds out about a job beside its state: links, a verdict, numbers. The job may be over. */
#ifndef SLUICE_SVC_JOB_NOTE_H
#define SLUICE_SVC_JOB_NOTE_H

#include "domain/job.h"
#include "svc/gateway.h"

/* set changes the job; false: there is nothing to change. Else it is stored, with an event of the kind that
 * stands there then; data: JSON or NULL. */
typedef bool job_note_fn(void *ctx, struct job *job);
struct job_note {
    const char *kind, *data;
    job_note_fn *set;
    void *ctx;
};
void job_note(const struct gateway *gw, int64_t job_id, const struct job_note *note);

#endif
