#include "svc/watch/poll.h"

#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/token.h"
#include "io/loop.h"
#include "svc/jobs.h"
#include "svc/live/follow.h"
#include "svc/submit/launch.h"
#include "svc/watch/apply.h"

#include <stdlib.h>
#include <string.h>

enum {
    LOCAL_MS = 1000,    /* reading a few small files of our own */
    NUDGE_GAP_MS = 250, /* a burst of submits shares a tick */
    NUDGE_SOON_MS = 200,
    SLOWEST_MS = 300000, /* P1: backing off ends here */
    CANCEL_AGAIN_MS = 15000,
    TASKS_ASKED_S = 300,
    YOUNG_MS = 5000
};

struct waiter {
    void (*done)(void *ctx, const struct err *err);
    void *ctx;
};

/* A cluster's rhythm; cluster->poll points here. */
struct rhythm {
    struct poll *poll;
    struct cluster *cluster;
    struct loop_timer *timer;
    bool in_flight, again;             /* again: a nudge came during a tick */
    bool follows;                      /* it brings bytes of files, too */
    bool nodes_asked;                  /* the tick in flight brings node state */
    int64_t last_start_us, figures_us; /* figures: node state was last asked for */
    struct waiter *waiters;            /* for node state not yet asked for */
    size_t waiter_count, waiter_cap;
    struct waiter *served; /* for the tick in flight */
    size_t served_count;
};

struct poll {
    const struct gateway *gw;
    poll_nodes_fn *take_nodes;
    void *nodes_ctx;
    struct rhythm **rhythms;
    size_t count, cap;
};

struct active {
    struct tick_job *jobs;
    size_t count, cap;
    int64_t now_us; /* monotonic */
};

struct activity {
    bool is_active, has_running;
    int64_t newest_us; /* when the youngest of them was submitted, wall clock */
};

static void mark_asked(void *ctx, struct job *job)
{
    (void)ctx;
    job->is_unasked = false;
}

static bool is_followed(const struct job *job)
{
    return job->phase == PHASE_SUBMITTED && !job_is_final(job);
}

static void look(void *ctx, struct job *job)
{
    struct activity *seen = ctx;
    if (!is_followed(job))
        return;
    seen->is_active = true;
    seen->has_running = seen->has_running || job_state_group(job->state) != JOB_GROUP_QUEUED;
    if (job->submitted_at_us > seen->newest_us)
        seen->newest_us = job->submitted_at_us;
}

/* Tasks that went while the array lives (of one that waited nothing may ever be known): now and then. */
static bool wants_accounting(const struct active *active, struct job *job)
{
    if (!job->array || !job->task_counts || !strstr(job->task_counts, "\"settling\"") ||
        (job->tasks_asked_us && active->now_us - job->tasks_asked_us < TASKS_ASKED_S * US_PER_S))
        return false;
    job->tasks_asked_us = active->now_us;
    return true;
}

static void collect(void *ctx, struct job *job)
{
    struct active *active = ctx;
    if (!is_followed(job))
        return;
    bool queued = job_state_group(job->state) == JOB_GROUP_QUEUED;
    *vec_push(active->jobs, active->count, active->cap) =
        (struct tick_job){ .token = job->token,
                           .sched_id = job->sched_id,
                           .name = job->name,
                           .run_dir = job->run_dir,
                           .array = job->array,
                           .submitted_s = job->submitted_at_us / US_PER_S,
                           .gpus = job->gpus == JOB_ABSENT ? 0 : job->gpus,
                           .cpus = job->cpus == JOB_ABSENT ? 0 : job->cpus,
                           .priority = job->priority,
                           .queued = queued,
                           .cancel = job->cancel_requested_at_us != 0,
                           .ask = wants_accounting(active, job) };
}

int64_t poll_pace_ms(const struct poll_pace *pace)
{
    int64_t young = pace->age_ms < YOUNG_MS ? YOUNG_MS : pace->age_ms;
    int64_t base = young < pace->usual_ms ? young : pace->usual_ms;
    for (unsigned i = 0; i < pace->failures && base < SLOWEST_MS; i++)
        base = base * 2 < SLOWEST_MS ? base * 2 : SLOWEST_MS;
    return base * (240 + pace->dice / 8) / 256;
}

static int64_t interval_ms(const struct rhythm *rhythm, const struct activity *seen)
{
    const struct cluster *cluster = rhythm->cluster;
    const int64_t usual_s =
        seen->has_running ? cluster->config->poll.active_s : cluster->config->poll.pending_s;
    struct poll_pace pace = { .usual_ms = usual_s * 1000, .failures = cluster->failures };
    if (!cluster->config->host && strcmp(executor_scheduler(cluster->executor), "process") == 0)
        return LOCAL_MS;
    pace.age_ms = (clock_wall_us(rhythm->poll->gw->clock) - seen->newest_us) / US_PER_MS;
    token_random(&pace.dice, sizeof(pace.dice));
    return poll_pace_ms(&pace);
}

/* Soonest for what somebody waits for. */
static int64_t gap_ms(const struct rhythm *rhythm)
{
    int64_t since_ms = (clock_mono_us(rhythm->poll->gw->clock) - rhythm->last_start_us) / US_PER_MS;
    return since_ms < NUDGE_GAP_MS ? NUDGE_GAP_MS - since_ms : 0;
}

static void schedule(struct rhythm *rhythm)
{
    if (rhythm->in_flight || !rhythm->cluster->executor || !rhythm->cluster->config)
        return;
    if (rhythm->again || rhythm->waiter_count) {
        loop_timer_start(rhythm->timer, gap_ms(rhythm));
        return;
    }
    struct activity seen = { 0 };
    jobs_each(rhythm->poll->gw->jobs, rhythm->cluster->name, look, &seen);
    if (seen.is_active)
        loop_timer_start(rhythm->timer, interval_ms(rhythm, &seen));
    else
        loop_timer_stop(rhythm->timer); /* nothing is sent where no job is active and nobody looks */
}

/* --- what a tick brought --- */

static void cancel_again(void *ctx, struct job *job)
{
    const struct gateway *gw = ctx;
    int64_t now = clock_mono_us(gw->clock);
    bool may_live = is_followed(job) && job->state != JOB_STATE_SETTLING; /* in no listing: no use */
    if (may_live && launch_wants_cancel(job) && now - job->cancel_sent_us > CANCEL_AGAIN_MS * US_PER_MS)
        launch_cancel_again(gw->launch, job);
}

/* Those who wait for what the next tick brings become those of the tick in flight. */
static void take_waiters(struct rhythm *rhythm)
{
    rhythm->served = move_ptr(rhythm->waiters);
    rhythm->served_count = rhythm->waiter_count;
    rhythm->waiter_count = rhythm->waiter_cap = 0;
}

static void serve(struct rhythm *rhythm, const struct err *err)
{
    struct waiter *waiters = move_ptr(rhythm->served);
    size_t count = rhythm->served_count;
    rhythm->served_count = 0;
    for (size_t i = 0; i < count; i++)
        waiters[i].done(waiters[i].ctx, err);
    free(waiters);
}

/* Of a cluster that went no tick comes any more (its executor has ended the one in flight). */
static void dismiss(struct rhythm *rhythm)
{
    struct err err = { 0 };
    if (rhythm->cluster->executor && rhythm->cluster->config)
        return;
    err_set(&err, ERR_CANCELLED, "cluster %s is disabled or not configured", rhythm->cluster->name);
    take_waiters(rhythm);
    serve(rhythm, &err);
}

static void on_tick(void *ctx, const struct tick_report *report, const struct err *err)
{
    struct rhythm *rhythm = ctx;
    const struct gateway *gw = rhythm->poll->gw;
    struct err failure = { 0 };
    int64_t latency = clock_mono_us(gw->clock) - rhythm->last_start_us;
    rhythm->in_flight = false;
    if (report && report->nodes_ok &&
        rhythm->poll->take_nodes) /* first: what a job waits for is told with them */
        rhythm->poll->take_nodes(rhythm->poll->nodes_ctx, rhythm->cluster, report);
    if (report && report->queue_ok) {
        fleet_note_clock(gw, rhythm->cluster, report->clock_s, latency);
        apply_report(gw, rhythm->cluster, report);
        jobs_each(gw->jobs, rhythm->cluster->name, cancel_again, (void *)gw);
    } else if (report) {
        err_set(&failure, ERR_OFFLINE, "%s", report->queue_error ? report->queue_error : "no queue listing");
        apply_report(gw, rhythm->cluster, report); /* exit files and accounting still count */
        err = &failure;
    }
    if (!err || err->code != ERR_CANCELLED) /* our own end says nothing about the cluster */
        fleet_note(gw->fleet, rhythm->cluster, err, latency);
    rhythm->cluster->polls += !err;
    (void)fleet_commands_minute(gw->fleet, rhythm->cluster); /* what was sent counts in its own minute */
    if (rhythm->nodes_asked)
        serve(rhythm, err);
    if (rhythm->follows && follow_end(gw->follow, rhythm->cluster, report))
        rhythm->again = true; /* the budget was too small for all that is new */
    rhythm->follows = false;
    schedule(rhythm);
}

/* What nobody asked for waits until the minute has room again. */
static bool is_held_back(struct rhythm *rhythm)
{
    struct cluster *cluster = rhythm->cluster;
    int64_t max = cluster->config->poll.max_commands_per_minute;
    bool by_person = rhythm->again || rhythm->waiter_count > 0;
    if (!cluster->config->host || by_person || max <= 0)
        return false;
    if (fleet_commands_minute(rhythm->poll->gw->fleet, cluster) < max)
        return false;
    int64_t wait_us =
        budget_wait_us(&cluster->commands, clock_mono_us(rhythm->poll->gw->clock), (unsigned)max);
    cluster->held_back++;
    log_debug("cluster %s: %lld commands in a minute: the next tick in %lld s", cluster->name, (long long)max,
              (long long)(wait_us / US_PER_S));
    loop_timer_start(rhythm->timer, wait_us / US_PER_MS + 1);
    return true;
}

enum { FIGURES_AFTER_S = 600 };

/* Now and then a tick of jobs that wait brings the figures of what they wait for (svc/watch/waiting.h). */
static bool wants_figures(struct rhythm *rhythm, const struct active *active, int64_t now_us)
{
    bool is_due = now_us - rhythm->figures_us >= FIGURES_AFTER_S * US_PER_S, is_wanted = rhythm->nodes_asked;
    for (size_t i = 0; is_due && !is_wanted && i < active->count; i++)
        is_wanted = active->jobs[i].queued && rhythm->cluster->config->type == CLUSTER_SLURM;
    if (is_wanted)
        rhythm->figures_us = now_us;
    return is_wanted;
}

static void tick(void *ctx)
{
    struct rhythm *rhythm = ctx;
    const struct gateway *gw = rhythm->poll->gw;
    struct cluster *cluster = rhythm->cluster;
    if (rhythm->in_flight || !cluster->executor || !cluster->config || is_held_back(rhythm))
        return;
    struct active active = { .now_us = clock_mono_us(gw->clock) };
    jobs_each(gw->jobs, cluster->name, collect, &active);
    if (!active.count && !rhythm->waiter_count) { /* a nudge about nothing */
        rhythm->again = false;
        return;
    }
    crash_point("K20");
    jobs_each(gw->jobs, cluster->name, mark_asked, NULL);
    rhythm->nodes_asked = rhythm->waiter_count > 0;
    take_waiters(rhythm);
    bool urgent = rhythm->again || rhythm->nodes_asked;
    rhythm->again = false;
    rhythm->in_flight = true;
    rhythm->last_start_us = clock_mono_us(gw->clock);
    struct tick_spec spec = { .jobs = active.jobs,
                              .count = active.count,
                              .want_nodes = wants_figures(rhythm, &active, rhythm->last_start_us),
                              .urgent = urgent };
    spec.follow = follow_begin(gw->follow, cluster);
    rhythm->follows = spec.follow != NULL;
    struct err err = { 0 };
    if (executor_tick(cluster->executor, &spec, on_tick, rhythm, &err) < 0)
        on_tick(rhythm, NULL, &err);
    free(active.jobs);
}

/* --- asking --- */

/* Not at once: Slurm has nothing new to say of what was accepted a moment ago, and the tick would be in the
 * way of what is submitted beside it. */
static void nudge(struct cluster *cluster)
{
    struct rhythm *rhythm = cluster->poll;
    if (rhythm->again && loop_timer_is_running(rhythm->timer))
        return;
    rhythm->again = true;
    schedule(rhythm);
    if (!rhythm->in_flight && !rhythm->waiter_count && gap_ms(rhythm) < NUDGE_SOON_MS)
        loop_timer_start(rhythm->timer, NUDGE_SOON_MS);
}

static struct rhythm *rhythm_of(struct poll *poll, struct cluster *cluster)
{
    if (cluster->poll)
        return cluster->poll;
    struct rhythm *rhythm = mem_zalloc(sizeof(*rhythm));
    rhythm->poll = poll;
    rhythm->cluster = cluster;
    rhythm->timer = loop_timer_new(poll->gw->loop, tick, rhythm);
    rhythm->last_start_us = rhythm->figures_us = INT64_MIN / 2;
    *vec_push(poll->rhythms, poll->count, poll->cap) = rhythm;
    cluster->nudge = nudge;
    fleet_recall_clock(poll->gw, cluster);
    return cluster->poll = rhythm;
}

void poll_on_nodes(struct poll *poll, poll_nodes_fn *fn, void *ctx)
{
    poll->take_nodes = fn;
    poll->nodes_ctx = ctx;
}

void poll_want_nodes(struct poll *poll, struct cluster *cluster,
                     void (*done)(void *ctx, const struct err *err), void *ctx)
{
    struct rhythm *rhythm = rhythm_of(poll, cluster);
    *vec_push(rhythm->waiters, rhythm->waiter_count, rhythm->waiter_cap) = (struct waiter){ done, ctx };
    schedule(rhythm);
}

void poll_clusters_changed(struct poll *poll)
{
    struct fleet *fleet = poll->gw->fleet;
    for (size_t i = 0; i < fleet_count(fleet); i++) {
        struct rhythm *rhythm = rhythm_of(poll, fleet_at(fleet, i));
        rhythm->again = jobs_active_count(poll->gw->jobs) > 0;
        dismiss(rhythm);
        schedule(rhythm);
    }
}

struct poll *poll_new(const struct gateway *gw)
{
    struct poll *poll = mem_zalloc(sizeof(*poll));
    poll->gw = gw;
    return poll;
}

void poll_free(struct poll *poll)
{
    if (!poll)
        return;
    for (size_t i = 0; i < poll->count; i++) {
        loop_timer_free(poll->rhythms[i]->timer);
        free(poll->rhythms[i]->waiters);
        free(poll->rhythms[i]->served);
        free(poll->rhythms[i]);
    }
    free(poll->rhythms);
    free(poll);
}
