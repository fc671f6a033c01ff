#include "store/misc_store.h"

#include "base/mem.h"
#include "store/call.h"

#include <string.h>

/* --- projects --- */

void project_row_clear(struct project_row *row)
{
    mem_clear_str(&row->name);
    mem_clear_str(&row->path);
    mem_clear_str(&row->url);
    mem_clear_str(&row->group);
    row->created_at_us = row->synced_at_us = 0;
}

static int put_project(struct store *store, const struct project_row *row, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_PROJECT_PUT);
    call_text(&call, 1, row->name);
    call_text(&call, 2, row->path);
    call_text(&call, 3, row->url);
    call_text(&call, 4, row->group);
    call_int(&call, 5, row->created_at_us);
    call_int(&call, 6, row->synced_at_us);
    return call_run(&call, err);
}

int project_store_put(struct store *store, const struct project_row *row, struct err *err)
{
    if (change_begin(store, err) < 0)
        return -1;
    return change_end(store, put_project(store, row, err), err);
}

static struct project_row project_of(struct call *call)
{
    return (struct project_row){
        .name = call_dup(call, 0),
        .path = call_dup(call, 1),
        .url = call_dup(call, 2),
        .group = call_dup(call, 3),
        .created_at_us = sqlite3_column_int64(call->stmt, 4),
        .synced_at_us = sqlite3_column_int64(call->stmt, 5),
    };
}

int project_store_get(struct store *store, const char *name, struct project_row *out, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_PROJECT_GET);
    call_text(&call, 1, name);
    int rc = call_step(&call, err);
    if (rc == 0)
        return err_set(err, ERR_NOT_FOUND, "no project %.200s", name);
    if (rc < 0)
        return -1;
    *out = project_of(&call);
    return 0;
}

static int remove_project(struct store *store, const char *name, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_PROJECT_REMOVE);
    call_text(&call, 1, name);
    if (call_run(&call, err) < 0)
        return -1;
    if (sqlite3_changes(store->writer) == 0)
        return err_set(err, ERR_NOT_FOUND, "no project %.200s", name);
    return 0;
}

int project_store_remove(struct store *store, const char *name, struct err *err)
{
    if (change_begin(store, err) < 0)
        return -1;
    return change_end(store, remove_project(store, name, err), err);
}

int project_store_list(struct store *store, project_store_each *each, void *ctx, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_PROJECT_LIST);
    call_text(&call, 1, "");
    int rc;
    while ((rc = call_step(&call, err)) == 1) {
        struct project_row row = project_of(&call);
        int given = each(ctx, &row, err);
        project_row_clear(&row);
        if (given < 0)
            return -1;
    }
    return rc;
}

/* --- kept replies --- */

void idempotent_reply_clear(struct idempotent_reply *reply)
{
    mem_clear_str(&reply->hash);
    mem_clear_str(&reply->body);
    mem_clear_str(&reply->location);
    reply->status = reply->job_id = 0;
}

int idempotency_get(struct store *store, const char *scope, const char *key, struct idempotent_reply *out,
                    struct err *err)
{
    auto_call struct call call = call_open(store, SQL_IDEM_GET);
    call_text(&call, 1, scope);
    call_text(&call, 2, key);
    int rc = call_step(&call, err);
    if (rc == 0)
        return err_set(err, ERR_NOT_FOUND, "no reply is kept for this key");
    if (rc < 0)
        return -1;
    *out = (struct idempotent_reply){
        .hash = call_dup(&call, 0),
        .body = call_dup(&call, 1),
        .location = call_dup(&call, 2),
        .status = sqlite3_column_int64(call.stmt, 3),
        .job_id = sqlite3_column_int64(call.stmt, 4),
    };
    return 0;
}

struct kept {
    const char *scope, *key;
    const struct idempotent_reply *reply;
};

static int put_reply(struct store *store, const struct kept *kept, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_IDEM_PUT);
    call_text(&call, 1, kept->scope);
    call_text(&call, 2, kept->key);
    call_text(&call, 3, kept->reply->hash);
    call_text(&call, 4, kept->reply->body);
    call_text(&call, 5, kept->reply->location);
    call_int(&call, 6, kept->reply->status);
    call_int(&call, 7, kept->reply->job_id);
    call_int(&call, 8, clock_wall_us(store->clock));
    return call_run(&call, err);
}

int idempotency_put(struct store *store, const char *scope, const char *key,
                    const struct idempotent_reply *reply, struct err *err)
{
    const struct kept kept = { scope, key, reply };
    if (change_begin(store, err) < 0)
        return -1;
    return change_end(store, put_reply(store, &kept, err), err);
}

static int prune(struct store *store, int64_t older_than_us, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_IDEM_PRUNE);
    call_int(&call, 1, older_than_us);
    call_int(&call, 2, MAX_PRUNE_ROWS);
    return call_run(&call, err);
}

int idempotency_prune(struct store *store, int64_t older_than_us, struct err *err)
{
    if (change_begin(store, err) < 0)
        return -1;
    return change_end(store, prune(store, older_than_us, err), err);
}

/* --- values --- */

static int put_value(struct store *store, const char *key, const char *value, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_VALUE_PUT);
    call_text(&call, 1, key);
    call_text(&call, 2, value);
    return call_run(&call, err);
}

int value_store_put(struct store *store, const char *key, const char *value, struct err *err)
{
    if (change_begin(store, err) < 0)
        return -1;
    return change_end(store, put_value(store, key, value, err), err);
}

int value_store_get(struct store *store, const char *key, char **out, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_VALUE_GET);
    call_text(&call, 1, key);
    int rc = call_step(&call, err);
    if (rc < 0)
        return -1;
    *out = rc == 1 ? call_dup(&call, 0) : NULL;
    return 0;
}
