#include "svc/cluster/facts.h"

#include "base/mem.h"
#include "io/loop.h"
#include "svc/cluster/gpus.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { WAIT_MS = 3000, FIRST_WAIT_MS = 10000, KEEP_S = 600 };

struct limits {
    char *cluster;
    int64_t asked_us; /* monotonic; 0 never */
    bool in_flight;
    struct facts *facts;
    struct limits *next;
};

struct asker {
    struct facts *facts;
    struct cluster *cluster;
    void (*done)(void *ctx);
    void *ctx;
    bool has_nodes, has_limits, is_over; /* is_over: done has run; the late answers free it */
    struct loop_timer *timer;
    struct asker *prev, *next;
};

struct facts {
    const struct gateway *gw;
    struct limits *limits;
    struct asker *askers;
};

struct facts *facts_new(const struct gateway *gw)
{
    struct facts *facts = mem_zalloc(sizeof(*facts));
    facts->gw = gw;
    return facts;
}

void facts_free(struct facts *facts)
{
    if (!facts)
        return;
    struct asker *asker, *next_asker;
    DL_FOREACH_SAFE(facts->askers, asker, next_asker)
    {
        loop_timer_free(asker->timer);
        free(asker);
    }
    struct limits *limits, *next;
    LL_FOREACH_SAFE(facts->limits, limits, next)
    {
        free(limits->cluster);
        free(limits);
    }
    free(facts);
}

static struct limits *limits_of(struct facts *facts, const char *cluster)
{
    struct limits *limits;
    LL_FOREACH (facts->limits, limits)
        if (strcmp(limits->cluster, cluster) == 0)
            return limits;
    limits = mem_zalloc(sizeof(*limits));
    limits->cluster = mem_dup_str(cluster);
    limits->facts = facts;
    LL_PREPEND(facts->limits, limits);
    return limits;
}

static void settle(struct asker *asker)
{
    bool complete = asker->has_nodes && asker->has_limits;
    if (!asker->is_over && (complete || !loop_timer_is_running(asker->timer))) {
        asker->is_over = true;
        asker->done(asker->ctx);
    }
    if (!complete)
        return;
    DL_DELETE(asker->facts->askers, asker);
    loop_timer_free(asker->timer);
    free(asker);
}

static void on_time(void *ctx)
{
    settle(ctx);
}

static void on_gpus(void *ctx, const struct answer *answer)
{
    struct asker *asker = ctx;
    (void)answer;
    asker->has_nodes = true;
    settle(asker);
}

static int64_t int_of(const struct doc *doc, const char *key)
{
    const struct doc *value = doc_get(doc, key);
    return value && value->kind == DOC_INT ? value->integer : 0;
}

static void on_limits(void *ctx, struct span text, const struct err *err)
{
    struct limits *limits = ctx;
    limits->in_flight = false;
    struct cluster *cluster = fleet_find(limits->facts->gw->fleet, limits->cluster);
    if (!err && cluster)
        fleet_keep_limits(cluster, text);
    struct asker *asker, *next;
    DL_FOREACH_SAFE(limits->facts->askers, asker, next)
    {
        if (asker->has_limits || strcmp(asker->cluster->name, limits->cluster) != 0)
            continue;
        asker->has_limits = true;
        settle(asker);
    }
}

static void ask_limits(struct facts *facts, struct asker *asker)
{
    struct limits *limits = limits_of(facts, asker->cluster->name);
    int64_t now = clock_mono_us(facts->gw->clock);
    bool is_fresh = asker->cluster->limits && now - limits->asked_us < KEEP_S * US_PER_S;
    const struct executor *executor = asker->cluster->executor;
    if (is_fresh || !executor || strcmp(executor_scheduler(executor), "slurm") != 0) {
        asker->has_limits = true;
        return;
    }
    if (limits->in_flight)
        return;
    limits->asked_us = now;
    limits->in_flight = executor_limits(asker->cluster->executor, on_limits, limits, NULL) == 0;
    asker->has_limits = !limits->in_flight;
}

void facts_prepare(struct facts *facts, struct cluster *cluster, void (*done)(void *ctx), void *ctx)
{
    struct asker *asker = mem_zalloc(sizeof(*asker));
    *asker = (struct asker){ .facts = facts, .cluster = cluster, .done = done, .ctx = ctx };
    asker->timer = loop_timer_new(facts->gw->loop, on_time, asker);
    DL_APPEND(facts->askers, asker);
    ask_limits(facts, asker);
    asker->has_nodes = gpus_list(facts->gw->gpus, cluster->name, KEEP_S, on_gpus, asker, NULL) < 0;
    bool wait = !(asker->has_nodes && asker->has_limits) && !cluster->unreachable;
    int64_t most_ms = cluster->limits ? WAIT_MS : FIRST_WAIT_MS;
    loop_timer_start(asker->timer, wait ? most_ms : 0);
}

/* The partition of that name, or (NULL) the default one. */
static const struct doc *partition_at(const struct cluster *cluster, const char *partition)
{
    const struct doc *partitions = doc_get(cluster->limits, "partitions");
    for (size_t i = 0; partitions && i < partitions->count; i++) {
        const struct doc *entry = &partitions->items[i];
        const char *name = doc_scalar_text(doc_get(entry, "name"));
        const struct doc *is_default = doc_get(entry, "default");
        if (partition ? name && strcmp(name, partition) == 0 : is_default && is_default->boolean)
            return entry;
    }
    return NULL;
}

const char *facts_default_partition(const struct cluster *cluster)
{
    return doc_scalar_text(doc_get(partition_at(cluster, NULL), "name"));
}

int64_t facts_max_time_s(const struct cluster *cluster, const char *partition)
{
    return int_of(partition_at(cluster, partition), "max_time_s");
}
