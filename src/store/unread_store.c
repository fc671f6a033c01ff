#include "store/unread_store.h"

#include "store/call.h"

int unread_store_list(struct store *store, int64_t after, int64_t *ids, size_t max, size_t *count,
                      struct err *err)
{
    auto_call struct call call = call_open(store, SQL_UNREAD_LIST);
    int rc = 1;
    call_int(&call, 1, after);
    call_int(&call, 2, (int64_t)max);
    for (*count = 0; *count < max && (rc = call_step(&call, err)) == 1; ++*count)
        ids[*count] = sqlite3_column_int64(call.stmt, 0);
    return rc < 0 ? -1 : 0;
}

static int remove_job(struct store *store, int64_t job_id, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_UNREAD_REMOVE);
    call_int(&call, 1, job_id);
    return call_run(&call, err);
}

int unread_store_remove(struct store *store, int64_t job_id, struct err *err)
{
    if (change_begin(store, err) < 0)
        return -1;
    return change_end(store, remove_job(store, job_id, err), err);
}
