/* The event log: the only fan-out. Every change of a job appends a row in the transaction that makes it. */
#ifndef SLUICE_STORE_EVENT_STORE_H
#define SLUICE_STORE_EVENT_STORE_H

#include "store/store.h"

struct event_row {
    int64_t id, time_us, job_id; /* job_id 0: not about a job */
    const char *topic;           /* "jobs", "clusters" ... */
    const char *kind;            /* "created", "state", "requeued" ... */
    const char *data;            /* JSON object text, or NULL */
};
/* For events that are not about a job. Gives the id. */
int event_store_add(struct store *store, const char *topic, const char *kind, const char *data, int64_t *id,
                    struct err *err);
typedef int event_store_each(void *ctx, const struct event_row *row, struct err *err);
/* Oldest first, committed ones only. each must not change the store. */
struct event_query {
    int64_t after_id, job_id; /* 0: all jobs */
    const char *topic;        /* NULL: all */
    size_t limit;
    bool no_numbers; /* of a job: without "metrics" and "progress" */
};
int event_store_list(struct store *store, const struct event_query *query, event_store_each *each, void *ctx,
                     struct err *err);
/* The newest committed event's id, 0 none. */
int64_t event_store_last(struct store *store);
/* The oldest committed event that is still there, 0 none: what a reader asks for before it is gone. */
int event_store_first(struct store *store, int64_t *id, struct err *err);
/* Removes events older than that, at most MAX_PRUNE_ROWS a call; the newest always stays. *removed may be
 * NULL. */
int event_store_prune(struct store *store, int64_t older_than_us, int64_t *removed, struct err *err);
/* Adds a function (at most MAX_COMMIT_HOOKS) that runs after each commit that added events, with the highest
 * id: SSE, long polls, webhooks hang here. */
void event_store_on_commit(struct store *store, void (*fn)(void *ctx, int64_t last_id), void *ctx);
/* Forgets the functions of ctx. Not from inside one. */
void event_store_off_commit(struct store *store, const void *ctx);

#endif
