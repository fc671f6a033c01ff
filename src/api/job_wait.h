/* Answering with a job's document: now, or once it has come so far. */
#ifndef SLUICE_API_JOB_WAIT_H
#define SLUICE_API_JOB_WAIT_H

#include "api/request.h"
#include "svc/watch/waits.h"

struct job_wait {
    bool has_what; /* false: answer now */
    enum wait_for what;
    int64_t after;
    int64_t timeout_ms;
};

/* From `wait`, `timeout` and `after`. may_change: whether wait=change is among the choices. */
int job_wait_read(const struct request *request, bool may_change, struct job_wait *out, struct err *err);
/* Answers with the job as it is then, with that status; at the latest when the time is up. */
void job_wait_answer(struct request *request, int64_t job_id, const struct job_wait *wait, int status);
/* The id of the job that the route's {job} names: an id, a token, `last`. */
int job_wait_id(const struct request *request, int64_t *job_id, struct err *err);

#endif
