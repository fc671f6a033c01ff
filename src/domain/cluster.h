/* clusters.yaml as the gateway uses it: one struct a cluster, filled through the schema's rows.
 *
 * Integers are BIND_NONE (-1) where the file says null or auto; strings NULL where null. The document behind
 * each cluster (entry over `defaults`) stays at hand: resolve() takes the job defaults and their positions
 * from it. */
#ifndef SLUICE_DOMAIN_CLUSTER_H
#define SLUICE_DOMAIN_CLUSTER_H

#include "domain/notifier_config.h"
#include "domain/schema_bind.h"

enum cluster_type { CLUSTER_SLURM, CLUSTER_LOCAL, CLUSTER_SSH };
enum cluster_backend { BACKEND_AUTO, BACKEND_LIBSSH2, BACKEND_OPENSSH };
enum cluster_host_key { HOST_KEY_STRICT, HOST_KEY_ACCEPT_NEW };
enum gpu_style { GPU_GRES, GPU_CONSTRAINT, GPU_GPUS, GPU_PER_NODE, GPU_PARTITION, GPU_NONE };

struct cluster_partition {
    char *name;
    struct strs gpu_types;
    bool preemptible;
    int64_t max_time_s; /* BIND_NONE unknown */
    char *note;
};

/* A GPU type of our naming and what the cluster calls it. */
struct cluster_gpu {
    char *type;
    struct strs match;
    int64_t mem_bytes; /* BIND_NONE unknown */
    char *request;     /* what to ask for (a GRES type, feature or partition), NULL: the type itself */
};

struct cluster_config {
    char *name;
    int type;          /* enum cluster_type */
    char *host, *user; /* of user@host; host NULL: this machine */
    int64_t port;      /* BIND_NONE: 22 */
    char *ssh_key_path, *proxy_jump;
    struct {
        int backend, host_key; /* enum cluster_backend, cluster_host_key */
        char *known_hosts, *passphrase_secret, *config_file;
        int64_t keepalive_s, connect_timeout_s, command_timeout_s, max_channels, max_logins_per_hour;
        int64_t login_lifetime_s; /* BIND_NONE unknown */
    } ssh;
    char *workspace; /* may begin with ~/ */
    bool enabled;
    struct strs allowed_partitions, allowed_gpu_types; /* empty: all */
    char *conda_env;
    int gpu_request_style; /* enum gpu_style */
    bool use_login_shell;
    struct strs prelude; /* lines before each remote command */
    bool requires_vpn, requires_manual_auth;
    char *connection_instructions; /* shown when it cannot be reached; of the vpn_* keys where there are no
                                      own */
    struct {
        int64_t active_s, pending_s, gpu_s, log_s, max_commands_per_minute;
        int sacct; /* 0 auto, 1 always, 2 never */
    } poll;
    struct {
        char *bin_dir, *cluster;
        int64_t max_array; /* BIND_NONE: what sbatch says */
    } slurm;
    struct strs exclude_nodes;
    struct {
        int64_t gpus, slots_per_gpu, cpu_slots;
    } local;
    struct cluster_partition *partitions;
    size_t partition_count;
    struct cluster_gpu *gpus;
    size_t gpu_count;
    struct doc *doc; /* the merged entry, with positions; NULL for the built-in cluster */
    char *file;      /* where it stands, or NULL */
};

struct clusters_config {
    struct cluster_config *items; /* addresses stay while the list lives */
    size_t count;
    struct notifiers notifiers;
};

/* text empty or only comments, or `clusters` absent: the one cluster `local`. -1 with all errors of the file.
 */
int clusters_config_parse(struct span text, const char *file, struct clusters_config **out,
                          struct errs *errs);
struct clusters_config *clusters_config_builtin(void);
void clusters_config_free(struct clusters_config *clusters);
void clusters_config_free_ptr(struct clusters_config **clusters);
#define auto_clusters_config __attribute__((cleanup(clusters_config_free_ptr)))

const struct cluster_config *clusters_config_find(const struct clusters_config *clusters, const char *name);
const struct cluster_partition *cluster_partition(const struct cluster_config *cluster, const char *name);
const struct cluster_gpu *cluster_gpu(const struct cluster_config *cluster, const char *type);
/* Our type's name of what the cluster calls a GPU ("nvidia_a100-sxm4-80gb" by the `match` lists, else
 * itself). */
struct span cluster_gpu_type(const struct cluster_config *cluster, struct span raw);
/* "slurm", "process". */
const char *cluster_scheduler(const struct cluster_config *cluster);

#endif
