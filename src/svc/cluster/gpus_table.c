#include "svc/cluster/gpus_table.h"

#include "base/limits.h"
#include "base/mem.h"
#include "slurm/nodelist.h"

#include <stdlib.h>
#include <string.h>

void gpu_table_clear(struct gpu_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        free(table->rows[i].partition);
        free(table->rows[i].type);
    }
    for (size_t i = 0; i < table->node_count; i++) {
        free(table->nodes[i].name);
        free(table->nodes[i].state);
        free(table->nodes[i].partitions);
        free(table->nodes[i].gpus);
        free(table->nodes[i].only_type);
    }
    for (size_t i = 0; i < table->queue_count; i++)
        free(table->queues[i].partition);
    free(table->queues);
    free(table->rows);
    free(table->nodes);
    *table = (struct gpu_table){ 0 };
}

static bool is_allowed(const struct strs *allowed, struct span name)
{
    for (size_t i = 0; i < allowed->count; i++)
        if (span_is(name, allowed->items[i]))
            return true;
    return allowed->count == 0;
}

static struct gpu_row *row_of(struct gpu_table *table, struct span partition, struct span type)
{
    for (size_t i = 0; i < table->count; i++)
        if (span_is(partition, table->rows[i].partition) && span_is(type, table->rows[i].type))
            return &table->rows[i];
    struct gpu_row *row = vec_push(table->rows, table->count, table->cap);
    *row = (struct gpu_row){ .partition = span_dup(partition), .type = span_dup(type) };
    return row;
}

static void add_gpus(struct gpu_row *row, const struct seen_node *node, const struct seen_gpus *gpus)
{
    row->total += gpus->total;
    row->in_use += gpus->in_use;
    if (!node->accepts_work)
        row->down += gpus->total > gpus->in_use ? gpus->total - gpus->in_use : 0;
    row->nodes_total++;
    row->whole_nodes_free += node->accepts_work && gpus->in_use == 0;
    if (gpus->total > row->gpus_per_node)
        row->gpus_per_node = gpus->total;
}

/* partitions.NAME.gpu_types: what is said to be there, where Slurm says more than is meant. */
static bool is_meant(const struct cluster_config *config, struct span partition, struct span type)
{
    auto_free char *name = span_dup(partition);
    const struct cluster_partition *known = cluster_partition(config, name);
    return is_allowed(&config->allowed_gpu_types, type) && (!known || is_allowed(&known->gpu_types, type));
}

static void add_to_partition(struct gpu_table *table, const struct cluster_config *config,
                             const struct seen_node *node, struct span partition)
{
    for (size_t g = 0; g < node->gpu_count; g++) {
        struct span type = cluster_gpu_type(config, node->gpus[g].type);
        if (node->gpus[g].total > 0 && is_meant(config, partition, type))
            add_gpus(row_of(table, partition, type), node, &node->gpus[g]);
    }
}

/* A machine without partitions (a local cluster) is one row a type, its partition empty. */
static void add_node_gpus(struct gpu_table *table, const struct cluster_config *config,
                          const struct seen_node *node)
{
    for (size_t p = 0; p < node->partition_count; p++)
        if (is_allowed(&config->allowed_partitions, node->partitions[p]))
            add_to_partition(table, config, node, node->partitions[p]);
    if (!node->partition_count)
        add_to_partition(table, config, node, SPAN_LIT(""));
}

static char *gpus_json(const struct cluster_config *config, const struct seen_node *node)
{
    auto_str struct str text = STR_MAX(MAX_CONFIG_BYTES);
    struct json_out out = { .to = &text };
    json_open_array(&out);
    for (size_t g = 0; g < node->gpu_count; g++) {
        json_open_object(&out);
        json_member_span(&out, "type", cluster_gpu_type(config, node->gpus[g].type));
        json_member_int(&out, "total", node->gpus[g].total);
        json_member_int(&out, "in_use", node->gpus[g].in_use);
        json_close_object(&out);
    }
    json_close_array(&out);
    return str_steal(&text);
}

static char *only_type(const struct cluster_config *config, const struct seen_node *node)
{
    struct span only = { 0 };
    for (size_t g = 0; g < node->gpu_count; g++) {
        struct span type = cluster_gpu_type(config, node->gpus[g].type);
        if (g && !span_eq(type, only))
            return NULL;
        only = type;
    }
    return node->gpu_count ? span_dup(only) : NULL;
}

static void add_node(struct gpu_table *table, const struct cluster_config *config,
                     const struct seen_node *node)
{
    auto_str struct str partitions = STR_MAX(MAX_CONFIG_BYTES);
    for (size_t p = 0; p < node->partition_count; p++) {
        str_add(&partitions, p ? "," : "");
        str_add_span(&partitions, node->partitions[p]);
    }
    int64_t gpus = 0;
    for (size_t g = 0; g < node->gpu_count; g++)
        gpus += node->gpus[g].total;
    *vec_push(table->nodes, table->node_count, table->node_cap) =
        (struct gpu_node){ .name = span_dup(node->name),
                           .state = span_dup(node->state),
                           .partitions = str_steal(&partitions),
                           .gpus = gpus_json(config, node),
                           .only_type = only_type(config, node),
                           .accepts_work = node->accepts_work,
                           .cpus = node->cpus,
                           .cpus_in_use = node->cpus_in_use,
                           .mem_mb = node->mem_mb,
                           .mem_in_use_mb = node->mem_in_use_mb,
                           .gpu_count = gpus };
}

static struct gpu_queue *queue_of(struct gpu_table *table, struct span partition)
{
    for (size_t i = 0; i < table->queue_count; i++)
        if (span_is(partition, table->queues[i].partition))
            return &table->queues[i];
    struct gpu_queue *queue = vec_push(table->queues, table->queue_count, table->queue_cap);
    *queue = (struct gpu_queue){ .partition = span_dup(partition) };
    return queue;
}

/* Demand that names no type counts for every type of its partition: it may take any of them. */
static void add_demand(struct gpu_table *table, const struct cluster_config *config,
                       const struct seen_demand *demand)
{
    struct span type = cluster_gpu_type(config, demand->type);
    struct gpu_queue *queue = queue_of(table, demand->partition);
    queue->jobs += demand->jobs;
    queue->gpus += demand->gpus;
    for (size_t i = 0; i < table->count; i++)
        if (span_is(demand->partition, table->rows[i].partition) &&
            (!demand->type.len || span_is(type, table->rows[i].type)))
            table->rows[i].pending += demand->gpus;
}

static int compare_rows(const void *a, const void *b)
{
    const struct gpu_row *x = a, *y = b;
    int order = strcmp(x->type, y->type);
    return order ? order : strcmp(x->partition, y->partition);
}

void gpu_table_build(struct gpu_table *table, const struct cluster_config *config,
                     const struct tick_report *report)
{
    for (size_t i = 0; i < report->node_count; i++) {
        add_node_gpus(table, config, &report->nodes[i]);
        add_node(table, config, &report->nodes[i]);
    }
    for (size_t i = 0; i < report->demand_count; i++)
        add_demand(table, config, &report->demand[i]);
    if (table->count)
        qsort(table->rows, table->count, sizeof(*table->rows), compare_rows);
}

static bool is_in(const struct gpu_node *node, const char *partition)
{
    struct span rest = span_of(node->partitions), one;
    while (partition && span_next(&rest, ',', &one))
        if (span_is(one, partition))
            return true;
    return !partition;
}

const struct gpu_node *gpu_table_largest(const struct gpu_table *table, const char *partition)
{
    const struct gpu_node *largest = NULL;
    for (size_t i = 0; i < table->node_count; i++)
        if (is_in(&table->nodes[i], partition) && (!largest || table->nodes[i].mem_mb > largest->mem_mb))
            largest = &table->nodes[i];
    return largest;
}

void gpu_table_reset_mine(struct gpu_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        table->rows[i].mine = 0;
}

/* NULL where it may be either of two: no row is told a number that may be wrong. */
static struct gpu_row *only_row(const struct gpu_table *table, const char *partition, const char *type)
{
    struct gpu_row *found = NULL;
    for (struct gpu_row *row = table->rows; table->rows && row < table->rows + table->count; row++) {
        if ((partition && strcmp(row->partition, partition) != 0) || (type && strcmp(row->type, type) != 0))
            continue;
        if (found)
            return NULL;
        found = row;
    }
    return found;
}

static const struct gpu_node *node_named(const struct gpu_table *table, const char *name)
{
    for (size_t i = 0; i < table->node_count; i++)
        if (strcmp(table->nodes[i].name, name) == 0)
            return &table->nodes[i];
    return NULL;
}

static void add_by_nodes(struct gpu_table *table, const struct gpu_held *held)
{
    auto_nodelist struct nodelist list = { 0 };
    struct err err = { 0 };
    if (nodelist_expand(span_of(held->node_list), &list, &err) < 0)
        return; /* Slurm's word is not one of nodes: as good as not known */
    for (size_t i = 0; i < list.count; i++) {
        const struct gpu_node *node = node_named(table, list.names[i]);
        struct gpu_row *row =
            node && node->only_type ? only_row(table, held->partition, node->only_type) : NULL;
        if (row)
            row->mine += held->gpus_per_node;
    }
}

void gpu_table_add_mine(struct gpu_table *table, const struct gpu_held *held)
{
    struct gpu_row *row = only_row(table, held->partition, held->type);
    if (row)
        row->mine += held->gpus_per_node * held->nodes;
    else if (!held->type && held->node_list)
        add_by_nodes(table, held);
}

static int64_t free_of(const struct gpu_row *row)
{
    int64_t left = row->total - row->in_use - row->down;
    return left > 0 ? left : 0;
}

struct gpu_place gpu_table_place(const struct gpu_table *table, const char *partition, const char *type)
{
    struct gpu_place place = { 0 };
    for (size_t i = 0; i < table->count; i++) {
        const struct gpu_row *row = &table->rows[i];
        if (strcmp(row->partition, partition) != 0 || (type && strcmp(row->type, type) != 0))
            continue;
        place.total += row->total;
        place.free += free_of(row);
    }
    for (size_t i = 0; i < table->queue_count; i++) {
        if (strcmp(table->queues[i].partition, partition) != 0)
            continue;
        place.waiting_jobs += table->queues[i].jobs;
        place.waiting_gpus += table->queues[i].gpus;
    }
    return place;
}

void gpu_table_queues_json(const struct gpu_table *table, struct json_out *out)
{
    json_open_array(out);
    for (size_t i = 0; i < table->queue_count; i++) {
        json_open_object(out);
        json_member_str(out, "partition", table->queues[i].partition);
        json_member_int(out, "jobs", table->queues[i].jobs);
        json_member_int(out, "gpus", table->queues[i].gpus);
        json_close_object(out);
    }
    json_close_array(out);
}

void gpu_table_json(const struct gpu_table *table, const struct gpu_view *view, struct json_out *out)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct gpu_row *row = &table->rows[i];
        json_open_object(out);
        json_member_str(out, "cluster", view->cluster);
        if (row->partition[0])
            json_member_str(out, "partition", row->partition);
        if (*row->type)
            json_member_str(out, "type", row->type);
        json_member_int(out, "total", row->total);
        json_member_int(out, "free", free_of(row));
        json_member_int(out, "in_use", row->in_use);
        json_member_int(out, "mine", row->mine);
        json_member_int(out, "down", row->down);
        json_member_int(out, "pending", row->pending);
        json_member_int(out, "whole_nodes_free", row->whole_nodes_free);
        json_member_int(out, "nodes_total", row->nodes_total);
        json_member_int(out, "gpus_per_node", row->gpus_per_node);
        json_member_time(out, "observed_at", view->observed_us);
        if (view->stale)
            json_member_bool(out, "stale", true);
        json_close_object(out);
    }
}

void gpu_table_nodes_json(const struct gpu_table *table, const struct gpu_view *view, struct json_out *out)
{
    for (size_t i = 0; i < table->node_count; i++) {
        const struct gpu_node *node = &table->nodes[i];
        json_open_object(out);
        json_member_str(out, "cluster", view->cluster);
        json_member_str(out, "name", node->name);
        json_member_str(out, "state", node->state);
        json_member_bool(out, "accepts_work", node->accepts_work);
        json_member_str(out, "partitions", node->partitions);
        json_member_raw(out, "gpus", span_of(node->gpus));
        if (node->cpus != SEEN_ABSENT)
            json_member_int(out, "cpus", node->cpus);
        if (node->cpus_in_use != SEEN_ABSENT)
            json_member_int(out, "cpus_in_use", node->cpus_in_use);
        if (node->mem_mb != SEEN_ABSENT)
            json_member_int(out, "mem_bytes", node->mem_mb * 1024 * 1024);
        if (node->mem_in_use_mb != SEEN_ABSENT)
            json_member_int(out, "mem_in_use_bytes", node->mem_in_use_mb * 1024 * 1024);
        json_member_time(out, "observed_at", view->observed_us);
        json_close_object(out);
    }
}
