#include "svc/jobs.h"

#include "base/hash_table.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/loop.h"
#include "store/job_store.h"
#include "text/json_out.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

struct entry {
    struct job *job; /* owned */
    struct group *group;
    struct entry *prev, *next; /* in the group */
    UT_hash_handle by_id, by_token;
};

/* The jobs of one cluster. A hundred clusters with thousands of jobs are polled each by itself: none may have
 * to look at the others' jobs. Stays when it is empty. */
struct group {
    char *cluster;
    struct entry *entries;
    UT_hash_handle hh;
};

enum { RESUME_MS = 1000 }; /* a disk that is full now is full in a moment, too */

struct jobs {
    const struct gateway *gw;
    jobs_resume *resume;
    void *resume_ctx;
    struct loop_timer *resuming;
    bool is_waiting;            /* for this turn's commit */
    struct entry *ids, *tokens; /* the same entries under two keys; ids in the order of their age */
    struct group *groups;
};

static void on_resume(void *ctx)
{
    struct jobs *jobs = ctx;
    if (jobs->resume)
        jobs->resume(jobs->resume_ctx);
}

struct jobs *jobs_new(const struct gateway *gw)
{
    struct jobs *jobs = mem_zalloc(sizeof(*jobs));
    jobs->gw = gw;
    jobs->resuming = loop_timer_new(gw->loop, on_resume, jobs);
    return jobs;
}

void jobs_on_rollback(struct jobs *jobs, jobs_resume *fn, void *ctx)
{
    jobs->resume = fn;
    jobs->resume_ctx = ctx;
}

static void drop(struct jobs *jobs, struct entry *entry)
{
    assert(jobs->ids && jobs->tokens); /* every entry is in both */
    HASH_DELETE(by_id, jobs->ids, entry);
    HASH_DELETE(by_token, jobs->tokens, entry);
    DL_DELETE(entry->group->entries, entry);
    job_free(entry->job);
    free(entry);
}

static void drop_all(struct jobs *jobs)
{
    struct entry *entry, *next;
    HASH_ITER (by_id, jobs->ids, entry, next)
        drop(jobs, entry);
}

void jobs_free(struct jobs *jobs)
{
    if (!jobs)
        return;
    drop_all(jobs);
    struct group *group, *next;
    HASH_ITER (hh, jobs->groups, group, next) {
        HASH_DEL(jobs->groups, group);
        free(group->cluster);
        free(group);
    }
    loop_timer_free(jobs->resuming);
    free(jobs);
}

static struct group *find_group(struct jobs *jobs, const char *cluster)
{
    struct group *group;
    HASH_FIND_STR(jobs->groups, cluster, group);
    return group;
}

static struct group *group_of(struct jobs *jobs, const char *cluster)
{
    struct group *group = find_group(jobs, cluster);
    if (group)
        return group;
    group = mem_zalloc(sizeof(*group));
    group->cluster = mem_dup_str(cluster);
    HASH_ADD_KEYPTR(hh, jobs->groups, group->cluster, strlen(group->cluster), group);
    return group;
}

static int keep_take(void *ctx, struct job *job, struct err *err)
{
    (void)err;
    struct jobs *jobs = ctx;
    struct entry *entry = mem_zalloc(sizeof(*entry));
    entry->job = job;
    HASH_ADD_KEYPTR(by_id, jobs->ids, &job->id, sizeof(job->id), entry);
    HASH_ADD_KEYPTR(by_token, jobs->tokens, job->token, strlen(job->token), entry);
    entry->group = group_of(jobs, job->cluster);
    DL_APPEND(entry->group->entries, entry);
    return 0;
}

int jobs_load(struct jobs *jobs, struct err *err)
{
    drop_all(jobs);
    return job_store_active(jobs->gw->store, keep_take, jobs, err);
}

static struct entry *find(struct jobs *jobs, int64_t id)
{
    struct entry *entry;
    HASH_FIND(by_id, jobs->ids, &id, sizeof(id), entry);
    return entry;
}

struct job *jobs_find(struct jobs *jobs, int64_t id)
{
    struct entry *entry = find(jobs, id);
    return entry ? entry->job : NULL;
}

struct job *jobs_find_token(struct jobs *jobs, struct span token)
{
    struct entry *entry = NULL;
    if (token.len)
        HASH_FIND(by_token, jobs->tokens, token.ptr, token.len, entry);
    return entry ? entry->job : NULL;
}

size_t jobs_active_count(const struct jobs *jobs)
{
    return HASH_CNT(by_id, jobs->ids);
}

static void each_of(const struct group *group, void (*fn)(void *ctx, struct job *job), void *ctx)
{
    struct entry *entry, *next;
    DL_FOREACH_SAFE(group->entries, entry, next)
    {
        fn(ctx, entry->job);
    }
}

void jobs_each(struct jobs *jobs, const char *cluster, void (*fn)(void *ctx, struct job *job), void *ctx)
{
    struct entry *entry, *next;
    const struct group *group = cluster ? find_group(jobs, cluster) : NULL;
    if (group)
        each_of(group, fn, ctx);
    if (cluster)
        return;
    HASH_ITER (by_id, jobs->ids, entry, next)
        fn(ctx, entry->job);
}

/* A rolled-back turn: memory must say again what the store says, and those who thought themselves done with a
 * job must take it up again. */
static void after_commit(void *ctx, bool committed)
{
    struct jobs *jobs = ctx;
    jobs->is_waiting = false;
    if (committed)
        return;
    struct err err = { 0 };
    if (jobs_load(jobs, &err) == 0) {
        loop_timer_start(jobs->resuming, RESUME_MS);
        return;
    }
    log_error(
        "jobs could not be read again after a failed commit: %s; ending, so that a fresh start reads them",
        err.text);
    _exit(1);
}

static void wait_for_commit(struct jobs *jobs)
{
    if (!jobs->is_waiting)
        store_after_commit(jobs->gw->store, after_commit, jobs);
    jobs->is_waiting = true;
}

int jobs_add_take(struct jobs *jobs, struct job *job, const struct job_script *script, struct err *err)
{
    if (job_store_insert(jobs->gw->store, job, script, err) < 0) {
        job_free(job);
        return -1;
    }
    log_info("job %lld %s: created for cluster %s", (long long)job->id, job->token, job->cluster);
    wait_for_commit(jobs);
    return keep_take(jobs, job, err);
}

void jobs_reopen_take(struct jobs *jobs, struct job *job)
{
    wait_for_commit(jobs);
    (void)keep_take(jobs, job, NULL);
}

/* At the end of the turn: callers up the stack still hold the pointer. */
struct farewell {
    struct jobs *jobs;
    int64_t id;
};

static void let_go(void *ctx, bool committed)
{
    struct farewell *farewell = ctx;
    struct entry *entry = find(farewell->jobs, farewell->id);
    if (committed && entry && job_is_final(entry->job))
        drop(farewell->jobs, entry);
    free(farewell);
}

void jobs_change(struct jobs *jobs, struct job *job, const char *kind, const char *data)
{
    struct err err = { 0 };
    bool is_stored = job_store_update(jobs->gw->store, job, kind, data, &err) == 0;
    if (!is_stored)
        log_error("job %lld: %s not stored: %s", (long long)job->id, kind, err.text);
    wait_for_commit(jobs);
    if (!job_is_final(job) || !is_stored) /* what is nowhere else stays here */
        return;
    struct farewell *farewell = mem_alloc(sizeof(*farewell));
    *farewell = (struct farewell){ jobs, job->id };
    store_after_commit(jobs->gw->store, let_go, farewell);
}

/* What a reader of the log cannot know: the job goes on. */
static void entered_json(const struct job *job, enum job_state from, const char *why, struct str *data)
{
    struct json_out out = { .to = data };
    json_open_object(&out);
    json_member_str(&out, "state", job_state_word(job->state));
    json_member_str(&out, "from", job_state_word(from));
    json_member_str(&out, "reason", job->reason);
    json_member_str(&out, "why", why);
    json_close_object(&out);
}

bool jobs_enter(struct jobs *jobs, struct job *job, enum job_state next, const char *why)
{
    enum job_state from = job->state;
    if (!job_state_may(from, next)) {
        log_warn("job %lld: %s -> %s is no legal change; kept", (long long)job->id, job_state_word(from),
                 job_state_word(next));
        return false;
    }
    job->state = next;
    mem_replace_str(&job->why, why);
    if (job_is_final(job)) {
        job->phase = PHASE_CLOSED;
        if (!job->ended_at_us)
            job->ended_at_us = clock_wall_us(jobs->gw->clock);
    }
    log_info("job %lld %s: %s -> %s%s%s", (long long)job->id, job->token, job_state_word(from),
             job_state_word(next), why ? ": " : "", why ? why : "");
    auto_str struct str data = STR_MAX(MAX_EVENT_BYTES);
    entered_json(job, from, job->why, &data);
    if (data.failed) { /* words beyond all measure stand in the job itself */
        str_clear(&data);
        entered_json(job, from, NULL, &data);
    }
    jobs_change(jobs, job, "state", str_text(&data));
    return true;
}
