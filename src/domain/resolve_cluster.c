/* What the cluster allows: defaults are fitted to it, values that exceed it are refused. */
#include "domain/resolve_rules.h"

#include "base/mem.h"
#include "text/units.h"

enum { MIB = 1 << 20, TEXT_BYTES = 2048 };

static bool has_no_gpus(const struct rules *k)
{
    const struct cluster_config *c = k->in->cluster;
    return k->in->has_no_gpus || c->gpu_request_style == GPU_NONE ||
           (c->type != CLUSTER_SLURM && c->local.gpus == 0);
}

static void lower(struct leaf *leaf, int64_t value, const char *why)
{
    struct origin origin = { .layer = LAYER_LIMIT, .detail = why };
    doc_clear(&leaf->value);
    doc_set_int(&leaf->value, value);
    leaf_set_origin(leaf, &origin);
}

static void settle_gpus(struct rules *k)
{
    struct leaf *gpus = resolved_need(k->r, "resources.gpus");
    const struct cluster_config *cluster = k->in->cluster;
    auto_str struct str text = STR_MAX(TEXT_BYTES);
    if (cluster->type != CLUSTER_SLURM && cluster->local.gpus > 0 &&
        gpus->value.integer > cluster->local.gpus) {
        str_addf(&text, "asks for %lld, and cluster %s has %lld", (long long)gpus->value.integer,
                 cluster->name, (long long)cluster->local.gpus);
        rules_fail(k, gpus, str_text(&text), NULL);
        return;
    }
    if (!has_no_gpus(k) || gpus->value.integer == 0)
        return;
    if (leaf_is_set(gpus)) {
        str_addf(&text, "asks for GPUs, and cluster %s has none", k->in->cluster->name);
        rules_fail(k, gpus, str_text(&text), "0, or another cluster");
        return;
    }
    str_addf(&text, "cluster %s has no GPUs", k->in->cluster->name);
    lower(gpus, 0, str_text(&text));
}

static bool is_allowed_type(const struct cluster_config *cluster, const char *type)
{
    return cluster->allowed_gpu_types.count == 0 || strs_has(&cluster->allowed_gpu_types, type);
}

static bool is_known_type(const struct cluster_config *cluster, const char *type)
{
    if (!is_allowed_type(cluster, type))
        return false;
    return cluster->gpu_count == 0 || cluster_gpu(cluster, type) || cluster->allowed_gpu_types.count > 0;
}

/* A list of types becomes the first that the cluster knows. */
static void settle_type_list(struct rules *k, struct leaf *type)
{
    auto_free char *chosen = NULL;
    for (size_t i = 0; !chosen && i < type->value.count; i++)
        if (is_known_type(k->in->cluster, type->value.items[i].text))
            chosen = mem_dup_str(type->value.items[i].text);
    if (!chosen && type->value.count)
        chosen = mem_dup_str(type->value.items[0].text);
    doc_clear(&type->value);
    if (chosen)
        doc_set_str(&type->value, chosen);
}

/* At least so much memory: the smallest type that has it. */
static void settle_gpu_mem(struct rules *k, struct leaf *type, const struct leaf *mem)
{
    const struct cluster_config *cluster = k->in->cluster;
    const struct cluster_gpu *best = NULL;
    for (size_t i = 0; i < cluster->gpu_count; i++) {
        const struct cluster_gpu *gpu = &cluster->gpus[i];
        bool fits = gpu->mem_bytes >= mem->value.integer && is_allowed_type(cluster, gpu->type);
        if (fits && (!best || gpu->mem_bytes < best->mem_bytes))
            best = gpu;
    }
    if (best) {
        doc_clear(&type->value);
        doc_set_str(&type->value, best->type);
        leaf_set_origin(type, &mem->origin);
        return;
    }
    auto_str struct str text = STR_MAX(TEXT_BYTES);
    str_add(&text, "no GPU type with ");
    units_add_size(&text, (uint64_t)mem->value.integer);
    str_addf(&text, " is known on cluster %s", cluster->name);
    rules_fail(k, mem, str_text(&text), "clusters.yaml: gpus: {TYPE: {mem: 80G}}");
}

static void check_gpu_type(struct rules *k, const struct leaf *type)
{
    const struct cluster_config *cluster = k->in->cluster;
    auto_str struct str text = STR_MAX(TEXT_BYTES), hint = STR_MAX(TEXT_BYTES);
    const char *name = type->value.text;
    if (!is_allowed_type(cluster, name)) {
        str_addf(&text, "%s is not allowed on cluster %s", name, cluster->name);
        strs_join(&cluster->allowed_gpu_types, ", ", &hint);
        rules_fail(k, type, str_text(&text), str_text(&hint));
    }
    if (resolved_int(k->r, "resources.gpus", 0) == 0)
        rules_fail(k, type, "names a GPU type, and resources.gpus is 0",
                   "set resources.gpus, or leave the type out");
}

static void settle_gpu_type(struct rules *k)
{
    struct leaf *type = resolved_need(k->r, "resources.gpu_type");
    struct leaf *mem = resolved_need(k->r, "resources.gpu_mem");
    if (type->value.kind == DOC_SEQ)
        settle_type_list(k, type);
    if (mem->value.kind == DOC_INT)
        settle_gpu_mem(k, type, mem);
    if (type->value.kind == DOC_STR)
        check_gpu_type(k, type);
}

static void check_partition(struct rules *k)
{
    const struct leaf *partition = resolved_need(k->r, "slurm.partition");
    const struct strs *allowed = &k->in->cluster->allowed_partitions;
    if (partition->value.kind != DOC_STR || allowed->count == 0)
        return;
    struct span rest = span_of(partition->value.text), one;
    while (span_next(&rest, ',', &one)) {
        auto_free char *name = span_dup(one);
        if (strs_has(allowed, name))
            continue;
        auto_str struct str text = STR_MAX(TEXT_BYTES), hint = STR_MAX(TEXT_BYTES);
        str_addf(&text, "partition %s is not allowed on cluster %s", name, k->in->cluster->name);
        strs_join(allowed, ", ", &hint);
        rules_fail(k, partition, str_text(&text), str_text(&hint));
    }
}

/* The partition's limit: as Slurm told, or as clusters.yaml says. */
static int64_t max_time(const struct rules *k)
{
    const struct cluster_partition *p =
        cluster_partition(k->in->cluster, resolved_str(k->r, "slurm.partition"));
    int64_t told = k->in->max_time_s, ours = p ? p->max_time_s : BIND_NONE;
    if (told <= 0 || (ours > 0 && ours < told))
        return ours;
    return told;
}

/* A built-in day that its partition does not allow would wait for ever (PartitionTimeLimit). */
static void leave_time_to_partition(struct leaf *time)
{
    struct origin origin = { .layer = LAYER_LIMIT,
                             .detail = "left to the partition: what it allows is not known yet" };
    doc_clear(&time->value);
    leaf_set_origin(time, &origin);
}

static void settle_time(struct rules *k)
{
    struct leaf *time = resolved_need(k->r, "resources.time");
    const char *partition = resolved_str(k->r, "slurm.partition");
    int64_t most = max_time(k);
    if (k->in->cluster->type == CLUSTER_SLURM && k->in->are_limits_unknown && most <= 0 &&
        !leaf_is_set(time)) {
        leave_time_to_partition(time);
        return;
    }
    if (most <= 0 || time->value.integer <= most)
        return;
    auto_str struct str text = STR_MAX(TEXT_BYTES);
    if (!leaf_is_set(time)) {
        str_addf(&text, "lowered to the limit of partition %s", partition ? partition : "(the default one)");
        lower(time, most, str_text(&text));
        return;
    }
    str_addf(&text, "%s is over the limit of partition %s, ", time->value.text,
             partition ? partition : "(the default one)");
    units_add_duration(&text, most);
    rules_fail(k, time, str_text(&text), NULL);
}

/* A built-in size that no node there has would be refused. What it comes to is the share of a node that the
 * GPUs asked for are, so that the node's other GPUs stay of use; without GPUs the whole node. */
static void settle_size(struct rules *k, const char *path, int64_t of_node, const char *what)
{
    int64_t unit = of_node > MIB ? MIB : 1; /* Slurm counts memory in MiB */
    struct leaf *size = resolved_need(k->r, path);
    if (of_node <= 0 || leaf_is_set(size) || size->value.kind != DOC_INT || size->value.integer <= of_node)
        return;
    int64_t gpus = resolved_int(k->r, "resources.gpus", 0), all = k->in->node.gpus, share = of_node;
    if (gpus > 0 && gpus < all)
        share = of_node / unit * gpus / all * unit;
    auto_str struct str text = STR_MAX(TEXT_BYTES);
    str_addf(&text, "lowered to what a node there has%s: its largest has %s",
             share < of_node ? ", by its GPUs" : "", what);
    lower(size, share > 0 ? share : unit, str_text(&text));
}

/* "16000M", as a person would have written it. */
static void spell_mem(struct leaf *mem)
{
    auto_str struct str text = STR_MAX(64);
    if (mem->origin.layer != LAYER_LIMIT)
        return;
    units_add_mem(&text, (uint64_t)mem->value.integer);
    mem_replace_str(&mem->value.text, str_text(&text));
}

static void settle_sizes(struct rules *k)
{
    auto_str struct str mem = STR_MAX(64), cpus = STR_MAX(64);
    if (k->in->cluster->type != CLUSTER_SLURM)
        return;
    units_add_size(&mem, k->in->node.mem_bytes);
    str_addf(&cpus, "%lld CPUs", (long long)k->in->node.cpus);
    settle_size(k, "resources.mem", k->in->node.mem_bytes, str_text(&mem));
    spell_mem(resolved_need(k->r, "resources.mem"));
    settle_size(k, "resources.cpus", k->in->node.cpus, str_text(&cpus));
}

void resolve_within_cluster(struct rules *k)
{
    settle_gpus(k);
    settle_gpu_type(k);
    check_partition(k);
    settle_time(k);
    settle_sizes(k);
}
