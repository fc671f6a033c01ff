#include "store/event_store.h"

#include "base/limits.h"
#include "store/job_rows.h"

#include <assert.h>

int event_store_add(struct store *store, const char *topic, const char *kind, const char *data, int64_t *id,
                    struct err *err)
{
    if (change_begin(store, err) < 0)
        return -1;
    const struct new_event event = { 0, topic, kind, data };
    if (change_end(store, event_row_add(store, &event, err), err) < 0)
        return -1;
    if (id)
        *id = store->next_event - 1;
    return 0;
}

static enum sql_id list_by(const struct event_query *query)
{
    if (query->job_id)
        return SQL_EVENT_OF_JOB;
    return query->topic ? SQL_EVENT_OF_TOPIC : SQL_EVENT_LIST;
}

int event_store_list(struct store *store, const struct event_query *query, event_store_each *each, void *ctx,
                     struct err *err)
{
    enum sql_id id = list_by(query);
    auto_call struct call call = call_open(store, id);
    call_int(&call, 1, query->after_id);
    call_int(&call, 2, query->limit ? (int64_t)query->limit : DEFAULT_PAGE_ROWS);
    if (id == SQL_EVENT_OF_JOB) {
        call_int(&call, 3, query->job_id);
        call_int(&call, 5, query->no_numbers);
    }
    if (id != SQL_EVENT_LIST)
        call_text(&call, 4, query->topic);
    int rc;
    while ((rc = call_step(&call, err)) == 1) {
        const struct event_row row = {
            .id = sqlite3_column_int64(call.stmt, 0),
            .time_us = sqlite3_column_int64(call.stmt, 1),
            .job_id = sqlite3_column_int64(call.stmt, 2),
            .topic = call_get(&call, 3).ptr,
            .kind = call_get(&call, 4).ptr,
            .data = call_get(&call, 5).ptr,
        };
        if (each(ctx, &row, err) < 0)
            return -1;
    }
    return rc;
}

int64_t event_store_last(struct store *store)
{
    return store->committed_event;
}

int event_store_first(struct store *store, int64_t *id, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_EVENT_FIRST);
    if (call_step(&call, err) < 0)
        return -1;
    *id = sqlite3_column_int64(call.stmt, 0);
    return 0;
}

/* The last of the oldest events that are all too old; 0 none. Those from a time that is still to come were
 * written while the clock was wrong: they say nothing of their age, and go with what lies behind them. */
static int find_old(struct store *store, int64_t older_than_us, int64_t *last, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_EVENT_OLDEST);
    call_int(&call, 1, store->next_event - 1); /* the newest stays: ids go on from it after a restart */
    call_int(&call, 2, MAX_PRUNE_ROWS);
    call_int(&call, 3, clock_wall_us(store->clock));
    *last = 0;
    int rc;
    while ((rc = call_step(&call, err)) == 1 && sqlite3_column_int64(call.stmt, 1) < older_than_us)
        *last = sqlite3_column_int64(call.stmt, 0);
    return rc < 0 ? -1 : 0;
}

static int prune(struct store *store, int64_t older_than_us, int64_t *removed, struct err *err)
{
    int64_t last = 0;
    if (find_old(store, older_than_us, &last, err) < 0)
        return -1;
    auto_call struct call call = call_open(store, SQL_EVENT_PRUNE);
    call_int(&call, 1, last);
    if (call_run(&call, err) < 0)
        return -1;
    *removed = sqlite3_changes64(store->writer);
    return 0;
}

int event_store_prune(struct store *store, int64_t older_than_us, int64_t *removed, struct err *err)
{
    int64_t count = 0;
    if (change_begin(store, err) < 0)
        return -1;
    if (change_end(store, prune(store, older_than_us, &count, err), err) < 0)
        return -1;
    if (removed)
        *removed = count;
    return 0;
}

void event_store_on_commit(struct store *store, void (*fn)(void *ctx, int64_t last_id), void *ctx)
{
    assert(store->hook_count < MAX_COMMIT_HOOKS);
    store->hooks[store->hook_count++] = (struct commit_hook){ fn, ctx };
}

void event_store_off_commit(struct store *store, const void *ctx)
{
    size_t kept = 0;
    for (size_t i = 0; i < store->hook_count; i++)
        if (store->hooks[i].ctx != ctx)
            store->hooks[kept++] = store->hooks[i];
    store->hook_count = kept;
}
