#include "svc/cluster/gpus.h"

#include "base/limits.h"
#include "base/mem.h"
#include "io/loop.h"
#include "svc/cluster/wait_history.h"
#include "svc/fanout.h"
#include "svc/jobs.h"
#include "svc/watch/array_tasks.h"
#include "svc/watch/poll.h"
#include "text/json_out.h"

#include <stdlib.h>
#include <string.h>

struct gpus {
    const struct gateway *gw;
    struct gpu_known **known;
    size_t count, cap;
};

static struct gpu_known *known_of(struct gpus *gpus, struct cluster *cluster)
{
    if (cluster->gpus)
        return cluster->gpus;
    struct gpu_known *known = mem_zalloc(sizeof(*known));
    known->cluster = cluster;
    *vec_push(gpus->known, gpus->count, gpus->cap) = known;
    return cluster->gpus = known;
}

static void take_nodes(void *ctx, struct cluster *cluster, const struct tick_report *report)
{
    struct gpus *gpus = ctx;
    struct gpu_known *known = known_of(gpus, cluster);
    gpu_table_clear(&known->table);
    gpu_table_build(&known->table, cluster->config, report);
    known->observed_us = clock_wall_us(gpus->gw->clock);
    auto_str struct str data = STR_MAX(1024);
    struct json_out out = { .to = &data };
    json_open_object(&out);
    json_member_str(&out, "cluster", cluster->name);
    json_member_time(&out, "observed_at", known->observed_us);
    json_close_object(&out);
    fanout_publish(gpus->gw->fanout, FANOUT_GPUS, 0, "gpus", str_span(&data));
}

struct gpus *gpus_new(const struct gateway *gw)
{
    struct gpus *gpus = mem_zalloc(sizeof(*gpus));
    gpus->gw = gw;
    poll_on_nodes(gw->poll, take_nodes, gpus);
    return gpus;
}

void gpus_free(struct gpus *gpus)
{
    if (!gpus)
        return;
    for (size_t i = 0; i < gpus->count; i++) {
        gpu_table_clear(&gpus->known[i]->table);
        free(gpus->known[i]->waits);
        free(gpus->known[i]);
    }
    free(gpus->known);
    free(gpus);
}

bool gpus_has_none(struct gpus *gpus, struct cluster *cluster)
{
    const struct gpu_known *known = known_of(gpus, cluster);
    return known->observed_us && known->table.count == 0;
}

static int64_t known_or_0(int64_t figure)
{
    return figure == SEEN_ABSENT ? 0 : figure;
}

struct node_size gpus_largest_node(struct gpus *gpus, struct cluster *cluster, const char *partition)
{
    const struct gpu_node *node = gpu_table_largest(&known_of(gpus, cluster)->table, partition);
    if (!node)
        return (struct node_size){ 0 };
    return (struct node_size){ .cpus = known_or_0(node->cpus),
                               .mem_bytes = known_or_0(node->mem_mb) * 1024 * 1024,
                               .gpus = node->gpu_count };
}

/* --- answers --- */

struct ask {
    struct gpus *gpus;
    char *cluster; /* NULL: all */
    bool nodes;    /* node rows instead of GPU rows */
    size_t waiting;
    answer_done *done;
    void *ctx;
};

static bool is_asked(const struct ask *ask, const struct cluster *cluster)
{
    return cluster->config && (!ask->cluster || strcmp(ask->cluster, cluster->name) == 0);
}

static void add_mine(void *ctx, struct job *job)
{
    struct gpu_table *table = ctx;
    if (job->gpus == JOB_ABSENT || job->gpus <= 0 || job_state_group(job->state) != JOB_GROUP_ACTIVE)
        return;
    int64_t nodes = job->nodes == JOB_ABSENT ? 1 : job->nodes;
    gpu_table_add_mine(table, &(struct gpu_held){ .partition = job->partition,
                                                  .type = job->gpu_type,
                                                  .node_list = job->node_list,
                                                  .gpus_per_node = job->gpus,
                                                  .nodes = nodes * tasks_in_group(job, JOB_GROUP_ACTIVE) });
}

static void cluster_note(struct json_out *out, const struct gpus *gpus, struct gpu_known *known)
{
    const struct cluster *cluster = known->cluster;
    int64_t age_s = (clock_wall_us(gpus->gw->clock) - known->observed_us) / US_PER_S;
    json_open_object(out);
    json_member_str(out, "name", cluster->name);
    json_member_time(out, "observed_at", known->observed_us);
    if (known->observed_us)
        json_member_int(out, "age_s", age_s > 0 ? age_s : 0);
    json_member_bool(out, "stale", !known->observed_us || cluster->unreachable);
    if (cluster->unreachable)
        json_member_str(out, "error", cluster->last_error);
    json_key(out, "queue");
    gpu_table_queues_json(&known->table, out);
    json_member_raw(out, "waits", span_of(wait_history_told(gpus->gw, known)));
    json_close_object(out);
}

static void render(const struct ask *ask, struct str *body)
{
    struct gpus *gpus = ask->gpus;
    struct json_out out = { .to = body };
    json_open_object(&out);
    json_key(&out, "items");
    json_open_array(&out);
    for (size_t i = 0; i < fleet_count(gpus->gw->fleet); i++) {
        struct cluster *cluster = fleet_at(gpus->gw->fleet, i);
        struct gpu_known *known = known_of(gpus, cluster);
        if (!is_asked(ask, cluster))
            continue;
        gpu_table_reset_mine(&known->table);
        jobs_each(gpus->gw->jobs, cluster->name, add_mine, &known->table);
        struct gpu_view view = { cluster->name, known->observed_us, cluster->unreachable };
        if (ask->nodes)
            gpu_table_nodes_json(&known->table, &view, &out);
        else
            gpu_table_json(&known->table, &view, &out);
    }
    json_close_array(&out);
    json_member_raw(&out, "next", SPAN_LIT("null"));
    json_key(&out, "clusters");
    json_open_array(&out);
    for (size_t i = 0; i < fleet_count(gpus->gw->fleet); i++)
        if (is_asked(ask, fleet_at(gpus->gw->fleet, i)))
            cluster_note(&out, gpus, known_of(gpus, fleet_at(gpus->gw->fleet, i)));
    json_close_array(&out);
    json_close_object(&out);
}

static void answer(void *ctx)
{
    struct ask *ask = ctx;
    auto_str struct str body = STR_MAX(MAX_OUTPUT_BYTES);
    render(ask, &body);
    struct answer answer = { .ok = !body.failed, .body = str_span(&body) };
    if (body.failed)
        err_set(&answer.err, ERR_TOO_LARGE, "the node list exceeds %d bytes", MAX_OUTPUT_BYTES);
    ask->done(ask->ctx, &answer);
    free(ask->cluster);
    free(ask);
}

/* A cluster that does not answer is told by its age and error, not by a failed list. */
static void on_nodes(void *ctx, const struct err *err)
{
    struct ask *ask = ctx;
    (void)err;
    if (--ask->waiting == 0)
        answer(ask);
}

static void on_late_nodes(void *ctx, const struct err *err)
{
    (void)ctx;
    (void)err;
}

static bool is_old(const struct gpus *gpus, const struct gpu_known *known, int64_t max_age_s)
{
    return !known->observed_us ||
           clock_wall_us(gpus->gw->clock) - known->observed_us > max_age_s * US_PER_S ||
           known->observed_us > clock_wall_us(gpus->gw->clock);
}

static int start(struct ask *ask, int64_t max_age_s)
{
    struct gpus *gpus = ask->gpus;
    ask->waiting = 1; /* our own hold: no answer before this loop is through */
    for (size_t i = 0; i < fleet_count(gpus->gw->fleet); i++) {
        struct cluster *cluster = fleet_at(gpus->gw->fleet, i);
        if (!is_asked(ask, cluster) || !cluster->executor)
            continue;
        int64_t limit = max_age_s >= 0 ? max_age_s : cluster->config->poll.gpu_s;
        if (!is_old(gpus, known_of(gpus, cluster), limit))
            continue;
        if (cluster->unreachable) { /* looked at again, but nobody waits for it */
            poll_want_nodes(gpus->gw->poll, cluster, on_late_nodes, NULL);
            continue;
        }
        ask->waiting++;
        poll_want_nodes(gpus->gw->poll, cluster, on_nodes, ask);
    }
    if (--ask->waiting == 0)
        loop_defer(gpus->gw->loop, answer, ask);
    return 0;
}

static struct ask *ask_new(struct gpus *gpus, const char *cluster, answer_done *done, void *ctx)
{
    struct ask *ask = mem_zalloc(sizeof(*ask));
    *ask = (struct ask){ .gpus = gpus, .cluster = mem_dup_str(cluster), .done = done, .ctx = ctx };
    return ask;
}

static int check_cluster(struct gpus *gpus, const char *cluster, struct err *err)
{
    if (cluster && !fleet_find(gpus->gw->fleet, cluster))
        return err_set(err, ERR_NOT_FOUND, "no cluster %s is configured", cluster);
    return 0;
}

int gpus_list(struct gpus *gpus, const char *cluster, int64_t max_age_s, answer_done *done, void *ctx,
              struct err *err)
{
    if (check_cluster(gpus, cluster, err) < 0)
        return -1;
    return start(ask_new(gpus, cluster, done, ctx), max_age_s);
}

int gpus_nodes(struct gpus *gpus, const char *cluster, answer_done *done, void *ctx, struct err *err)
{
    if (check_cluster(gpus, cluster, err) < 0)
        return -1;
    struct ask *ask = ask_new(gpus, cluster, done, ctx);
    ask->nodes = true;
    return start(ask, -1);
}
