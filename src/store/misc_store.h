/* Projects, idempotency keys, and small values that must survive a restart. */
#ifndef SLUICE_STORE_MISC_STORE_H
#define SLUICE_STORE_MISC_STORE_H

#include "store/store.h"

struct project_row { /* owned strings when filled */
    char *name, *path, *url, *group;
    int64_t created_at_us, synced_at_us;
};
void project_row_clear(struct project_row *row);
#define auto_project_row __attribute__((cleanup(project_row_clear)))
int project_store_put(struct store *store, const struct project_row *row, struct err *err);
int project_store_get(struct store *store, const char *name, struct project_row *out, struct err *err);
int project_store_remove(struct store *store, const char *name, struct err *err);
/* By name. The row is borrowed. */
typedef int project_store_each(void *ctx, const struct project_row *row, struct err *err);
int project_store_list(struct store *store, project_store_each *each, void *ctx, struct err *err);

/* A kept reply (api.md: 7 days). scope is "user route"; hash is of the body. */
struct idempotent_reply {
    char *hash, *body, *location;
    int64_t status, job_id; /* status 0: still in flight, job_id tells which */
};
void idempotent_reply_clear(struct idempotent_reply *reply);
/* 0 and *out filled, or -1 with ERR_NOT_FOUND. */
int idempotency_get(struct store *store, const char *scope, const char *key, struct idempotent_reply *out,
                    struct err *err);
/* Stores or replaces; its age counts from the first time. */
int idempotency_put(struct store *store, const char *scope, const char *key,
                    const struct idempotent_reply *reply, struct err *err);
/* At most MAX_PRUNE_ROWS a call. */
int idempotency_prune(struct store *store, int64_t older_than_us, struct err *err);

int value_store_put(struct store *store, const char *key, const char *value, struct err *err);
/* *out owned, NULL where there is none. */
int value_store_get(struct store *store, const char *key, char **out, struct err *err);

#endif
