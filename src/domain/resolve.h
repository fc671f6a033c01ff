/* One job's values from all layers: request > profile > project's overlay for the cluster > project >
 * cluster's entry > built-in. `null` unsets: the built-in default holds again. Lists replace; maps (env.vars,
 * slurm.extra, overrides) merge by key, and null takes a key out. Every leaf knows where it came from. Pure.
 */
#ifndef SLUICE_DOMAIN_RESOLVE_H
#define SLUICE_DOMAIN_RESOLVE_H

#include "domain/cluster.h"
#include "domain/project.h"
#include "domain/report.h"
#include "domain/request.h"
#include "text/json_out.h"

enum layer {
    LAYER_BUILTIN,
    LAYER_CLUSTER, /* clusters.yaml */
    LAYER_PROJECT,
    LAYER_PROJECT_CLUSTER, /* clusters.NAME in the project's file */
    LAYER_PROFILE,
    LAYER_REQUEST,
    LAYER_LIMIT, /* a default lowered to what the cluster allows */
    LAYER_COUNT
};

struct origin {
    enum layer layer;
    const char *file;    /* NULL: built-in or request */
    unsigned line, col;  /* 0 unknown */
    const char *pointer; /* request: "/resources/gpus" */
    const char *detail;  /* name of the profile, cluster or partition; NULL none */
};

struct resolve_input { /* all borrowed, during the call only */
    const struct request *request;
    const struct project_config *project; /* NULL: no file */
    const struct cluster_config *cluster;
    int64_t max_time_s;      /* of the partition asked for (or the default one), <= 0 none known */
    bool are_limits_unknown; /* nobody could ask Slurm yet what its partitions allow */
    struct node_size node;   /* the largest of that partition */
    bool has_no_gpus;        /* the cluster is known to have none */
    bool has_hydra_conf;     /* the project's tree has its hydra.config_dir */
};

struct resolved;

/* -1 with everything found in errs: what contradicts what, each with its origin, and overrides that miss
 * their declaration in `params`. */
int resolve(const struct resolve_input *in, struct resolved **out, struct errs *errs);
void resolved_free(struct resolved *resolved);
void resolved_free_ptr(struct resolved **resolved);
#define auto_resolved __attribute__((cleanup(resolved_free_ptr)))

/* By dotted path, as in docs/config.md. Borrowed. A path that no row knows is our own bug and aborts.
 * str: NULL for null. int: also seconds and bytes; `none` where it is null or a word such as auto. */
const char *resolved_str(const struct resolved *r, const char *path);
int64_t resolved_int(const struct resolved *r, const char *path, int64_t none);
double resolved_f64(const struct resolved *r, const char *path, double none);
bool resolved_bool(const struct resolved *r, const char *path);
/* Lists and maps (a DOC_MAP of env.vars, a DOC_SEQ of args); never NULL, DOC_NULL for null. */
const struct doc *resolved_doc(const struct resolved *r, const char *path);
/* Where it came from; a map's entry by its key behind the path ("env.vars.HOME"). Never NULL. */
const struct origin *resolved_origin(const struct resolved *r, const char *path);
bool resolved_is_default(const struct resolved *r, const char *path);

/* The merged parameters, in order: default_overrides of the layers, then the request's `overrides`. Also what
 * `params` declares with a default. path for origins: "overrides.KEY". */
const struct doc *resolved_overrides(const struct resolved *r);

/* Every leaf, in the table's order: path, value, origin. */
struct resolved_leaf {
    const char *path;
    const struct doc *value;
    const struct origin *origin;
};
size_t resolved_count(const struct resolved *r);
struct resolved_leaf resolved_leaf(const struct resolved *r, size_t index);

/* {"resources.gpus": {"value": 2, "origin": {...}}, ...} for the preview. */
void resolved_json(const struct resolved *r, struct json_out *out);
/* "profile big, .mlops-config.yaml:12:9", "request /resources/gpus", "built-in". */
void origin_text(const struct origin *origin, struct str *to);
void origin_json(const struct origin *origin, struct json_out *out);

#endif
