#include "store/job_rows.h"

#include "base/mem.h"

#include <string.h>

static void bind(struct call *call, int at, const struct job *job, const struct job_field *field)
{
    const void *from = (const char *)job + field->offset;
    switch (field->type) {
    case JOB_STR:
    case JOB_JSON:
        call_text(call, at, *(char *const *)from);
        break;
    case JOB_INT:
        if (*(const int64_t *)from != JOB_ABSENT)
            call_int(call, at, *(const int64_t *)from);
        break;
    case JOB_TIME:
        if (*(const int64_t *)from)
            call_int(call, at, *(const int64_t *)from);
        break;
    case JOB_BOOL:
        call_int(call, at, *(const bool *)from);
        break;
    case JOB_STATE:
        call_text(call, at, job_state_word(*(const enum job_state *)from));
        break;
    case JOB_PHASE:
        call_int(call, at, *(const enum job_phase *)from);
        break;
    case JOB_ELAPSED:
        break;
    }
}

/* The i-th column is parameter i; the id comes first. */
static int put(struct store *store, enum sql_id id, const struct job *job, struct err *err)
{
    auto_call struct call call = call_open(store, id);
    int at = 0;
    for (size_t i = 0; i < job_field_count; i++) {
        if (!job_fields[i].column)
            continue;
        at++;
        if (at > 1 || id == SQL_JOB_UPDATE)
            bind(&call, at, job, &job_fields[i]);
    }
    return call_run(&call, err);
}

int job_row_insert(struct store *store, const struct job *job, struct err *err)
{
    return put(store, SQL_JOB_INSERT, job, err);
}

int job_row_update(struct store *store, const struct job *job, struct err *err)
{
    return put(store, SQL_JOB_UPDATE, job, err);
}

static void fill(struct call *call, int column, struct job *job, const struct job_field *field)
{
    void *to = (char *)job + field->offset;
    bool is_null = sqlite3_column_type(call->stmt, column) == SQLITE_NULL;
    switch (field->type) {
    case JOB_STR:
    case JOB_JSON:
        *(char **)to = call_dup(call, column);
        break;
    case JOB_INT:
        *(int64_t *)to = is_null ? JOB_ABSENT : sqlite3_column_int64(call->stmt, column);
        break;
    case JOB_TIME:
        *(int64_t *)to = sqlite3_column_int64(call->stmt, column);
        break;
    case JOB_BOOL:
        *(bool *)to = sqlite3_column_int(call->stmt, column) != 0;
        break;
    case JOB_STATE:
        *(enum job_state *)to = job_state_of(call_get(call, column));
        break;
    case JOB_PHASE:
        *(enum job_phase *)to = (enum job_phase)sqlite3_column_int(call->stmt, column);
        break;
    case JOB_ELAPSED:
        break;
    }
}

int job_row_read(struct call *call, struct job **out, struct err *err)
{
    auto_job struct job *job = job_new();
    int column = 0;
    for (size_t i = 0; i < job_field_count; i++)
        if (job_fields[i].column)
            fill(call, column++, job, &job_fields[i]);
    if (job->state == JOB_STATE_UNKNOWN)
        return err_set(err, ERR_CORRUPT, "job %lld: stored with a state nobody knows", (long long)job->id);
    *out = move_ptr(job);
    return 0;
}

int event_row_add(struct store *store, const struct new_event *event, struct err *err)
{
    if (event->data && strlen(event->data) > MAX_EVENT_BYTES)
        return err_set(err, ERR_TOO_LARGE, "event %s: its data exceeds %d bytes", event->kind,
                       MAX_EVENT_BYTES);
    auto_call struct call call = call_open(store, SQL_EVENT_ADD);
    call_int(&call, 1, store->next_event);
    call_int(&call, 2, clock_wall_us(store->clock));
    call_int(&call, 3, event->job_id);
    call_text(&call, 4, event->topic);
    call_text(&call, 5, event->kind);
    call_text(&call, 6, event->data);
    if (call_run(&call, err) < 0)
        return -1;
    store->next_event++;
    return 0;
}
