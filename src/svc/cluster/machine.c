#include "svc/cluster/machine.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/misc_store.h"
#include "svc/jobs.h"
#include "text/json_in.h"
#include "text/json_out.h"

#include <string.h>

enum { MAX_MACHINE_BYTES = 64 * 1024 };

static const char *const types[] = {
    [CLUSTER_SLURM] = "slurm", [CLUSTER_LOCAL] = "local", [CLUSTER_SSH] = "ssh"
};

static const char *or_else(const char *text, const char *other)
{
    return text && *text ? text : other;
}

static void add_type(const struct cluster_config *config, struct str *to)
{
    str_add(to, types[config->type]);
}

static void add_user(const struct cluster_config *config, struct str *to)
{
    str_add(to, or_else(config->user, "the default"));
}

static void add_workspace(const struct cluster_config *config, struct str *to)
{
    str_add(to, or_else(config->workspace, "the default"));
}

static void add_slurm_cluster(const struct cluster_config *config, struct str *to)
{
    str_add(to, or_else(config->slurm.cluster, "the default"));
}

static void add_host(const struct cluster_config *config, struct str *to)
{
    str_add(to, or_else(config->host, "this machine"));
    if (config->port > 0)
        str_addf(to, ":%lld", (long long)config->port);
}

static const struct part {
    const char *name;
    void (*add)(const struct cluster_config *config, struct str *to);
    bool is_door; /* another door may lead to the same site */
} parts[] = {
    { "type", add_type, false },
    { "user", add_user, false },
    { "workspace", add_workspace, false },
    { "slurm.cluster", add_slurm_cluster, false },
    { "host", add_host, true },
};

enum { PART_COUNT = sizeof(parts) / sizeof(parts[0]) };

static void add_key(struct str *key, const struct cluster_config *config)
{
    str_addf(key, "machine.%s", config->name);
}

/* What the name stood for; NULL: nothing is known. */
static struct doc *recall(const struct gateway *gw, const struct cluster_config *config)
{
    auto_str struct str key = STR_MAX(ERR_TEXT_BYTES);
    auto_free char *text = NULL;
    struct doc *doc = NULL;
    add_key(&key, config);
    if (value_store_get(gw->store, str_text(&key), &text, NULL) < 0 || !text ||
        json_parse(span_of(text), &doc, NULL) < 0)
        return NULL;
    return doc;
}

struct sent {
    size_t all, open; /* open: whether it reached the cluster is not known yet */
};

static void count_sent(void *ctx, struct job *job)
{
    struct sent *sent = ctx;
    sent->all += job->phase != PHASE_INTENT;
    sent->open += job->phase == PHASE_LAUNCHING || job->phase == PHASE_UNKNOWN;
}

static int refuse(const struct part *part, const struct cluster_config *config, const char *was, size_t count,
                  struct err *err)
{
    auto_str struct str is = STR_MAX(MAX_MACHINE_BYTES);
    part->add(config, &is);
    return err_set(
        err, ERR_CONFLICT,
        "the %s of cluster %s cannot become %s while %zu of its jobs %s (it is %s): change it when they "
        "have %s, or give the other one a name of its own",
        part->name, config->name, str_text(&is), count,
        part->is_door ? "may or may not have reached it" : "are under way there", was,
        part->is_door ? "been found" : "ended");
}

int machine_check(const struct gateway *gw, const struct cluster_config *config, struct err *err)
{
    auto_doc struct doc *before = recall(gw, config);
    struct sent sent = { 0 };
    jobs_each(gw->jobs, config->name, count_sent, &sent);
    for (size_t i = 0; before && sent.all && i < PART_COUNT; i++) {
        auto_str struct str is = STR_MAX(MAX_MACHINE_BYTES);
        const char *was = doc_scalar_text(doc_get(before, parts[i].name));
        size_t count = parts[i].is_door ? sent.open : sent.all;
        parts[i].add(config, &is);
        if (was && count && strcmp(was, str_text(&is)) != 0)
            return refuse(&parts[i], config, was, count, err);
    }
    return 0;
}

static void add_machine(const struct cluster_config *config, struct str *to)
{
    struct json_out out = { .to = to };
    json_open_object(&out);
    for (size_t i = 0; i < PART_COUNT; i++) {
        auto_str struct str text = STR_MAX(MAX_MACHINE_BYTES);
        parts[i].add(config, &text);
        json_member_str(&out, parts[i].name, str_text(&text));
    }
    json_close_object(&out);
}

bool machine_keep(const struct gateway *gw, const struct cluster_config *config)
{
    auto_str struct str key = STR_MAX(ERR_TEXT_BYTES), text = STR_MAX(8 * MAX_MACHINE_BYTES);
    auto_free char *before = NULL;
    struct err err = { 0 };
    add_key(&key, config);
    add_machine(config, &text);
    if (value_store_get(gw->store, str_text(&key), &before, &err) == 0 && before &&
        strcmp(before, str_text(&text)) == 0)
        return false;
    if (value_store_put(gw->store, str_text(&key), str_text(&text), &err) < 0)
        log_warn("cluster %s: which machine it is was not stored: %s", config->name, err.text);
    return before != NULL;
}
