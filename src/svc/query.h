/* Reading what is stored: lists, documents, scripts, events. All at once, from the loop thread. */
#ifndef SLUICE_SVC_QUERY_H
#define SLUICE_SVC_QUERY_H

#include "base/err.h"
#include "base/str.h"
#include "svc/answer.h"
#include "svc/gateway.h"

struct query_list {
    const char *filter; /* the page's language ("state:failed cluster:alder age:<2d"), or NULL */
    const char *sort;   /* "newest" (default), "oldest" */
    const char *cursor; /* as given back, or NULL */
    int64_t limit;      /* 0: the default */
    int64_t since;      /* event id: only jobs changed after it; 0 all */
    const char *user;   /* who `user:me` is, or NULL */
    bool archived, total;
};
/* The list answer: {"items": [...], "next": ..., "total": ..., "event": last event id}. */
int query_jobs(const struct gateway *gw, const struct query_list *list, struct str *out, struct err *err);
/* ref: an id, a token, or "last". Gives the id of a job that is there. ERR_NOT_FOUND in words. */
int query_job_id(const struct gateway *gw, const char *ref, int64_t *id, struct err *err);
int query_job(const struct gateway *gw, int64_t id, struct str *out, struct err *err);
/* What was asked of a job is over: done gets why not (err), or the job as it is now. */
void query_answer_job(const struct gateway *gw, int64_t id, const struct err *err, answer_done *done,
                      void *ctx);
/* 1: in a final state, 0: not, -1: err. */
int query_job_is_final(const struct gateway *gw, int64_t id, struct err *err);
/* Id of the last change of a job, -1 with err where there is none. */
int64_t query_job_event(const struct gateway *gw, int64_t id, struct err *err);
/* 1: past `submitting` and `held`. */
int query_job_is_submitted(const struct gateway *gw, int64_t id, struct err *err);
int query_script(const struct gateway *gw, int64_t id, struct str *out, struct err *err);
/* The request a job came from, as it was sent but without values of `environment`: a form is filled again by
 * it. */
int query_request(const struct gateway *gw, int64_t id, struct str *out, struct err *err);
/* What it was made of: the request as kept, resolved values with their origins, uncommitted changes. JSON. */
int query_manifest(const struct gateway *gw, int64_t id, struct str *out, struct err *err);
struct event_ask {
    int64_t job_id; /* 0: of everything */
    int64_t after, limit;
    bool no_numbers; /* without the news that metrics and progress moved: of a long run nearly all there is */
};
/* {"items": [{id time kind data job}], "next": id|null} */
int query_events(const struct gateway *gw, const struct event_ask *ask, struct str *out, struct err *err);
int query_counts(const struct gateway *gw, struct str *out, struct err *err);
/* The newest event id: a weak ETag of every list. */
int64_t query_last_event(const struct gateway *gw);

struct reply_key {
    const char *scope, *key, *body_hash;
};
/* A kept reply for an Idempotency-Key: 1 found (same body), 0 none, -1 err (ERR_CONFLICT: other body). With
 * *job_id set, the reply is the job as it is. */
int query_idempotent(const struct gateway *gw, const struct reply_key *key, int64_t *job_id, int64_t *status,
                     struct str *body, struct err *err);
/* Keeps a reply (for POSTs other than submit, which stores its own with the intent). */
int query_keep_reply(const struct gateway *gw, const struct reply_key *key, int64_t status, struct span body,
                     struct err *err);

#endif
