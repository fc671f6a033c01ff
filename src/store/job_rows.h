/* Inside the store: a job's columns by job_fields, and the event row that goes with every change. */
#ifndef SLUICE_STORE_JOB_ROWS_H
#define SLUICE_STORE_JOB_ROWS_H

#include "store/db.h"
#include "store/event_store.h"
#include "store/job_store.h"

int job_row_insert(struct store *store, const struct job *job,
                   struct err *err); /* the id is SQLite's to give */
int job_row_update(struct store *store, const struct job *job, struct err *err);
/* The row the call stands on, as a job of the caller's. ERR_CORRUPT: a state nobody knows. */
int job_row_read(struct call *call, struct job **out, struct err *err);

/* Inside a change; row->id is store->next_event, which moves on. time_us 0: now. */
int event_row_add(struct store *store, const struct event_row *row, struct err *err);

#endif
