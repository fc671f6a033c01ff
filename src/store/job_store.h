/* Jobs: columns that are searched, the document rendered once, script and specification beside them. */
#ifndef SLUICE_STORE_JOB_STORE_H
#define SLUICE_STORE_JOB_STORE_H

#include "domain/filter.h"
#include "domain/job.h"
#include "store/store.h"

struct job_script { /* borrowed when given, owned when filled (job_script_clear) */
    char *script;   /* the batch script, whole */
    char *request;  /* the request body as JSON */
    char *resolved; /* {path: {value, origin}} */
    char *diff;     /* uncommitted changes of the project's tree, or NULL */
    char *sha256;   /* of the script, hex; made by the store, only ever filled */
};
void job_script_clear(struct job_script *script);

/* Stores a new job and its event "created"; gives job->id and job->event. The hash of the script goes along.
 */
int job_store_insert(struct store *store, struct job *job, const struct job_script *script, struct err *err);
/* Stores the job as it is now and one event row {kind, job id, data}; sets job->event. data is JSON or NULL.
 */
int job_store_update(struct store *store, struct job *job, const char *kind, const char *data,
                     struct err *err);
int job_store_get(struct store *store, int64_t id, struct job **out, struct err *err); /* ERR_NOT_FOUND */
int job_store_has(struct store *store, int64_t id, struct err *err); /* 0, or -1: ERR_NOT_FOUND */
int job_store_by_token(struct store *store, const char *token, struct job **out, struct err *err);
int job_store_last(struct store *store, int64_t *id, struct err *err); /* ERR_NOT_FOUND: none yet */
/* id 0: the newest job. The stored document's bytes. */
int job_store_document(struct store *store, int64_t id, struct str *out, struct err *err);
int job_store_script(struct store *store, int64_t id, struct job_script *out, struct err *err);
/* The diff alone, of a job that is stored. */
int job_store_put_diff(struct store *store, int64_t id, const char *diff, struct err *err);
/* Of these only `resolved`; *out owned, NULL where there is none. */
int job_store_resolved(struct store *store, int64_t id, char **out, struct err *err);

/* Every job that is not final, or final and its phase not PHASE_CLOSED; oldest first, each handed over owned.
 * Touches no other job. each may change the store. */
typedef int job_store_each(void *ctx, struct job *job_taken, struct err *err);
int job_store_active(struct store *store, job_store_each *each, void *ctx, struct err *err);

/* --- lists --- */
enum job_sort { JOB_SORT_NEWEST, JOB_SORT_OLDEST };
struct job_query {   /* NULL or 0: no condition */
    uint64_t states; /* bit 1 << JOB_STATE_... */
    const char *cluster, *project, *user, *tag, *gpu_type, *group;
    const char *name_like; /* stands in the name; blanks match anything; no difference of case in ASCII */
    const char *text;      /* the same, or is the scheduler's id of the job */
    int64_t created_after_us, created_before_us;
    int64_t changed_since_event; /* ?since=: ordered by change, and cursors are event ids */
    bool archived_too;
    enum job_sort sort;
    int64_t cursor; /* the last page's next; 0: the first page */
    size_t limit;   /* 1..MAX_PAGE_ROWS */
    bool want_total;
};
struct job_page {
    int64_t next;       /* cursor of the next page, 0: none */
    int64_t total;      /* -1: not asked */
    int64_t last_event; /* the newest event id: for ETag */
};
/* Appends the documents, comma-separated, to items. One call looks at MAX_LIST_WALK_ROWS rows and gives
 * MAX_PAGE_BYTES at most, so a page may be short, even empty, with `next` set: go on there. Pages neither
 * repeat nor miss a job when others are added meanwhile. */
int job_store_list(struct store *store, const struct job_query *query, struct str *items,
                   struct job_page *page, struct err *err);
/* Adds a filter's conditions (strings borrowed from it). me: who `user:me` is, or NULL. */
void job_query_add_filter(struct job_query *query, const struct job_filter *filter, const char *me,
                          int64_t now_us);
struct started_job { /* texts borrowed during the call, NULL where not known */
    const char *partition, *gpu_type;
    int64_t eligible_at_us, started_at_us;
};
/* Of the newest `limit` jobs of a cluster those that have started, arrays and later attempts left out; newest
 * first. */
typedef void job_store_started_fn(void *ctx, const struct started_job *job);
int job_store_started(struct store *store, const char *cluster, size_t limit, job_store_started_fn *fn,
                      void *ctx, struct err *err);
/* {"running": 3, ...}: jobs by state word, archived ones left out; read from a table of counts. */
int job_store_counts(struct store *store, struct str *out, struct err *err);

#endif
