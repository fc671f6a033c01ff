/* A log as a stream that goes on until the job has ended and all of it was sent. */
#ifndef SLUICE_API_FOLLOW_H
#define SLUICE_API_FOLLOW_H

#include "api/request.h"
#include "svc/live/logs.h"

/* call: job, attempt, task, source and offset; by line is not possible. Where the log is cut or replaced, and
 * where another attempt begins (unless one was asked for), its bytes follow from their first. Answers the
 * request. */
void follow_log(struct request *request, const struct log_call *call);

#endif
