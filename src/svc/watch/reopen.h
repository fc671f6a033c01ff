/* Jobs that had ended and are in the queue again: an administrator's `scontrol requeue` within MinJobAge runs
 * a job anew under its id. */
#ifndef SLUICE_SVC_WATCH_REOPEN_H
#define SLUICE_SVC_WATCH_REOPEN_H

#include "svc/watch/apply_job.h"

/* Takes the job of such a row of the queue back among the active ones, as its next attempt, with the event
 * "requeued". Only by its token and its id, and where the row tells a submission or a start that lies after
 * the end: a row of the run that ended, however late, reopens nothing. No arrays. */
void reopen_job(const struct apply *apply, const char *cluster, const struct seen_job *row);

#endif
