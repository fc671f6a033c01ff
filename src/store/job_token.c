#include "store/job_token.h"

#include "store/call.h"

static int put(struct store *store, int64_t job_id, const char *hash, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_JOB_TOKEN_PUT);
    call_text(&call, 1, hash);
    call_int(&call, 2, job_id);
    call_int(&call, 3, clock_wall_us(store->clock));
    return call_run(&call, err);
}

int job_token_put(struct store *store, int64_t job_id, const char *hash, struct err *err)
{
    if (change_begin(store, err) < 0)
        return -1;
    return change_end(store, put(store, job_id, hash, err), err);
}

int job_token_get(struct store *store, const char *hash, int64_t *job_id, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_JOB_TOKEN_GET);
    call_text(&call, 1, hash);
    int rc = call_step(&call, err);
    if (rc < 0)
        return -1;
    if (rc == 0)
        return err_set(err, ERR_NOT_FOUND, "no job has that token");
    *job_id = sqlite3_column_int64(call.stmt, 0);
    return 0;
}

static int drop(struct store *store, int64_t job_id, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_JOB_TOKEN_DROP);
    call_int(&call, 1, job_id);
    return call_run(&call, err);
}

int job_token_drop(struct store *store, int64_t job_id, struct err *err)
{
    if (change_begin(store, err) < 0)
        return -1;
    return change_end(store, drop(store, job_id, err), err);
}

int job_token_list(struct store *store, int64_t after, int64_t *job_ids, int max, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_JOB_TOKEN_LIST);
    int count = 0, rc;
    call_int(&call, 1, after);
    call_int(&call, 2, max);
    while ((rc = call_step(&call, err)) == 1 && count < max)
        job_ids[count++] = sqlite3_column_int64(call.stmt, 0);
    return rc < 0 ? -1 : count;
}
