/* Why a job waits, as a sentence with the numbers that are known: what it asks for, what of that is free,
 * what waits beside it, what its owner's running jobs hold. */
#ifndef SLUICE_SVC_WATCH_WAITING_H
#define SLUICE_SVC_WATCH_WAITING_H

#include "base/str.h"
#include "domain/job.h"
#include "domain/report.h"
#include "svc/gateway.h"

/* What `why` of the job shall be by this row; NULL where it does not wait or nothing is said. Owned. Numbers
 * are looked at anew when the reason changes, and after ten minutes: each change is an event, and these are
 * kept as the job's history. */
char *waiting_why(const struct gateway *gw, int64_t mono_us, struct job *job, const struct seen_job *row);
/* What it waits for as it stands now, as an event's data: its events are the history of that. */
void waiting_json(const struct job *job, struct str *to);

#endif
