#include "domain/cluster.h"

#include "base/limits.h"
#include "base/mem.h"
#include "domain/schema_place.h"
#include "text/yaml.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define AT(key, kind, member)                              \
    {                                                      \
        key, kind, offsetof(struct cluster_config, member) \
    }

static const struct bind binds[] = {
    AT("name", BIND_STR, name),
    AT("type", BIND_ENUM, type),
    AT("host", BIND_STR, host),
    AT("port", BIND_INT, port),
    AT("ssh_key_path", BIND_STR, ssh_key_path),
    AT("proxy_jump", BIND_STR, proxy_jump),
    AT("ssh.backend", BIND_ENUM, ssh.backend),
    AT("ssh.host_key", BIND_ENUM, ssh.host_key),
    AT("ssh.known_hosts", BIND_STR, ssh.known_hosts),
    AT("ssh.passphrase_secret", BIND_STR, ssh.passphrase_secret),
    AT("ssh.config_file", BIND_STR, ssh.config_file),
    AT("ssh.keepalive", BIND_INT, ssh.keepalive_s),
    AT("ssh.connect_timeout", BIND_INT, ssh.connect_timeout_s),
    AT("ssh.command_timeout", BIND_INT, ssh.command_timeout_s),
    AT("ssh.max_channels", BIND_INT, ssh.max_channels),
    AT("ssh.max_logins_per_hour", BIND_INT, ssh.max_logins_per_hour),
    AT("ssh.login_lifetime", BIND_INT, ssh.login_lifetime_s),
    AT("workspace", BIND_STR, workspace),
    AT("enabled", BIND_BOOL, enabled),
    AT("allowed_partitions", BIND_STRS, allowed_partitions),
    AT("allowed_gpu_types", BIND_STRS, allowed_gpu_types),
    AT("conda_env", BIND_STR, conda_env),
    AT("gpu_request_style", BIND_ENUM, gpu_request_style),
    AT("use_login_shell", BIND_BOOL, use_login_shell),
    AT("prelude", BIND_STRS, prelude),
    AT("requires_vpn", BIND_BOOL, requires_vpn),
    AT("requires_manual_auth", BIND_BOOL, requires_manual_auth),
    AT("connection_instructions", BIND_STR, connection_instructions),
    AT("poll.active", BIND_INT, poll.active_s),
    AT("poll.pending", BIND_INT, poll.pending_s),
    AT("poll.gpu", BIND_INT, poll.gpu_s),
    AT("poll.log", BIND_INT, poll.log_s),
    AT("poll.max_commands_per_minute", BIND_INT, poll.max_commands_per_minute),
    AT("poll.sacct", BIND_ENUM, poll.sacct),
    AT("slurm.bin_dir", BIND_STR, slurm.bin_dir),
    AT("slurm.cluster", BIND_STR, slurm.cluster),
    AT("slurm.max_array", BIND_INT, slurm.max_array),
    AT("exclude_nodes", BIND_STRS, exclude_nodes),
    AT("local.gpus", BIND_INT, local.gpus),
    AT("local.slots_per_gpu", BIND_INT, local.slots_per_gpu),
    AT("local.cpu_slots", BIND_INT, local.cpu_slots),
};

#define PARTITION_AT(key, kind, member)                       \
    {                                                         \
        key, kind, offsetof(struct cluster_partition, member) \
    }
static const struct bind partition_binds[] = {
    PARTITION_AT("gpu_types", BIND_STRS, gpu_types),
    PARTITION_AT("preemptible", BIND_BOOL, preemptible),
    PARTITION_AT("max_time", BIND_INT, max_time_s),
    PARTITION_AT("note", BIND_STR, note),
};

#define GPU_AT(key, kind, member)                       \
    {                                                   \
        key, kind, offsetof(struct cluster_gpu, member) \
    }
static const struct bind gpu_binds[] = {
    GPU_AT("match", BIND_STRS, match),
    GPU_AT("mem", BIND_INT, mem_bytes),
    GPU_AT("request", BIND_STR, request),
};

static void cluster_clear(struct cluster_config *cluster)
{
    for (size_t i = 0; i < cluster->partition_count; i++) {
        free(cluster->partitions[i].name);
        bind_clear(partition_binds, ARRAY_LEN(partition_binds), &cluster->partitions[i]);
    }
    for (size_t i = 0; i < cluster->gpu_count; i++) {
        free(cluster->gpus[i].type);
        bind_clear(gpu_binds, ARRAY_LEN(gpu_binds), &cluster->gpus[i]);
    }
    free(cluster->partitions);
    free(cluster->gpus);
    bind_clear(binds, ARRAY_LEN(binds), cluster);
    free(cluster->user);
    free(cluster->file);
    doc_free(cluster->doc);
    *cluster = (struct cluster_config){ 0 };
}

void clusters_config_free(struct clusters_config *clusters)
{
    if (!clusters)
        return;
    for (size_t i = 0; i < clusters->count; i++)
        cluster_clear(&clusters->items[i]);
    notifiers_clear(&clusters->notifiers);
    free(clusters->items);
    free(clusters);
}

void clusters_config_free_ptr(struct clusters_config **clusters)
{
    clusters_config_free(*clusters);
}

/* Puts `over` on `doc`, map by map; the positions are those of the value that won. */
static void lay_over(struct doc *doc, const struct doc *over)
{
    for (size_t i = 0; i < over->count; i++) {
        const struct doc *item = &over->items[i];
        struct doc *old = (struct doc *)doc_get(doc, item->key);
        if (old && old->kind == DOC_MAP && item->kind == DOC_MAP) {
            lay_over(old, item);
            continue;
        }
        if (!old)
            old = doc_push(doc, item->key);
        doc_clear(old);
        doc_copy(old, item); /* with its key */
    }
}

static struct doc *merged(const struct doc *defaults, const struct doc *entry)
{
    struct doc *doc = mem_zalloc(sizeof(*doc));
    doc->kind = DOC_MAP;
    if (defaults && defaults->kind == DOC_MAP)
        lay_over(doc, defaults);
    if (entry)
        lay_over(doc, entry);
    doc->line = entry ? entry->line : 0;
    doc->col = entry ? entry->col : 0;
    return doc;
}

static void fill_partitions(struct cluster_config *cluster)
{
    const struct doc *map = doc_get(cluster->doc, "partitions");
    size_t count = map && map->kind == DOC_MAP ? map->count : 0, cap = 0;
    for (size_t i = 0; i < count; i++) {
        struct cluster_partition *one = vec_push(cluster->partitions, cluster->partition_count, cap);
        *one = (struct cluster_partition){ .name = mem_dup_str(map->items[i].key) };
        bind_fill(&schema_clusters, "clusters[].partitions.NAME", &map->items[i], BIND_LIST(partition_binds),
                  one);
    }
}

static void fill_gpus(struct cluster_config *cluster)
{
    const struct doc *map = doc_get(cluster->doc, "gpus");
    size_t count = map && map->kind == DOC_MAP ? map->count : 0, cap = 0;
    for (size_t i = 0; i < count; i++) {
        struct cluster_gpu *one = vec_push(cluster->gpus, cluster->gpu_count, cap);
        *one = (struct cluster_gpu){ .type = mem_dup_str(map->items[i].key) };
        bind_fill(&schema_clusters, "clusters[].gpus.NAME", &map->items[i], BIND_LIST(gpu_binds), one);
    }
}

static bool is_secret_key(const char *key)
{
    static const char *const words[] = { "pass", "secret", "token", "otp", "pin" };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcasestr(key, words[i]))
            return true;
    return false;
}

/* What a person needs to get in, of the old vpn_* keys; never a password. */
static void describe_vpn(struct cluster_config *cluster)
{
    auto_str struct str text = STR_MAX(4096);
    for (size_t i = 0; i < cluster->doc->count; i++) {
        const struct doc *item = &cluster->doc->items[i];
        if (strncmp(item->key, "vpn_", 4) != 0 || is_secret_key(item->key) || schema_is_null(item))
            continue;
        str_addf(&text, "%s%s: %s", text.len ? ", " : "", item->key, doc_scalar_text(item));
    }
    if (!text.len && cluster->requires_vpn)
        str_add(&text, "this cluster is only reached through its VPN");
    if (text.len)
        cluster->connection_instructions = str_steal(&text);
}

static void split_host(struct cluster_config *cluster)
{
    char *at = cluster->host ? strchr(cluster->host, '@') : NULL;
    if (!at)
        return;
    char *host = mem_dup_str(at + 1);
    cluster->user = span_dup((struct span){ cluster->host, (size_t)(at - cluster->host) });
    free(cluster->host);
    cluster->host = host;
}

static void cluster_fill_take(struct cluster_config *cluster, struct doc *doc, const char *file)
{
    *cluster = (struct cluster_config){ .doc = doc, .file = mem_dup_str(file) };
    bind_fill(&schema_clusters, "clusters[]", doc, BIND_LIST(binds), cluster);
    split_host(cluster);
    fill_partitions(cluster);
    fill_gpus(cluster);
    if (!cluster->connection_instructions)
        describe_vpn(cluster);
}

static void add_builtin(struct clusters_config *clusters)
{
    struct doc *doc = mem_zalloc(sizeof(*doc));
    doc->kind = DOC_MAP;
    doc_set_str(doc_push(doc, "name"), "local");
    doc_set_str(doc_push(doc, "type"), "local");
    clusters->items = mem_zalloc(sizeof(*clusters->items));
    clusters->count = 1;
    cluster_fill_take(&clusters->items[0], doc, NULL);
}

struct clusters_config *clusters_config_builtin(void)
{
    struct clusters_config *clusters = mem_zalloc(sizeof(*clusters));
    add_builtin(clusters);
    return clusters;
}

struct fault { /* where something is wrong in the list */
    const char *file;
    size_t index;
    const struct doc *at;
    const char *key;
};

static void add_fault(struct errs *errs, const struct fault *fault, const char *text, const char *hint)
{
    auto_str struct str path = STR_MAX(256), pointer = STR_MAX(256);
    errs_path_key(&path, &pointer, "clusters");
    errs_path_index(&path, &pointer, fault->index);
    errs_path_key(&path, &pointer, fault->key);
    (void)errs_add(errs, &(struct errs_item){ .file = fault->file,
                                              .line = fault->at->line,
                                              .col = fault->at->col,
                                              .path = str_text(&path),
                                              .pointer = str_text(&pointer),
                                              .text = text,
                                              .hint = hint });
}

static bool is_named_before(const struct doc *list, size_t index, const char *name)
{
    for (size_t i = 0; i < index; i++) {
        const char *other = doc_scalar_text(doc_get(&list->items[i], "name"));
        if (other && strcmp(other, name) == 0)
            return true;
    }
    return false;
}

/* What an entry says of it, or the defaults do; NULL where neither does. */
static const struct doc *field(const struct doc *defaults, const struct doc *entry, const char *key)
{
    const struct doc *own = doc_get(entry, key);
    const struct doc *found = own ? own : doc_get(defaults, key);
    return found && !schema_is_null(found) ? found : NULL;
}

static int check_host(const struct doc *defaults, const struct doc *entry, const struct fault *place,
                      struct errs *errs)
{
    const struct doc *type = field(defaults, entry, "type"), *host = field(defaults, entry, "host");
    const char *word = type ? doc_scalar_text(type) : NULL;
    if (word && strcmp(word, "local") == 0 && host) {
        add_fault(errs, &(struct fault){ place->file, place->index, host, "host" },
                  "a cluster of type local is this machine: it has no host",
                  "leave host out, or write type: slurm");
        return -1;
    }
    if (word && strcmp(word, "ssh") == 0 && !host) {
        add_fault(errs, &(struct fault){ place->file, place->index, type, "type" },
                  "a cluster of type ssh needs a host", "add host: [user@]machine, or write type: local");
        return -1;
    }
    return 0;
}

/* What no single row can say; the schema may have found faults already. */
static int check_list(const struct doc *doc, const char *file, struct errs *errs)
{
    const struct doc *list = doc_get(doc, "clusters"), *defaults = doc_get(doc, "defaults");
    size_t count = list && list->kind == DOC_SEQ ? list->count : 0;
    if (count > MAX_CLUSTERS)
        return errs_addf(errs, &(struct errs_item){ .file = file, .line = list->line, .path = "clusters" },
                         "more than %d clusters", MAX_CLUSTERS);
    int rc = 0;
    for (size_t i = 0; i < count; i++) {
        const struct doc *name = doc_get(&list->items[i], "name");
        const char *word = doc_scalar_text(name);
        if (word && is_named_before(list, i, word)) {
            add_fault(errs, &(struct fault){ file, i, name, "name" }, "another cluster has this name already",
                      NULL);
            rc = -1;
        }
        rc |= check_host(defaults, &list->items[i], &(struct fault){ .file = file, .index = i }, errs);
    }
    return rc;
}

static void fill_list(const struct doc *doc, const char *file, struct clusters_config *clusters)
{
    const struct doc *list = doc_get(doc, "clusters");
    if (!list || schema_is_null(list) || list->count == 0) {
        add_builtin(clusters);
        return;
    }
    clusters->items = mem_zalloc((list->count + 1) * sizeof(*clusters->items));
    for (size_t i = 0; i < list->count; i++)
        cluster_fill_take(&clusters->items[clusters->count++],
                          merged(doc_get(doc, "defaults"), &list->items[i]), file);
}

int clusters_config_parse(struct span text, const char *file, struct clusters_config **out, struct errs *errs)
{
    auto_doc struct doc *doc = NULL;
    if (yaml_parse(text, file, &doc, errs) < 0)
        return -1;
    auto_clusters_config struct clusters_config *clusters = mem_zalloc(sizeof(*clusters));
    int rc = schema_check(&schema_clusters, doc, file, errs);
    if (rc == 0 || !errs_within(errs, "notifiers"))
        rc |= notifiers_fill(&clusters->notifiers, doc_get(doc, "notifiers"), file, errs);
    rc |= check_list(doc, file, errs);
    if (rc < 0) {
        errs_sort(errs);
        return -1;
    }
    fill_list(doc, file, clusters);
    *out = move_ptr(clusters);
    return 0;
}

const struct cluster_config *clusters_config_find(const struct clusters_config *clusters, const char *name)
{
    for (size_t i = 0; i < clusters->count; i++)
        if (strcmp(clusters->items[i].name, name) == 0)
            return &clusters->items[i];
    return NULL;
}

const struct cluster_partition *cluster_partition(const struct cluster_config *cluster, const char *name)
{
    for (size_t i = 0; name && i < cluster->partition_count; i++)
        if (strcmp(cluster->partitions[i].name, name) == 0)
            return &cluster->partitions[i];
    return NULL;
}

const struct cluster_gpu *cluster_gpu(const struct cluster_config *cluster, const char *type)
{
    for (size_t i = 0; type && i < cluster->gpu_count; i++)
        if (strcmp(cluster->gpus[i].type, type) == 0)
            return &cluster->gpus[i];
    return NULL;
}

struct span cluster_gpu_type(const struct cluster_config *cluster, struct span raw)
{
    for (size_t i = 0; i < cluster->gpu_count; i++)
        for (size_t k = 0; k < cluster->gpus[i].match.count; k++)
            if (span_is(raw, cluster->gpus[i].match.items[k]))
                return span_of(cluster->gpus[i].type);
    return raw;
}

const char *cluster_scheduler(const struct cluster_config *cluster)
{
    return cluster->type == CLUSTER_SLURM ? "slurm" : "process";
}
