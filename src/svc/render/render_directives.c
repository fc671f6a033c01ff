#include "svc/render/render_part.h"

#include "base/limits.h"
#include "base/mem.h"
#include "slurm/directive.h"
#include "slurm/jobid.h"

#include <string.h>

struct directives {
    const struct render_input *in;
    const struct resolved *r;
    struct str *to;
    struct rendered *out;
    struct errs *errs;
    unsigned line;
    bool has_failed;
};

static void tell(struct directives *d, const struct err *err, const char *path)
{
    struct errs_item item = { .code = err->code, .path = path, .text = err->text };
    if (render_has_path(d->r, path)) {
        const struct origin *origin = resolved_origin(d->r, path);
        item.file = origin->file;
        item.line = origin->line;
        item.col = origin->col;
        item.pointer = origin->pointer;
    }
    errs_add(d->errs, &item);
    d->has_failed = true;
}

/* One line, checked by the option's grammar; what is wrong is told at the value's own origin. value NULL:
 * none. */
static void add(struct directives *d, const char *option, const char *value, const char *path)
{
    struct err err;
    if (!value)
        return;
    if (directive_add(d->to, option, span_of(value), &err) < 0) {
        tell(d, &err, path);
        return;
    }
    *vec_push(d->out->lines, d->out->line_count, d->out->line_cap) =
        (struct render_line){ .line = d->line++, .path = path };
}

/* Our own, fixed ones: relative to the run directory, which sbatch is told by --chdir. */
static void add_fixed(struct directives *d, const char *line)
{
    str_add(d->to, line);
    d->line++;
}

static void add_int(struct directives *d, const char *option, int64_t value, const char *path)
{
    auto_str struct str text = STR_MAX(32);
    str_addf(&text, "%lld", (long long)value);
    add(d, option, str_text(&text), path);
}

static void add_name(struct directives *d)
{
    const struct doc *extra = resolved_doc(d->r, "slurm.extra");
    add(d, "job-name", d->in->name, "name");
    if (!doc_get(extra, "comment"))
        add(d, "comment", d->in->token, "slurm.extra");
    add_fixed(d, "#SBATCH --output=\"slurm.log\"\n");
    add_fixed(d, "#SBATCH --open-mode=\"append\"\n");
    if (!resolved_bool(d->r, "env.inherit"))
        add(d, "export", "NIL", "env.inherit");
}

static void add_sizes(struct directives *d)
{
    int64_t gpus = resolved_int(d->r, "resources.gpus", 0),
            tasks = resolved_int(d->r, "resources.tasks_per_node", 1);
    int64_t cpus_per_gpu = resolved_int(d->r, "resources.cpus_per_gpu", 0);
    int64_t mem_per_gpu = resolved_int(d->r, "resources.mem_per_gpu", 0);
    int64_t mem = resolved_int(d->r, "resources.mem", -1), time_s = resolved_int(d->r, "resources.time", 0);
    auto_str struct str text = STR_MAX(64);
    tasks = tasks < 1 ? 1 : tasks;
    add_int(d, "nodes", resolved_int(d->r, "resources.nodes", 1), "resources.nodes");
    add_int(d, "ntasks-per-node", tasks, "resources.tasks_per_node");
    if (cpus_per_gpu > 0 && gpus > 0) /* per node, shared by its tasks */
        add_int(d, "cpus-per-task", (cpus_per_gpu * gpus + tasks - 1) / tasks, "resources.cpus_per_gpu");
    else
        add_int(d, "cpus-per-task", resolved_int(d->r, "resources.cpus", 1), "resources.cpus");
    bool is_per_gpu = mem_per_gpu > 0 && gpus > 0;
    mem = is_per_gpu ? mem_per_gpu * gpus : mem;
    if (mem >= 0) {
        str_addf(&text, "%lldM", (long long)((mem + 1024 * 1024 - 1) / (1024 * 1024)));
        add(d, "mem", mem ? str_text(&text) : "0", is_per_gpu ? "resources.mem_per_gpu" : "resources.mem");
        str_cut(&text, 0);
    }
    if (time_s > 0) {
        str_addf(&text, "%lld-%02d:%02d:%02d", (long long)(time_s / 86400), (int)(time_s / 3600 % 24),
                 (int)(time_s / 60 % 60), (int)(time_s % 60));
        add(d, "time", str_text(&text), "resources.time");
    }
}

/* What the cluster calls our type. */
static const char *raw_type(const struct render_input *in)
{
    const char *type = resolved_str(in->resolved, "resources.gpu_type");
    const struct cluster_gpu *gpu = type ? cluster_gpu(in->cluster, type) : NULL;
    return gpu && gpu->request ? gpu->request : type;
}

static void add_gpu_count(struct directives *d, const char *option, const char *prefix, const char *type,
                          int64_t count)
{
    auto_str struct str text = STR_MAX(512);
    str_add(&text, prefix);
    if (type)
        str_addf(&text, "%s:", type);
    str_addf(&text, "%lld", (long long)count);
    add(d, option, str_text(&text), type ? "resources.gpu_type" : "resources.gpus");
}

static void add_gpus(struct directives *d)
{
    int64_t gpus = resolved_int(d->r, "resources.gpus", 0), nodes = resolved_int(d->r, "resources.nodes", 1);
    const char *type = raw_type(d->in);
    if (gpus <= 0)
        return;
    switch ((enum gpu_style)d->in->cluster->gpu_request_style) {
    case GPU_GRES:
        add_gpu_count(d, "gres", "gpu:", type, gpus);
        break;
    case GPU_GPUS: /* of the whole job */
        add_gpu_count(d, "gpus", "", type, gpus * nodes);
        break;
    case GPU_PER_NODE:
        add_gpu_count(d, "gpus-per-node", "", type, gpus);
        break;
    case GPU_CONSTRAINT: /* the type is a feature, or stands for a partition */
    case GPU_PARTITION:
        add_gpu_count(d, "gres", "gpu:", NULL, gpus);
        break;
    case GPU_NONE:
        break;
    }
}

/* Where to run: what style of GPU request names a type by feature or partition is joined in here. */
static void add_place(struct directives *d)
{
    const char *constraint = resolved_str(d->r, "slurm.constraint"),
               *partition = resolved_str(d->r, "slurm.partition");
    const char *type = resolved_int(d->r, "resources.gpus", 0) > 0 ? raw_type(d->in) : NULL;
    enum gpu_style style = (enum gpu_style)d->in->cluster->gpu_request_style;
    auto_str struct str text = STR_MAX(1024);
    if (style == GPU_PARTITION && !partition && type)
        add(d, "partition", type, "resources.gpu_type");
    else
        add(d, "partition", partition, "slurm.partition");
    if (style == GPU_CONSTRAINT && type) {
        if (constraint && strpbrk(constraint, "|"))
            str_addf(&text, "(%s)&%s", constraint, type);
        else
            str_addf(&text, "%s%s%s", constraint ? constraint : "", constraint ? "&" : "", type);
        add(d, "constraint", str_text(&text), "resources.gpu_type");
    } else {
        add(d, "constraint", constraint, "slurm.constraint");
    }
    add(d, "account", resolved_str(d->r, "slurm.account"), "slurm.account");
    add(d, "qos", resolved_str(d->r, "slurm.qos"), "slurm.qos");
    add(d, "reservation", resolved_str(d->r, "slurm.reservation"), "slurm.reservation");
}

static bool is_among(const struct doc *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].text, text) == 0)
            return true;
    return false;
}

/* The site's are avoided whatever the project avoids; where it names none, they are the key's own value. */
static void add_exclude(struct directives *d)
{
    const struct doc *own = resolved_doc(d->r, "slurm.exclude");
    const struct strs *site = &d->in->cluster->exclude_nodes;
    auto_str struct str text = STR_MAX(MAX_CONFIG_BYTES);
    for (size_t i = 0; i < own->count; i++)
        str_addf(&text, "%s%s", text.len ? "," : "", own->items[i].text);
    for (size_t i = 0; i < site->count; i++)
        if (!is_among(own, site->items[i]))
            str_addf(&text, "%s%s", text.len ? "," : "", site->items[i]);
    add(d, "exclude", text.len ? str_text(&text) : NULL, "slurm.exclude");
}

/* The leaf of that option, which knows where it was written. */
static const char *extra_path(const struct resolved *r, const char *option)
{
    static const char dict[] = "slurm.extra.";
    for (size_t i = 0; i < resolved_count(r); i++) {
        const char *path = resolved_leaf(r, i).path;
        if (strncmp(path, dict, sizeof(dict) - 1) == 0 && strcmp(path + sizeof(dict) - 1, option) == 0)
            return path;
    }
    return "slurm.extra";
}

/* true is a flag that is set, false and null one that is not. comment and wait-all-nodes and their like take
 * values. */
static void add_extra(struct directives *d, const struct doc *item)
{
    struct err err;
    const char *value = doc_scalar_text(item), *path = extra_path(d->r, item->key);
    if (item->kind == DOC_BOOL)
        value = item->boolean ? "" : NULL;
    if (value && strcmp(item->key, "comment") != 0 && directive_allow_extra(item->key, &err) < 0) {
        tell(d, &err, path);
        return;
    }
    add(d, item->key, value, path);
}

/* slurm.max_array of the cluster; without it the cluster's own MaxArraySize speaks, at sbatch. */
static void check_array(struct directives *d, const char *array)
{
    struct err err = { 0 };
    auto_slurm_tasks struct slurm_tasks tasks = { 0 };
    int64_t most = d->in->cluster->slurm.max_array, last;
    if (!array || most <= 0 || slurm_tasks_expand(span_of(array), &tasks, NULL) < 0 ||
        !tasks.count) /* none of a text that is cut */
        return;
    last = tasks.tasks[tasks.count - 1];
    if (last <= most)
        return;
    err_set(&err, ERR_INVALID,
            "task %lld is beyond the cluster's largest array index, %lld (slurm.max_array)", (long long)last,
            (long long)most);
    tell(d, &err, "slurm.array");
}

static void add_rest(struct directives *d)
{
    const struct doc *extra = resolved_doc(d->r, "slurm.extra");
    const char *nice = resolved_is_default(d->r, "slurm.nice") ? NULL : resolved_str(d->r, "slurm.nice");
    add_exclude(d);
    if (nice)
        add_int(d, "nice", resolved_int(d->r, "slurm.nice", 0), "slurm.nice");
    add(d, "begin", resolved_str(d->r, "slurm.begin"), "slurm.begin");
    add(d, "dependency", resolved_str(d->r, "slurm.dependency"), "slurm.dependency");
    check_array(d, resolved_str(d->r, "slurm.array"));
    add(d, "array", resolved_str(d->r, "slurm.array"), "slurm.array");
    if (resolved_bool(d->r, "resources.exclusive"))
        add(d, "exclusive", "", "resources.exclusive");
    for (size_t i = 0; extra->kind == DOC_MAP && i < extra->count; i++)
        add_extra(d, &extra->items[i]);
}

int render_directives(const struct render_input *in, unsigned first_line, struct str *to,
                      struct rendered *out, struct errs *errs)
{
    struct directives d = {
        .in = in, .r = in->resolved, .to = to, .out = out, .errs = errs, .line = first_line
    };
    add_name(&d);
    add_sizes(&d);
    add_gpus(&d);
    add_place(&d);
    add_rest(&d);
    return d.has_failed ? -1 : 0;
}
