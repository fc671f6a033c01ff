/* Inside the store: a job's columns by job_fields, and the event row that goes with every change. */
#ifndef SLUICE_STORE_JOB_ROWS_H
#define SLUICE_STORE_JOB_ROWS_H

#include "domain/job.h"
#include "store/call.h"

int job_row_insert(struct store *store, const struct job *job,
                   struct err *err); /* the id is SQLite's to give */
int job_row_update(struct store *store, const struct job *job, struct err *err);
/* The row the call stands on, as a job of the caller's. ERR_CORRUPT: a state nobody knows. */
int job_row_read(struct call *call, struct job **out, struct err *err);

struct new_event {
    int64_t job_id;                  /* 0: not about a job */
    const char *topic, *kind, *data; /* data: JSON or NULL */
};
/* Inside a change; its id is store->next_event, which moves on. ERR_TOO_LARGE past MAX_EVENT_BYTES. */
int event_row_add(struct store *store, const struct new_event *event, struct err *err);

#endif
