#include "store/db.h"

#include "base/log.h"
#include "base/mem.h"

#include <assert.h>
#include <unistd.h>

/* What a result code means to the rest of the program; the rest is ERR_IO. */
static const struct {
    int code;
    enum err_code means;
} meanings[] = {
    { SQLITE_FULL, ERR_FULL },       { SQLITE_CONSTRAINT, ERR_CONFLICT }, { SQLITE_TOOBIG, ERR_TOO_LARGE },
    { SQLITE_BUSY, ERR_BUSY },       { SQLITE_LOCKED, ERR_BUSY },         { SQLITE_CORRUPT, ERR_CORRUPT },
    { SQLITE_NOTADB, ERR_CORRUPT },  { SQLITE_PERM, ERR_DENIED },         { SQLITE_CANTOPEN, ERR_IO },
    { SQLITE_READONLY, ERR_DENIED }, { SQLITE_MISUSE, ERR_INTERNAL },     { SQLITE_ERROR, ERR_INTERNAL },
    { SQLITE_RANGE, ERR_INTERNAL },  { SQLITE_MISMATCH, ERR_INTERNAL },
};

static int fail(int code, const char *text, struct err *err, const char *what)
{
    if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) {
        /* The kernel may have dropped the pages it could not write and call the next fsync a success. */
        log_error("store: %s: fsync failed; ending, so that a fresh start reads what is really there", what);
        _exit(1);
    }
    enum err_code means = ERR_IO;
    for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
        if (meanings[i].code == (code & 0xff))
            means = meanings[i].means;
    return err_set(err, means, "store: %s: %s", what, text);
}

int db_error(sqlite3 *db, struct err *err, const char *what)
{
    return fail(sqlite3_extended_errcode(db), sqlite3_errmsg(db), err, what);
}

int db_exec(sqlite3 *db, const char *sql, struct err *err)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return db_error(db, err, sql);
    return 0;
}

int db_int(sqlite3 *db, const char *sql, int64_t *out, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int64(stmt, 0);
    int result = rc == SQLITE_ROW ? 0 : db_error(db, err, sql);
    sqlite3_finalize(stmt);
    return result;
}

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
        return fail(call->rc, sqlite3_errstr(call->rc), err, "statement");
    int rc = sqlite3_step(call->stmt);
    if (rc == SQLITE_ROW)
        return 1;
    if (rc == SQLITE_DONE)
        return 0;
    return db_error(sqlite3_db_handle(call->stmt), err, "statement");
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
    const void *text = sqlite3_column_text(call->stmt, column);
    return (struct span){ text, text ? (size_t)sqlite3_column_bytes(call->stmt, column) : 0 };
}

char *call_dup(struct call *call, int column)
{
    struct span text = call_get(call, column);
    return text.ptr ? span_dup(text) : NULL;
}
