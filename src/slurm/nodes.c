#include "slurm/nodes.h"

#include "base/mem.h"
#include "slurm/row.h"
#include "slurm/value.h"

#include <stdlib.h>
#include <string.h>

enum key {
    KEY_NAME,
    KEY_STATE,
    KEY_PARTITIONS,
    KEY_ACTIVE,
    KEY_CPU_ALLOC,
    KEY_CPU_TOT,
    KEY_MEM,
    KEY_MEM_ALLOC,
    KEY_GRES,
    KEY_GRES_USED,
    KEY_CFG,
    KEY_ALLOC,
    KEY_REASON,
    KEY_COUNT
};

static const char *const keys[KEY_COUNT] = {
    [KEY_NAME] = "NodeName",         [KEY_STATE] = "State",        [KEY_PARTITIONS] = "Partitions",
    [KEY_ACTIVE] = "ActiveFeatures", [KEY_CPU_ALLOC] = "CPUAlloc", [KEY_CPU_TOT] = "CPUTot",
    [KEY_MEM] = "RealMemory",        [KEY_MEM_ALLOC] = "AllocMem", [KEY_GRES] = "Gres",
    [KEY_GRES_USED] = "GresUsed",    [KEY_CFG] = "CfgTRES",        [KEY_ALLOC] = "AllocTRES",
    [KEY_REASON] = "Reason",
};

int nodes_command(struct str *sh, const char *bin_dir, const char *cluster, struct err *err)
{
    size_t start = sh->len;
    if (cluster && !row_is_plain_name(span_of(cluster)))
        return err_set(err, ERR_INVALID, "'%s' is no cluster name for scontrol", cluster);
    str_add(sh, "LC_ALL=C SLURM_TIME_FORMAT=%s ");
    if (row_add_tool(sh, bin_dir, "scontrol", err) < 0) {
        str_cut(sh, start);
        return -1;
    }
    if (cluster)
        str_addf(sh, " -M %s", cluster);
    str_add(sh, " show node -d -o");
    return 0;
}

struct values {
    struct span of[KEY_COUNT];
    bool is_set[KEY_COUNT];
};

/* The first of each key; the reason is all that follows it. */
static void read_values(struct span line, struct values *values)
{
    struct span word, rest = line;
    while (span_next(&rest, ' ', &word)) {
        size_t equals = span_find_char(word, '=');
        if (equals == word.len)
            continue;
        struct span name = span_head(word, equals);
        for (int k = 0; k < KEY_COUNT; k++) {
            if (values->is_set[k] || !span_is(name, keys[k]))
                continue;
            values->is_set[k] = true;
            values->of[k] = span_skip(word, equals + 1);
            if (k == KEY_REASON) {
                values->of[k] = span_trim(
                    (struct span){ values->of[k].ptr, values->of[k].len + rest.len + (rest.len ? 1 : 0) });
                return;
            }
        }
    }
}

/* Makes typed what only has a number: where the other source names types for exactly that many. */
static void prefer_typed(struct slurm_gpus *gpus, const struct slurm_gpus *other)
{
    bool is_untyped = gpus->count == 1 && !gpus->items[0].type.len;
    if (gpus->count == 0 || (is_untyped && slurm_gpus_total(other) == slurm_gpus_total(gpus)))
        *gpus = *other;
}

static struct slurm_node_gpu *find_gpu(struct slurm_node *node, struct span type)
{
    for (size_t i = 0; i < node->gpu_count; i++)
        if (span_eq(node->gpus[i].type, type))
            return &node->gpus[i];
    return NULL;
}

/* Use that names no type of this node, over its types in their order. */
static void spread_use(struct slurm_node *node, uint32_t used)
{
    for (size_t i = 0; i < node->gpu_count && used; i++) {
        struct slurm_node_gpu *gpu = &node->gpus[i];
        uint32_t room = gpu->total > gpu->used ? gpu->total - gpu->used : 0;
        uint32_t part = used < room ? used : room;
        gpu->used += part;
        used -= part;
    }
}

static void merge_gpus(struct slurm_node *node, const struct slurm_gpus *total, const struct slurm_gpus *used)
{
    uint32_t untyped = 0;
    for (size_t i = 0; i < total->count; i++)
        node->gpus[node->gpu_count++] =
            (struct slurm_node_gpu){ total->items[i].type, total->items[i].count, 0 };
    for (size_t i = 0; i < used->count; i++) {
        struct slurm_node_gpu *gpu = find_gpu(node, used->items[i].type);
        if (gpu)
            gpu->used += used->items[i].count;
        else
            untyped += used->items[i].count;
    }
    spread_use(node, untyped);
}

static int read_gpus(struct slurm_node *node, const struct values *values)
{
    struct slurm_gpus cfg, gres, alloc, used;
    if (slurm_tres_parse(values->of[KEY_CFG], &cfg, NULL) < 0 ||
        slurm_gres_parse(values->of[KEY_GRES], &gres, NULL) < 0 ||
        slurm_tres_parse(values->of[KEY_ALLOC], &alloc, NULL) < 0 ||
        slurm_gres_parse(values->of[KEY_GRES_USED], &used, NULL) < 0)
        return -1;
    prefer_typed(&cfg, &gres);
    bool has_alloc = values->is_set[KEY_ALLOC];
    if (!has_alloc || slurm_gpus_total(&alloc) > 0)
        prefer_typed(&alloc, &used);
    merge_gpus(node, &cfg, &alloc);
    return 0;
}

static const char *read_node(struct span line, struct slurm_node *node)
{
    struct values values = { .is_set = { false } };
    read_values(line, &values);
    if (!values.of[KEY_NAME].len)
        return "no node name";
    if (!values.of[KEY_STATE].len)
        return "no state";
    node->name = values.of[KEY_NAME];
    node->state = values.of[KEY_STATE];
    node->partitions = slurm_text(values.of[KEY_PARTITIONS]);
    node->features = slurm_text(values.of[KEY_ACTIVE]);
    node->reason = values.of[KEY_REASON];
    node->accepts = slurm_node_accepts(node->state);
    (void)span_u64(values.of[KEY_CPU_TOT], &node->cpus);
    (void)span_u64(values.of[KEY_CPU_ALLOC], &node->cpus_used);
    (void)slurm_bytes(values.of[KEY_MEM], 1024 * 1024, &node->mem_bytes);
    (void)slurm_bytes(values.of[KEY_MEM_ALLOC], 1024 * 1024, &node->mem_used_bytes);
    return read_gpus(node, &values) < 0 ? "GPUs not understood" : NULL;
}

int slurm_parse_nodes(struct span text, struct slurm_nodes *nodes, struct err *err)
{
    auto_slurm_nodes struct slurm_nodes found = { 0 };
    struct span line;
    while (span_next_line(&text, &line)) {
        struct slurm_node node = { .gpu_count = 0 };
        if (!span_trim(line).len)
            continue;
        const char *why = read_node(line, &node);
        if (why) {
            row_reject(&found.rejected, found.reject, why, line);
            continue;
        }
        if (found.count == MAX_NODES)
            return err_set(err, ERR_TOO_LARGE, "the cluster has more than %d nodes", MAX_NODES);
        *vec_push(found.nodes, found.count, found.cap) = node;
    }
    *nodes = found;
    found = (struct slurm_nodes){ 0 };
    return 0;
}

void slurm_nodes_clear(struct slurm_nodes *nodes)
{
    free(nodes->nodes);
    *nodes = (struct slurm_nodes){ 0 };
}

uint32_t slurm_node_gpu_free(const struct slurm_node *node, const struct slurm_node_gpu *gpu)
{
    return node->accepts && gpu->total > gpu->used ? gpu->total - gpu->used : 0;
}

bool slurm_node_is_whole(const struct slurm_node *node)
{
    if (!node->accepts || !node->gpu_count)
        return false;
    for (size_t i = 0; i < node->gpu_count; i++)
        if (node->gpus[i].used)
            return false;
    return true;
}
