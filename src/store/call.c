#include "store/call.h"

#include "base/mem.h"
#include "store/db.h"

#include <assert.h>

struct call call_open(struct store *store, enum sql_id id)
{
    struct call call = { .store = store };
    if (!store->stmts[id]) {
        auto_str struct str text = STR_MAX(16 * 1024);
        sql_text(id, &text);
        sqlite3 *db = sql_reads_committed(id) ? store->reader : store->writer;
        call.rc = sqlite3_prepare_v3(db, str_text(&text), (int)text.len, SQLITE_PREPARE_PERSISTENT,
                                     &store->stmts[id], NULL);
    }
    call.stmt = store->stmts[id];
    assert(!call.stmt || !sqlite3_stmt_busy(call.stmt));
    return call;
}

void call_close(struct call *call)
{
    if (!call->stmt)
        return;
    sqlite3_reset(call->stmt);
    sqlite3_clear_bindings(call->stmt);
}

static void note(struct call *call, int rc)
{
    if (call->rc == SQLITE_OK)
        call->rc = rc;
}

void call_text(struct call *call, int at, const char *text)
{
    call_span(call, at, span_of(text));
    if (!text && call->stmt)
        note(call, sqlite3_bind_null(call->stmt, at));
}

void call_span(struct call *call, int at, struct span text)
{
    if (call->stmt)
        note(call, sqlite3_bind_text64(call->stmt, at, text.ptr ? text.ptr : "", text.len, SQLITE_STATIC,
                                       SQLITE_UTF8));
}

void call_int(struct call *call, int at, int64_t value)
{
    if (call->stmt)
        note(call, sqlite3_bind_int64(call->stmt, at, value));
}

int call_step(struct call *call, struct err *err)
{
    if (call->rc != SQLITE_OK)
        return db_fail(call->rc, sqlite3_errstr(call->rc), err, "statement");
    if (call->store->is_broken && !sqlite3_stmt_readonly(call->stmt))
        return err_set(err, ERR_IO, "store: %s", call->store->problem);
    int rc = sqlite3_step(call->stmt);
    if (rc == SQLITE_ROW)
        return 1;
    if (rc == SQLITE_DONE)
        return 0;
    rc = db_error(sqlite3_db_handle(call->stmt), err, "statement");
    store_note_rollback(call->store, err);
    return rc;
}

int call_run(struct call *call, struct err *err)
{
    int rc;
    do
        rc = call_step(call, err);
    while (rc == 1);
    return rc;
}

struct span call_get(struct call *call, int column)
{
    bool is_text = sqlite3_column_type(call->stmt, column) == SQLITE_TEXT;
    const void *text = sqlite3_column_text(call->stmt, column);
    if (is_text && !text) /* it must not pass for a NULL */
        mem_exhausted();
    return (struct span){ text, text ? (size_t)sqlite3_column_bytes(call->stmt, column) : 0 };
}

char *call_dup(struct call *call, int column)
{
    struct span text = call_get(call, column);
    return text.ptr ? span_dup(text) : NULL;
}
