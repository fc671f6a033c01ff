#include "svc/live/follow.h"

#include "base/hash_table.h"
#include "base/log.h"
#include "io/loop.h"
#include "store/store.h"
#include "svc/fanout.h"
#include "svc/jobs.h"
#include "svc/live/follow_run.h"
#include "svc/live/kept_logs.h"
#include "svc/live/unread.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <utlist.h>

enum { BUDGET_BYTES = 8 * 1024 * 1024, BEAT_MS = 1000, STALE_US = 5 * US_PER_S };

/* After a job's end its files are looked at at once, and again when a slow file system has caught up. */
static const int64_t look_after_us[] = { 5 * US_PER_S, 25 * US_PER_S };

struct entry {
    struct run *run;
    struct lane *lane;
    struct entry *prev, *next; /* in the lane */
    UT_hash_handle by_id, by_token;
};

struct log_watch {
    struct follow *follow;
    int64_t job_id;
    void (*fn)(void *ctx);
    void *ctx;
    struct log_watch *prev, *next;
};

/* A cluster's runs, and its one request for bytes. */
struct lane {
    struct cluster *cluster;
    struct follow *follow;
    struct entry *runs;
    bool is_busy, is_extra; /* extra: a tick of our own, between those of svc/watch/poll */
    struct tick_follow ask;
    const char **tokens;
    struct tick_glob *globs;
    struct tick_known *known;
    const char **full;
    size_t token_cap, glob_cap, known_cap, full_cap;
    int64_t from_id; /* with which job the next one begins: not all fitted into this one */
};

struct follow {
    const struct gateway *gw;
    struct entry *ids, *tokens;
    struct lane **lanes;
    size_t lane_count, lane_cap;
    struct log_watch *watches;
    struct loop_timer *beat;
    struct unread *unread;
    int64_t anew_at_us; /* monotonic: not before this are stale runs made anew */
};

/* --- runs --- */

static struct run *find(struct follow *follow, int64_t job_id)
{
    struct entry *entry;
    HASH_FIND(by_id, follow->ids, &job_id, sizeof(job_id), entry);
    return entry ? entry->run : NULL;
}

static struct run *find_token(struct follow *follow, struct span token)
{
    struct entry *entry = NULL;
    HASH_FIND(by_token, follow->tokens, token.ptr, token.len, entry);
    return entry ? entry->run : NULL;
}

static struct run *add(struct lane *lane, const struct job *job)
{
    struct follow *follow = lane->follow;
    struct entry *entry = mem_zalloc(sizeof(*entry));
    struct run *run = entry->run = run_new(follow->gw, job);
    entry->lane = lane;
    DL_APPEND(lane->runs, entry);
    HASH_ADD_KEYPTR(by_id, follow->ids, &run->job_id, sizeof(run->job_id), entry);
    HASH_ADD_KEYPTR(by_token, follow->tokens, run->token, strlen(run->token), entry);
    return run;
}

static void drop(struct follow *follow, struct entry *entry)
{
    HASH_DELETE(by_id, follow->ids, entry);
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): an entry stands in both tables */
    HASH_DELETE(by_token, follow->tokens, entry);
    DL_DELETE(entry->lane->runs, entry);
    run_free(entry->run);
    mem_free_ptr(&entry);
}

/* After a restart nothing else is known either. Not while their bytes are on the way: those follow on what
 * was asked, not on what is stored. */
static void drop_stale(struct follow *follow)
{
    struct entry *entry, *next;
    if (clock_mono_us(follow->gw->clock) < follow->anew_at_us)
        return;
    HASH_ITER (by_id, follow->ids, entry, next) {
        if (!entry->run->is_stale || entry->lane->is_busy)
            continue;
        drop(follow, entry);
        unread_again(follow->unread); /* of an active job the next tick finds it */
    }
}

static void meet(void *ctx, struct job *job)
{
    struct lane *lane = ctx;
    if (job->phase != PHASE_SUBMITTED || job_is_final(job))
        return;
    struct run *run = find(lane->follow, job->id);
    if (!run)
        run = add(lane, job);
    run->look_at_us = run->looks = 0; /* requeued after its end, it has more to write */
    run->is_waiting = job_state_group(job->state) == JOB_GROUP_QUEUED && job->attempt == 1;
}

static struct lane *lane_of(struct follow *follow, struct cluster *cluster)
{
    for (size_t i = 0; i < follow->lane_count; i++)
        if (follow->lanes[i]->cluster == cluster)
            return follow->lanes[i];
    struct lane *lane = mem_zalloc(sizeof(*lane));
    lane->cluster = cluster;
    lane->follow = follow;
    return *vec_push(follow->lanes, follow->lane_count, follow->lane_cap) = lane;
}

static void meet_ended(void *ctx, const struct job *job)
{
    struct follow *follow = ctx;
    struct lane *lane = lane_of(follow, fleet_find(follow->gw->fleet, job->cluster));
    if (!find(follow, job->id))
        (void)add(lane, job);
}

static void keep_beating(void *ctx)
{
    const struct follow *follow = ctx;
    if (!loop_timer_is_running(follow->beat))
        loop_timer_repeat(follow->beat, BEAT_MS, BEAT_MS);
}

/* --- watches --- */

static bool is_watched(const struct follow *follow, int64_t job_id)
{
    const struct log_watch *watch;
    DL_FOREACH (follow->watches, watch) {
        if (watch->job_id == job_id)
            return true;
    }
    return fanout_watches_log(follow->gw->fanout, job_id);
}

static void notify(struct follow *follow, int64_t job_id)
{
    struct log_watch *watch, *next;
    DL_FOREACH_SAFE(follow->watches, watch, next)
    {
        if (watch->job_id == job_id)
            watch->fn(watch->ctx);
    }
}

struct log_watch *follow_watch(struct follow *follow, int64_t job_id, void (*fn)(void *ctx), void *ctx)
{
    struct log_watch *watch = mem_zalloc(sizeof(*watch));
    *watch = (struct log_watch){ .follow = follow, .job_id = job_id, .fn = fn, .ctx = ctx };
    DL_APPEND(follow->watches, watch);
    return watch;
}

void follow_unwatch(struct log_watch *watch)
{
    if (!watch)
        return;
    DL_DELETE(watch->follow->watches, watch);
    mem_free_ptr(&watch);
}

/* --- asking --- */

/* What runs on this machine has written all when it is over. */
static bool is_slow(const struct cluster *cluster)
{
    return cluster->config && cluster->config->host;
}

static bool is_last_look(const struct cluster *cluster, const struct run *run)
{
    return run->look_at_us && (run->looks >= ARRAY_LEN(look_after_us) || !is_slow(cluster));
}

static void ask_about(struct lane *lane, struct run *run, int64_t now_us)
{
    struct tick_follow *ask = &lane->ask;
    run->asked_us = now_us;
    run->has_new = false;
    run->is_last = is_last_look(lane->cluster, run);
    *vec_push(lane->tokens, ask->token_count, lane->token_cap) = run->token;
    const struct metric_plan *plan = run_numbers_plan(run->numbers);
    for (size_t i = 0; i < plan->glob_count; i++)
        *vec_push(lane->globs, ask->glob_count, lane->glob_cap) =
            (struct tick_glob){ run->token, plan->globs[i].pattern };
    if (run->is_full)
        *vec_push(lane->full, ask->full_count, lane->full_cap) = run->token;
    for (size_t i = 0; i < run->count; i++) {
        const struct run_file *file = run->files[i];
        *vec_push(lane->known, ask->known_count, lane->known_cap) =
            (struct tick_known){ file->path, file->inode, file->offset };
    }
}

static bool is_due(const struct lane *lane, const struct run *run, int64_t now_us)
{
    if (run->look_at_us)
        return run->look_at_us <= now_us;
    return !run->is_waiting && is_watched(lane->follow, run->job_id) &&
           now_us - run->asked_us >= lane->cluster->config->poll.log_s * US_PER_S;
}

static const struct entry *first_of(const struct lane *lane)
{
    const struct entry *entry;
    DL_FOREACH (lane->runs, entry)
        if (entry->run->job_id == lane->from_id)
            return entry;
    return lane->runs;
}

/* In a circle; NULL behind the last. */
static const struct entry *next_of(const struct lane *lane, const struct entry *entry,
                                   const struct entry *first)
{
    entry = entry->next ? entry->next : lane->runs;
    return entry == first ? NULL : entry;
}

/* all: every run that may have something; else those for which a tick's rhythm is too slow. */
static const struct tick_follow *fill(struct lane *lane, bool all)
{
    int64_t now_us = clock_mono_us(lane->follow->gw->clock);
    size_t path_bytes = 0;
    lane->ask = (struct tick_follow){ .budget = BUDGET_BYTES };
    const struct entry *first = first_of(lane), *entry = first;
    lane->from_id = all ? 0 : lane->from_id;
    for (; entry; entry = next_of(lane, entry, first)) {
        struct run *run = entry->run;
        if (run->is_over || run->is_stale || run->hold_until_us > now_us ||
            !(is_due(lane, run, now_us) || (all && !run->is_waiting)))
            continue;
        path_bytes += run->path_bytes;
        if (lane->ask.token_count && path_bytes > MAX_ASK_PATH_BYTES) {
            lane->from_id = all ? run->job_id : lane->from_id;
            break;
        }
        ask_about(lane, run, now_us);
    }
    lane->ask.tokens = lane->tokens;
    lane->ask.globs = lane->globs;
    lane->ask.known = lane->known;
    lane->ask.full = lane->full;
    lane->is_busy = lane->ask.token_count > 0;
    return lane->is_busy ? &lane->ask : NULL;
}

const struct tick_follow *follow_begin(struct follow *follow, struct cluster *cluster)
{
    struct lane *lane = lane_of(follow, cluster);
    if (lane->is_busy)
        return NULL;
    drop_stale(follow);
    jobs_each(follow->gw->jobs, cluster->name, meet, lane);
    if (follow->ids)
        keep_beating(follow);
    return fill(lane, true);
}

/* --- what came --- */

static void close_run(struct follow *follow, struct run *run)
{
    log_debug("job %" PRId64 ": its files are complete", run->job_id);
    run_close(follow->gw, run);
    unread_done(follow->unread, run->job_id);
    notify(follow, run->job_id);
}

/* A run that has ended was looked at once more. */
static void count_look(struct follow *follow, struct cluster *cluster, struct run *run, bool more)
{
    if (!run->look_at_us || more)
        return;
    if (!run->looks || run->has_new)
        run_judge(follow->gw, run);
    if (is_last_look(cluster, run)) {
        close_run(follow, run);
        return;
    }
    run->look_at_us = clock_mono_us(follow->gw->clock) + look_after_us[run->looks++];
    notify(follow, run->job_id); /* who reads along need not wait for the last of them */
}

static void take_files(struct follow *follow, const struct tick_report *report)
{
    for (size_t i = 0; i < report->file_count; i++) {
        const struct seen_file *seen = &report->files[i];
        struct run *run = find_token(follow, span_head(seen->path, span_find_char(seen->path, '/')));
        if (run && !run->is_stale)
            run_take(follow->gw, run, seen);
    }
}

/* A turn is stored as a whole or not at all, and which runs had changes in it is known to nobody. */
static void after_commit(void *ctx, bool committed)
{
    struct follow *follow = ctx;
    struct entry *entry, *next;
    if (committed)
        return;
    follow->anew_at_us = clock_mono_us(follow->gw->clock) + STALE_US;
    HASH_ITER (by_id, follow->ids, entry, next)
        entry->run->is_stale = true;
    keep_beating(follow);
}

bool follow_end(struct follow *follow, struct cluster *cluster, const struct tick_report *report)
{
    struct lane *lane = lane_of(follow, cluster);
    lane->is_busy = false;
    if (!report)
        return false;
    take_files(follow, report);
    for (size_t i = 0; i < lane->ask.token_count; i++) {
        struct run *run = find_token(follow, span_of(lane->tokens[i]));
        if (!run || run->is_stale)
            continue;
        count_look(follow, cluster, run, report->files_cut);
        if (run->has_new)
            notify(follow, run->job_id);
    }
    if (store_has_pending(follow->gw->store))
        store_after_commit(follow->gw->store, after_commit, follow);
    return report->files_cut;
}

/* --- between the ticks --- */

static void on_extra(void *ctx, const struct tick_report *report, const struct err *err)
{
    struct lane *lane = ctx;
    if (err)
        log_debug("cluster %s: files not read: %s", lane->cluster->name, err->text);
    lane->is_extra = false;
    (void)follow_end(lane->follow, lane->cluster, report);
}

static void ask_extra(struct lane *lane)
{
    struct err err = { 0 };
    struct cluster *cluster = lane->cluster;
    if (lane->is_busy || !cluster->executor || !cluster->config || cluster->unreachable || !fill(lane, false))
        return;
    struct tick_spec spec = { .follow = &lane->ask, .urgent = true };
    lane->is_extra = true;
    if (executor_tick(cluster->executor, &spec, on_extra, lane, &err) < 0)
        on_extra(lane, NULL, &err);
}

/* Runs whose job is over are looked at a few times more; closed ones leave. */
static void sort_out(struct follow *follow)
{
    struct entry *entry, *next;
    HASH_ITER (by_id, follow->ids, entry, next) {
        struct run *run = entry->run;
        const struct job *job = jobs_find(follow->gw->jobs, run->job_id);
        bool has_ended = !job || job_is_final(job);
        if (run->is_over)
            drop(follow, entry);
        else if (has_ended && !run->look_at_us)
            run->look_at_us = clock_mono_us(follow->gw->clock);
    }
}

static void on_beat(void *ctx)
{
    struct follow *follow = ctx;
    drop_stale(follow);
    if (unread_may_be(follow->unread))
        unread_look(follow->unread, meet_ended, follow);
    sort_out(follow);
    for (size_t i = 0; i < follow->lane_count; i++)
        ask_extra(follow->lanes[i]);
    if (!follow->ids && !unread_may_be(follow->unread))
        loop_timer_stop(follow->beat);
}

/* --- who asks --- */

bool follow_is_open(struct follow *follow, int64_t job_id)
{
    const struct run *run = find(follow, job_id);
    const struct job *job = jobs_find(follow->gw->jobs, job_id);
    if (run && run->looks)
        return run->has_new;
    return (run && !run->is_over) || (job && !job_is_final(job));
}

bool follow_cache(struct follow *follow, int64_t job_id, int64_t attempt, int64_t task, struct log_cache *out)
{
    auto_str struct str path = STR_MAX(PATH_MAX), name = STR_MAX(64);
    run_log_name(attempt, task, &name);
    kept_logs_path(follow->gw, job_id, str_span(&name), &path);
    const struct run *run = find(follow, job_id);
    for (size_t i = 0; run && i < run->count; i++) {
        const struct log_cache *cache = &run->files[i]->cache;
        if (!cache->path || strcmp(cache->path, str_text(&path)) != 0)
            continue;
        if (cache->end <= cache->base)
            return false;
        *out = *cache;
        out->path = mem_dup_str(cache->path);
        return true;
    }
    log_cache_open(out, str_text(&path));
    if (out->end > out->base)
        return true;
    log_cache_clear(out);
    return false;
}

/* --- making and ending it --- */

struct follow *follow_new(const struct gateway *gw)
{
    struct follow *follow = mem_zalloc(sizeof(*follow));
    follow->gw = gw;
    kept_logs_prepare(gw);
    follow->beat = loop_timer_new(gw->loop, on_beat, follow);
    follow->unread = unread_new(gw, keep_beating, follow);
    keep_beating(follow); /* an earlier life may have left some */
    return follow;
}

void follow_free(struct follow *follow)
{
    if (!follow)
        return;
    struct entry *entry, *next;
    unread_free(follow->unread);
    HASH_ITER (by_id, follow->ids, entry, next)
        drop(follow, entry);
    for (size_t i = 0; i < follow->lane_count; i++) {
        mem_free_ptr(&follow->lanes[i]->tokens);
        mem_free_ptr(&follow->lanes[i]->globs);
        mem_free_ptr(&follow->lanes[i]->full);
        mem_free_ptr(&follow->lanes[i]->known);
        mem_free_ptr(&follow->lanes[i]);
    }
    mem_free_ptr(&follow->lanes);
    while (follow->watches)
        follow_unwatch(follow->watches);
    loop_timer_free(follow->beat);
    mem_free_ptr(&follow);
}
