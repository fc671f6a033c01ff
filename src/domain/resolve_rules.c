#include "domain/resolve_rules.h"

#include "base/mem.h"
#include "domain/param.h"

#include <string.h>

enum { TEXT_BYTES = 2048 };

void rules_fail(struct rules *k, const struct leaf *leaf, const char *text, const char *hint)
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

bool leaf_is_set(const struct leaf *leaf)
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
    if (!leaf_is_set(b))
        return;
    if (!leaf_is_set(a) || a->origin.layer < b->origin.layer) {
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
    rules_fail(k, b, str_text(&text), "leave one of them out");
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
        if (leaf_is_set(script) && leaf_is_set(other) && script->origin.layer > other->origin.layer)
            unset(other, script);
    }
    struct leaf *command = resolved_need(k->r, "command");
    if (command->value.kind == DOC_SEQ && command->value.count == 0)
        rules_fail(k, command, "is empty: it needs at least the program", NULL);
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
        rules_fail(k, activate, "needs conda_env",
                   "name one, or leave env.activate at auto where clusters.yaml names it");
    if (strcmp(how, "venv") == 0 && !has_venv)
        rules_fail(k, activate, "needs env.venv", "name one, or leave env.activate at auto");
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
        rules_fail(k, launcher, "srun needs a Slurm cluster", "auto, or none");
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
        is_hydra = is_hydra || leaf_is_set(resolved_need(k->r, hydra[i]));
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
            rules_fail(k, leaf, "this cluster is one machine that runs one task a job",
                       "1, or a Slurm cluster");
    }
    static const struct {
        const char *path, *text;
    } only_slurm[] = { { "slurm.array", "job arrays need a Slurm cluster" },
                       { "slurm.dependency", "that a job waits for others needs a Slurm cluster" },
                       { "slurm.begin", "a time before which it does not start needs a Slurm cluster" } };
    for (size_t i = 0; i < ARRAY_LEN(only_slurm); i++) {
        const struct leaf *leaf = resolved_need(k->r, only_slurm[i].path);
        if (leaf->value.kind == DOC_STR)
            rules_fail(k, leaf, only_slurm[i].text, NULL);
    }
}

static void check_per_gpu(struct rules *k)
{
    static const char *const paths[] = { "resources.cpus_per_gpu", "resources.mem_per_gpu" };
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        const struct leaf *leaf = resolved_need(k->r, paths[i]);
        if (leaf->value.kind == DOC_INT && resolved_int(k->r, "resources.gpus", 0) == 0)
            rules_fail(k, leaf, "is per GPU, and resources.gpus is 0", NULL);
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
            rules_fail(k, resolved_need(k->r, str_text(&path)),
                       "is no address that begins with http:// or https://",
                       "https://grafana.example.org/d/*");
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
    resolve_within_cluster(&k);
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
