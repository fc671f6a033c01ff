#include "domain/resolve_leaf.h"

#include "base/mem.h"
#include "domain/param.h"
#include "text/units.h"

#include <stdlib.h>
#include <string.h>

enum { MIB = 1 << 20, TEXT_BYTES = 2048 };

struct rules {
    const struct resolve_input *in;
    struct resolved *r;
    struct errs *errs;
    bool failed;
};

/* Reports at the place where the value came from. */
static void fail_at(struct rules *k, const struct leaf *leaf, const char *text, const char *hint)
{
    struct errs_item item = { .file = leaf->origin.file,
                              .line = leaf->origin.line,
                              .col = leaf->origin.col,
                              .path = leaf->path,
                              .pointer = leaf->origin.pointer,
                              .text = text,
                              .hint = hint };
    k->failed = true;
    (void)errs_add(k->errs, &item);
}

static void fail_err(struct rules *k, const struct leaf *leaf, const struct err *err)
{
    struct errs_item item = { .code = err->code,
                              .file = leaf->origin.file,
                              .line = leaf->origin.line,
                              .col = leaf->origin.col,
                              .path = leaf->path,
                              .pointer = leaf->origin.pointer,
                              .text = err->text };
    k->failed = true;
    (void)errs_add(k->errs, &item);
}

static bool is_set(const struct leaf *leaf)
{
    return leaf->value.kind != DOC_NULL && leaf->origin.layer != LAYER_BUILTIN &&
           leaf->origin.layer != LAYER_LIMIT;
}

static void unset(struct leaf *leaf, const struct leaf *winner)
{
    doc_clear(&leaf->value);
    leaf_set_origin(leaf, &winner->origin);
}

/* Ways to say the same thing. Of two layers the higher one is meant; in one layer they contradict. */
static const struct {
    const char *a, *b;
} pairs[] = {
    { "command", "shell" },
    { "resources.cpus", "resources.cpus_per_gpu" },
    { "resources.mem", "resources.mem_per_gpu" },
    { "resources.gpu_type", "resources.gpu_mem" },
};

static void settle_pair(struct rules *k, struct leaf *a, struct leaf *b)
{
    if (!is_set(b))
        return;
    if (!is_set(a) || a->origin.layer < b->origin.layer) {
        unset(a, b);
        return;
    }
    if (a->origin.layer > b->origin.layer) {
        unset(b, a);
        return;
    }
    auto_str struct str text = STR_MAX(TEXT_BYTES);
    str_addf(&text, "excludes %s, which is set here too: ", a->path);
    origin_text(&a->origin, &text);
    fail_at(k, b, str_text(&text), "leave one of them out");
}

static void settle_pairs(struct rules *k)
{
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        settle_pair(k, resolved_need(k->r, pairs[i].a), resolved_need(k->r, pairs[i].b));
}

/* A train_script of a higher layer is meant instead of a command below it. */
static void settle_program(struct rules *k)
{
    struct leaf *script = resolved_need(k->r, "train_script");
    static const char *const others[] = { "command", "shell" };
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct leaf *other = resolved_need(k->r, others[i]);
        if (is_set(script) && is_set(other) && script->origin.layer > other->origin.layer)
            unset(other, script);
    }
    struct leaf *command = resolved_need(k->r, "command");
    if (command->value.kind == DOC_SEQ && command->value.count == 0)
        fail_at(k, command, "is empty: it needs at least the program", NULL);
}

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
    if (!has_no_gpus(k) || gpus->value.integer == 0)
        return;
    auto_str struct str text = STR_MAX(TEXT_BYTES);
    if (is_set(gpus)) {
        str_addf(&text, "asks for GPUs, and cluster %s has none", k->in->cluster->name);
        fail_at(k, gpus, str_text(&text), "0, or another cluster");
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
    fail_at(k, mem, str_text(&text), "clusters.yaml: gpus: {TYPE: {mem: 80G}}");
}

static void check_gpu_type(struct rules *k, const struct leaf *type)
{
    const struct cluster_config *cluster = k->in->cluster;
    auto_str struct str text = STR_MAX(TEXT_BYTES), hint = STR_MAX(TEXT_BYTES);
    const char *name = type->value.text;
    if (!is_allowed_type(cluster, name)) {
        str_addf(&text, "%s is not allowed on cluster %s", name, cluster->name);
        strs_join(&cluster->allowed_gpu_types, ", ", &hint);
        fail_at(k, type, str_text(&text), str_text(&hint));
    }
    if (resolved_int(k->r, "resources.gpus", 0) == 0)
        fail_at(k, type, "names a GPU type, and resources.gpus is 0",
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
        fail_at(k, partition, str_text(&text), str_text(&hint));
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

static void settle_time(struct rules *k)
{
    struct leaf *time = resolved_need(k->r, "resources.time");
    const char *partition = resolved_str(k->r, "slurm.partition");
    int64_t most = max_time(k);
    if (most <= 0 || time->value.integer <= most)
        return;
    auto_str struct str text = STR_MAX(TEXT_BYTES);
    if (!is_set(time)) {
        str_addf(&text, "lowered to the limit of partition %s", partition ? partition : "(the default one)");
        lower(time, most, str_text(&text));
        return;
    }
    str_addf(&text, "%s is over the limit of partition %s, ", time->value.text,
             partition ? partition : "(the default one)");
    units_add_duration(&text, most);
    fail_at(k, time, str_text(&text), NULL);
}

/* A built-in size that no node there has would be refused. What it comes to is the share of a node that the
 * GPUs asked for are, so that the node's other GPUs stay of use; without GPUs the whole node. */
static void settle_size(struct rules *k, const char *path, int64_t of_node, const char *what)
{
    int64_t unit = of_node > MIB ? MIB : 1; /* Slurm counts memory in MiB */
    struct leaf *size = resolved_need(k->r, path);
    if (of_node <= 0 || is_set(size) || size->value.kind != DOC_INT || size->value.integer <= of_node)
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

/* What `env.activate: auto` comes to, and whether what is named is there. */
static void settle_activate(struct rules *k)
{
    struct leaf *activate = resolved_need(k->r, "env.activate");
    const struct leaf *conda = resolved_need(k->r, "conda_env"), *venv = resolved_need(k->r, "env.venv");
    bool has_conda = conda->value.kind == DOC_STR, has_venv = venv->value.kind == DOC_STR;
    const char *how = activate->value.text;
    if (strcmp(how, "auto") == 0) {
        const struct leaf *why = has_conda ? conda : has_venv ? venv : activate;
        struct origin origin = origin_dup(&why->origin);
        doc_clear(&activate->value);
        doc_set_str(&activate->value, has_conda ? "conda" : has_venv ? "venv" : "none");
        leaf_set_origin(activate, &origin);
        origin_clear(&origin);
        return;
    }
    bool is_conda = strcmp(how, "conda") == 0 || strcmp(how, "mamba") == 0;
    if (is_conda && !has_conda)
        fail_at(k, activate, "needs conda_env", NULL);
    if (strcmp(how, "venv") == 0 && !has_venv)
        fail_at(k, activate, "needs env.venv", NULL);
}

static void set_word(struct leaf *leaf, const char *word)
{
    doc_clear(&leaf->value);
    doc_set_str(&leaf->value, word);
}

/* What `auto` of launcher and tasks comes to. */
static void settle_launch(struct rules *k)
{
    struct leaf *launcher = resolved_need(k->r, "launch.launcher");
    struct leaf *tasks = resolved_need(k->r, "resources.tasks_per_node");
    int64_t nodes = resolved_int(k->r, "resources.nodes", 1), gpus = resolved_int(k->r, "resources.gpus", 0);
    bool is_slurm = k->in->cluster->type == CLUSTER_SLURM,
         is_auto = strcmp(launcher->value.text, "auto") == 0;
    bool is_several = nodes > 1 || resolved_int(k->r, "resources.tasks_per_node", 1) > 1;
    if (is_auto)
        set_word(launcher, is_several && is_slurm ? "srun" : "none");
    bool is_srun = strcmp(launcher->value.text, "srun") == 0;
    if (is_srun && !is_slurm)
        fail_at(k, launcher, "srun needs a Slurm cluster", "auto, or none");
    if (tasks->value.kind == DOC_STR) {
        doc_clear(&tasks->value);
        doc_set_int(&tasks->value, is_srun && gpus > 0 ? gpus : 1);
    }
}

/* What `style: auto` comes to. Without declared parameters key=value is what existing projects are used to.
 */
static void settle_style(struct rules *k)
{
    struct leaf *style = resolved_need(k->r, "style");
    static const char *const hydra[] = { "hydra.config_dir", "hydra.config_name" };
    bool is_hydra = k->in->has_hydra_conf || resolved_dict(k->r, "params")->count == 0;
    for (size_t i = 0; i < ARRAY_LEN(hydra); i++)
        is_hydra = is_hydra || is_set(resolved_need(k->r, hydra[i]));
    if (strcmp(style->value.text, "auto") == 0)
        set_word(style, is_hydra ? "hydra" : "args");
}

static void check_single_machine(struct rules *k)
{
    if (k->in->cluster->type == CLUSTER_SLURM)
        return;
    static const char *const counts[] = { "resources.nodes", "resources.tasks_per_node" };
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        const struct leaf *leaf = resolved_need(k->r, counts[i]);
        if (leaf->value.kind == DOC_INT && leaf->value.integer > 1)
            fail_at(k, leaf, "this cluster is one machine that runs one task a job", "1, or a Slurm cluster");
    }
    const struct leaf *array = resolved_need(k->r, "slurm.array");
    if (array->value.kind == DOC_STR)
        fail_at(k, array, "job arrays need a Slurm cluster", NULL);
}

static void check_per_gpu(struct rules *k)
{
    static const char *const paths[] = { "resources.cpus_per_gpu", "resources.mem_per_gpu" };
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        const struct leaf *leaf = resolved_need(k->r, paths[i]);
        if (leaf->value.kind == DOC_INT && resolved_int(k->r, "resources.gpus", 0) == 0)
            fail_at(k, leaf, "is per GPU, and resources.gpus is 0", NULL);
    }
}

static void check_overrides(struct rules *k)
{
    const struct doc *overrides = resolved_overrides(k->r), *params = resolved_dict(k->r, "params");
    for (size_t i = 0; i < overrides->count; i++) {
        auto_str struct str path = STR_MAX(TEXT_BYTES);
        struct err err;
        const struct doc *value = &overrides->items[i];
        str_addf(&path, "overrides.%s", value->key);
        if (param_check(value->key, value, doc_get(params, value->key), &err) < 0)
            fail_err(k, resolved_need(k->r, str_text(&path)), &err);
    }
}

static void check_placeholders(struct rules *k)
{
    static const char *const lists[] = { "command", "args", "request.args" };
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        const struct leaf *leaf = resolved_need(k->r, lists[i]);
        struct err err;
        for (size_t n = 0; leaf->value.kind == DOC_SEQ && n < leaf->value.count; n++)
            if (placeholder_check(leaf->value.items[n].text, &err) < 0)
                fail_err(k, leaf, &err);
    }
}

static bool is_listed(const struct doc *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].text, name) == 0)
            return true;
    return false;
}

static void check_links(struct rules *k)
{
    const struct doc *links = resolved_dict(k->r, "links");
    for (size_t i = 0; links && i < links->count; i++) {
        auto_str struct str path = STR_MAX(TEXT_BYTES);
        struct span address = span_of(doc_scalar_text(&links->items[i]));
        str_addf(&path, "links.%s", links->items[i].key);
        if (!span_starts(address, "https://") && !span_starts(address, "http://"))
            fail_at(k, resolved_need(k->r, str_text(&path)),
                    "is no address that begins with http:// or https://", "https://grafana.example.org/d/*");
    }
}

/* A value nobody takes would vanish; a secret whose name is not declared as one would not be kept as one. */
static void check_environment(struct rules *k)
{
    const struct doc *given = k->in->request ? doc_get(k->in->request->doc, "environment") : NULL;
    const struct doc *pass = resolved_doc(k->r, "env.pass"), *secrets = resolved_doc(k->r, "env.secrets");
    for (size_t i = 0; given && i < given->count; i++) {
        const char *name = given->items[i].key;
        if (is_listed(pass, name) || is_listed(secrets, name))
            continue;
        auto_str struct str path = STR_MAX(TEXT_BYTES), pointer = STR_MAX(TEXT_BYTES);
        str_addf(&path, "environment.%s", name);
        str_addf(&pointer, "/environment/%s", name);
        k->failed = true;
        (void)errs_add(k->errs, &(struct errs_item){ .path = str_text(&path),
                                                     .pointer = str_text(&pointer),
                                                     .text = "is in neither env.pass nor env.secrets",
                                                     .hint = "name it in one of them" });
    }
}

int resolve_rules(const struct resolve_input *in, struct resolved *r, struct errs *errs)
{
    struct rules k = { .in = in, .r = r, .errs = errs };
    settle_pairs(&k);
    settle_program(&k);
    settle_gpus(&k);
    settle_gpu_type(&k);
    check_partition(&k);
    settle_time(&k);
    settle_sizes(&k);
    settle_activate(&k);
    settle_launch(&k);
    settle_style(&k);
    check_single_machine(&k);
    check_per_gpu(&k);
    check_overrides(&k);
    check_placeholders(&k);
    check_links(&k);
    check_environment(&k);
    return k.failed ? -1 : 0;
}
