#include "store/outbox.h"

#include "base/mem.h"
#include "store/call.h"

#include <string.h>

static const char *const words[] = {
    [OUTBOX_WAITING] = "waiting",
    [OUTBOX_DELIVERED] = "delivered",
    [OUTBOX_DEAD] = "dead",
};
_Static_assert(ARRAY_LEN(words) == OUTBOX_STATUS_COUNT, "a word for each status");

const char *outbox_status_word(enum outbox_status status)
{
    return words[status];
}

void outbox_row_clear(struct outbox_row *row)
{
    mem_clear_str(&row->delivery);
    mem_clear_str(&row->notifier);
    mem_clear_str(&row->occasion);
    mem_clear_str(&row->state);
    mem_clear_str(&row->message);
    mem_clear_str(&row->error);
}

static int add(struct store *store, const struct outbox_row *row, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_OUTBOX_ADD);
    call_text(&call, 1, row->delivery);
    call_int(&call, 2, row->event_id);
    call_int(&call, 3, row->job_id);
    call_text(&call, 4, row->notifier);
    call_text(&call, 5, row->occasion);
    call_text(&call, 6, row->state);
    call_int(&call, 7, row->event_at_us);
    call_int(&call, 8, clock_wall_us(store->clock));
    call_int(&call, 9, row->due_at_us);
    return call_run(&call, err);
}

int outbox_add(struct store *store, const struct outbox_row *row, struct err *err)
{
    if (change_begin(store, err) < 0)
        return -1;
    return change_end(store, add(store, row, err), err);
}

static int update(struct store *store, const struct outbox_row *row, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_OUTBOX_UPDATE);
    call_int(&call, 1, row->id);
    call_text(&call, 2, row->message);
    call_text(&call, 3, words[row->status]);
    call_int(&call, 4, row->tries);
    call_int(&call, 5, row->due_at_us);
    call_int(&call, 6, row->last_try_at_us);
    call_int(&call, 7, row->done_at_us);
    call_int(&call, 8, row->answer);
    call_text(&call, 9, row->error);
    return call_run(&call, err);
}

int outbox_update(struct store *store, const struct outbox_row *row, struct err *err)
{
    if (change_begin(store, err) < 0)
        return -1;
    return change_end(store, update(store, row, err), err);
}

static enum outbox_status status_of(struct span word)
{
    for (int i = 0; i < OUTBOX_STATUS_COUNT; i++)
        if (span_is(word, words[i]))
            return (enum outbox_status)i;
    return OUTBOX_DEAD;
}

static struct outbox_row row_of(struct call *call)
{
    sqlite3_stmt *stmt = call->stmt;
    return (struct outbox_row){
        .id = sqlite3_column_int64(stmt, 0),
        .delivery = call_dup(call, 1),
        .event_id = sqlite3_column_int64(stmt, 2),
        .job_id = sqlite3_column_int64(stmt, 3),
        .notifier = call_dup(call, 4),
        .occasion = call_dup(call, 5),
        .state = call_dup(call, 6),
        .message = call_dup(call, 7),
        .status = status_of(call_get(call, 8)),
        .tries = sqlite3_column_int64(stmt, 9),
        .event_at_us = sqlite3_column_int64(stmt, 10),
        .created_at_us = sqlite3_column_int64(stmt, 11),
        .due_at_us = sqlite3_column_int64(stmt, 12),
        .last_try_at_us = sqlite3_column_int64(stmt, 13),
        .done_at_us = sqlite3_column_int64(stmt, 14),
        .answer = sqlite3_column_int64(stmt, 15),
        .error = call_dup(call, 16),
    };
}

static int hand_over(struct call *call, outbox_each *each, void *ctx, struct err *err)
{
    int rc;
    while ((rc = call_step(call, err)) == 1) {
        struct outbox_row row = row_of(call);
        int given = each(ctx, &row, err);
        outbox_row_clear(&row);
        if (given < 0)
            return -1;
    }
    return rc;
}

int outbox_due(struct store *store, const char *notifier, size_t limit, outbox_each *each, void *ctx,
               struct err *err)
{
    auto_call struct call call = call_open(store, SQL_OUTBOX_DUE);
    call_text(&call, 1, notifier);
    call_int(&call, 2, (int64_t)limit);
    return hand_over(&call, each, ctx, err);
}

static int expire(struct store *store, int64_t due_before_us, const char *present, const char *why,
                  struct err *err)
{
    auto_call struct call call = call_open(store, SQL_OUTBOX_EXPIRE);
    call_int(&call, 1, due_before_us);
    call_int(&call, 2, clock_wall_us(store->clock));
    call_text(&call, 3, why);
    call_int(&call, 4, MAX_PRUNE_ROWS);
    call_text(&call, 5, present);
    return call_run(&call, err);
}

int outbox_expire(struct store *store, int64_t due_before_us, const char *present, const char *why,
                  struct err *err)
{
    if (change_begin(store, err) < 0)
        return -1;
    return change_end(store, expire(store, due_before_us, present, why, err), err);
}

int outbox_list(struct store *store, const struct outbox_query *query, outbox_each *each, void *ctx,
                struct err *err)
{
    auto_call struct call call = call_open(store, SQL_OUTBOX_LIST);
    call_text(&call, 1, query->notifier);
    call_int(&call, 2, query->before_id > 0 ? query->before_id : INT64_MAX);
    call_int(&call, 3, (int64_t)query->limit);
    return hand_over(&call, each, ctx, err);
}

int outbox_count(struct store *store, const char *notifier, struct outbox_counts *out, struct err *err)
{
    struct outbox_counts counts = { 0 };
    auto_call struct call call = call_open(store, SQL_OUTBOX_COUNT);
    call_text(&call, 1, notifier);
    int rc;
    while ((rc = call_step(&call, err)) == 1)
        counts.by_status[status_of(call_get(&call, 0))] = sqlite3_column_int64(call.stmt, 1);
    if (rc == 0)
        *out = counts;
    return rc;
}

static int prune(struct store *store, int64_t older_than_us, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_OUTBOX_PRUNE);
    call_int(&call, 1, older_than_us);
    call_int(&call, 2, MAX_PRUNE_ROWS);
    return call_run(&call, err);
}

int outbox_prune(struct store *store, int64_t older_than_us, struct err *err)
{
    if (change_begin(store, err) < 0)
        return -1;
    return change_end(store, prune(store, older_than_us, err), err);
}
