#include "svc/cluster/fleet.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/event_store.h"
#include "svc/cluster/machine.h"
#include "svc/jobs.h"
#include "svc/settings.h"
#include "text/json_out.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LAUNCHER_LIMIT_S = 60, SETTLE_LEAST_S = 120 };

struct fleet {
    const struct gateway *gw;
    struct executor_deps deps;
    char self_path[PATH_MAX];
    struct cluster **items; /* addresses stay: the services keep them */
    size_t count, cap;
};

struct fleet *fleet_new(const struct gateway *gw)
{
    struct fleet *fleet = mem_zalloc(sizeof(*fleet));
    fleet->gw = gw;
    ssize_t n = readlink("/proc/self/exe", fleet->self_path, sizeof(fleet->self_path) - 1);
    fleet->self_path[n > 0 ? n : 0] = '\0';
    fleet->deps =
        (struct executor_deps){ .loop = gw->loop,
                                .clock = gw->clock,
                                .self_path = fleet->self_path,
                                .state_dir = settings_daemon(gw->settings)->state_dir,
                                .ssh_agent_socket = settings_daemon(gw->settings)->ssh_agent_socket };
    return fleet;
}

static void cluster_free(struct cluster *cluster)
{
    free(cluster->name_owned);
    free(cluster->fingerprint);
    free(cluster->last_error);
    doc_free(cluster->limits);
    free(cluster);
}

void fleet_end(struct fleet *fleet)
{
    for (size_t i = 0; i < fleet->count; i++) /* their last callbacks still look for clusters */
        executor_free(move_ptr(fleet->items[i]->executor));
}

void fleet_free(struct fleet *fleet)
{
    if (!fleet)
        return;
    fleet_end(fleet);
    for (size_t i = 0; i < fleet->count; i++)
        cluster_free(fleet->items[i]);
    free(fleet->items);
    free(fleet);
}

struct cluster *fleet_find(struct fleet *fleet, const char *name)
{
    for (size_t i = 0; name && i < fleet->count; i++)
        if (strcmp(fleet->items[i]->name, name) == 0)
            return fleet->items[i];
    return NULL;
}

size_t fleet_count(const struct fleet *fleet)
{
    return fleet->count;
}

struct cluster *fleet_at(struct fleet *fleet, size_t i)
{
    return fleet->items[i];
}

/* What decides whether an executor must be made anew: the whole merged entry. */
static char *fingerprint_of(const struct cluster_config *config)
{
    auto_str struct str text = STR_MAX((size_t)1024 * 1024);
    json_doc(&(struct json_out){ .to = &text }, config->doc);
    return str_steal(&text);
}

static void cannot_be_used(struct cluster *cluster, const struct err *err)
{
    log_warn("cluster %s: %s", cluster->name, err->text);
    mem_replace_str(&cluster->last_error, err->text);
    cluster->last_error_code = err->code;
    cluster->unreachable = true;
}

/* Nothing that is known of another machine is true of this one. */
static void forget(struct cluster *cluster)
{
    doc_free(move_ptr(cluster->limits));
    cluster->has_skew = false;
    cluster->message_timeout_s = 0;
}

static void make_executor(struct fleet *fleet, struct cluster *cluster)
{
    struct err err = { 0 };
    if (!cluster->config->enabled)
        return;
    if (machine_check(fleet->gw, cluster->config, &err) < 0) {
        cannot_be_used(cluster, &err);
        return;
    }
    if (machine_keep(fleet->gw, cluster->config))
        forget(cluster);
    if (executor_new(cluster->config, &fleet->deps, &cluster->executor, &err) < 0)
        cannot_be_used(cluster, &err);
}

static void put_cluster(struct fleet *fleet, const struct cluster_config *config)
{
    struct cluster *cluster = fleet_find(fleet, config->name);
    auto_free char *fingerprint = fingerprint_of(config);
    if (cluster && cluster->executor && strcmp(cluster->fingerprint, fingerprint) == 0) {
        cluster->config = config;
        executor_reconfigured(cluster->executor, config);
        return;
    }
    if (!cluster) {
        cluster = mem_zalloc(sizeof(*cluster));
        cluster->name = cluster->name_owned = mem_dup_str(config->name);
        *vec_push(fleet->items, fleet->count, fleet->cap) = cluster;
    }
    executor_free(move_ptr(cluster->executor)); /* its last callbacks find none */
    cluster->config = config;
    cluster->unreachable = false;
    mem_clear_str(&cluster->last_error);
    free(cluster->fingerprint);
    cluster->fingerprint = move_ptr(fingerprint);
    make_executor(fleet, cluster);
    cluster->has_stale_jobs |= !cluster->executor; /* mark_orphan */
}

struct stale_turn {
    struct jobs *jobs;
    bool stale;
};

static void set_stale(void *ctx, struct job *job)
{
    struct stale_turn *turn = ctx;
    if (job->stale == turn->stale || job->phase == PHASE_INTENT)
        return;
    job->stale = turn->stale;
    jobs_change(turn->jobs, job, turn->stale ? "stale" : "fresh", NULL);
}

/* A cluster that left the file keeps its row while the daemon lives. */
static void retire(struct fleet *fleet, const struct clusters_config *clusters)
{
    for (size_t i = 0; i < fleet->count; i++) {
        struct cluster *cluster = fleet->items[i];
        if (clusters_config_find(clusters, cluster->name))
            continue;
        executor_free(move_ptr(cluster->executor));
        cluster->config = NULL;
        cluster->has_stale_jobs = true; /* mark_orphan */
    }
}

/* Of a cluster that is not in the file, is disabled or cannot be used nobody asks: its jobs are stale, not
 * gone. */
static void mark_orphan(void *ctx, struct job *job)
{
    const struct cluster *cluster = fleet_find(ctx, job->cluster);
    struct stale_turn turn = { ((struct fleet *)ctx)->gw->jobs, true };
    if (!cluster || !cluster->executor)
        set_stale(&turn, job);
}

static void check_change(void *ctx, const struct clusters_config *fresh, struct errs *errs)
{
    struct fleet *fleet = ctx;
    for (size_t i = 0; i < fresh->count; i++) {
        struct err err = { 0 };
        if (fresh->items[i].enabled && machine_check(fleet->gw, &fresh->items[i], &err) < 0)
            errs_add(errs, &(struct errs_item){ .code = err.code,
                                                .file = settings_daemon(fleet->gw->settings)->clusters_file,
                                                .text = err.text });
    }
}

int fleet_apply(struct fleet *fleet, struct err *err)
{
    (void)err;
    const struct clusters_config *clusters = settings_clusters(fleet->gw->settings);
    retire(fleet, clusters);
    for (size_t i = 0; i < clusters->count; i++)
        put_cluster(fleet, &clusters->items[i]);
    jobs_each(fleet->gw->jobs, NULL, mark_orphan, fleet);
    settings_on_clusters(fleet->gw->settings, check_change, fleet);
    return 0;
}

void fleet_nudge(struct cluster *cluster)
{
    if (cluster->nudge)
        cluster->nudge(cluster);
}

/* Whoever shows clusters need not ask again and again. */
static void tell(struct fleet *fleet, const struct cluster *cluster, const struct err *why)
{
    auto_str struct str data = STR_MAX(MAX_EVENT_BYTES);
    struct json_out out = { .to = &data };
    struct err err = { 0 };
    json_open_object(&out);
    json_member_str(&out, "cluster", cluster->name);
    if (why)
        json_member_str(&out, "error", why->text);
    json_close_object(&out);
    if (event_store_add(fleet->gw->store, "clusters", why ? "unreachable" : "reachable", str_text(&data),
                        NULL, &err) < 0)
        log_warn("cluster %s: %s", cluster->name, err.text);
}

void fleet_note(struct fleet *fleet, struct cluster *cluster, const struct err *err, int64_t latency_us)
{
    int64_t now = clock_wall_us(fleet->gw->clock);
    bool was = cluster->unreachable;
    cluster->unreachable = err != NULL;
    if (err) {
        cluster->failures++;
        cluster->last_error_us = now;
        cluster->last_error_code = err->code;
        mem_replace_str(&cluster->last_error, err->text);
    } else {
        cluster->failures = 0;
        cluster->last_ok_us = now;
        cluster->latency_us = latency_us;
    }
    if (was != cluster->unreachable) {
        log_info("cluster %s: %s%s%s", cluster->name, err ? "unreachable" : "reachable", err ? ": " : "",
                 err ? err->text : "");
        tell(fleet, cluster, err);
    }
    if (cluster->has_stale_jobs != cluster->unreachable) {
        struct stale_turn turn = { fleet->gw->jobs, cluster->unreachable };
        cluster->has_stale_jobs = cluster->unreachable;
        jobs_each(fleet->gw->jobs, cluster->name, set_stale, &turn);
    }
}

unsigned fleet_commands_minute(const struct fleet *fleet, struct cluster *cluster)
{
    struct transport_status status = { 0 };
    int64_t now = clock_mono_us(fleet->gw->clock);
    if (cluster->executor)
        executor_status(cluster->executor, &status);
    budget_note(&cluster->commands, now, status.commands);
    return budget_used(&cluster->commands, now);
}

int64_t fleet_settle_us(const struct fleet *fleet, const struct cluster *cluster)
{
    int64_t configured = settings_daemon(fleet->gw->settings)->t_settle_s;
    if (configured >= 0)
        return configured * US_PER_S;
    int64_t by_timeout = LAUNCHER_LIMIT_S + 2 * cluster->message_timeout_s;
    return (by_timeout > SETTLE_LEAST_S ? by_timeout : SETTLE_LEAST_S) * US_PER_S;
}

int64_t fleet_login_end_us(const struct fleet *fleet, const struct cluster *cluster,
                           const struct transport_status *status)
{
    const struct clock *clock = fleet->gw->clock;
    int64_t lifetime_s = cluster->config->ssh.login_lifetime_s;
    if (lifetime_s <= 0 || status->state != LINK_UP || !status->since_us)
        return 0;
    return clock_wall_us(clock) - (clock_mono_us(clock) - status->since_us) + lifetime_s * US_PER_S;
}
