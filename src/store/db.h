/* Inside the store: the open database and how its functions talk to SQLite. Nothing outside src/store
 * includes this (tests of the store do).
 *
 * A change is
 *     if (change_begin(store, err) < 0)
 *         return -1;
 *     return change_end(store, do_it(store, ...), err);
 * which joins the turn's transaction under a savepoint: all of it happens or nothing, whatever else the turn
 * holds. A statement is called so, and is ready for its next call when `call` leaves its scope:
 *     auto_call struct call call = call_open(store, SQL_VALUE_GET);
 *     call_text(&call, 1, key);
 *     int rc = call_step(&call, err);        1: a row, 0: no more, -1: err */
#ifndef SLUICE_STORE_DB_H
#define SLUICE_STORE_DB_H

#include "base/limits.h"
#include "store/sql.h"
#include "store/store.h"

#include <sqlite3.h>

struct waiter {
    store_committed *fn;
    void *ctx;
};

struct waiters {
    struct waiter *items;
    size_t count, cap;
};

struct commit_hook {
    void (*fn)(void *ctx, int64_t last_id);
    void *ctx;
};

struct store {
    const struct clock *clock;
    char *dir;
    int lock_fd;
    sqlite3 *writer, *reader; /* reader: READONLY, sees committed state only */
    sqlite3_stmt *stmts[SQL_COUNT];
    bool in_turn;   /* a transaction is open */
    bool is_broken; /* SQLite rolled it back by itself: the turn cannot be committed any more */
    int64_t next_event, committed_event;
    int64_t change_event; /* next_event when the change began */
    struct waiters waiters;
    struct commit_hook hooks[MAX_COMMIT_HOOKS];
    size_t hook_count;
    int wal_pages, checkpoint_at;
    char problem[ERR_TEXT_BYTES], warning[ERR_TEXT_BYTES];
};

/* Turns SQLite's last error of db into ours. A failed fsync ends the process. Always -1. */
int db_error(sqlite3 *db, struct err *err, const char *what);
/* Runs SQL that gives no rows. */
int db_exec(sqlite3 *db, const char *sql, struct err *err);
/* Opens with the pragmas and limits of reliability.md 6. */
int db_open(const char *path, bool read_only, sqlite3 **out, struct err *err);
/* A whole copy of db at path: VACUUM INTO, fsync, rename, fsync of the directory. */
int db_backup(sqlite3 *db, const char *path, struct err *err);
/* The single integer of a pragma or query without parameters. */
int db_int(sqlite3 *db, const char *sql, int64_t *out, struct err *err);

int change_begin(struct store *store, struct err *err);
int change_end(struct store *store, int rc, struct err *err); /* rc: the change's result, given back */

struct call {
    struct store *store;
    sqlite3_stmt *stmt;
    int rc; /* first failure of preparing or binding */
};
struct call call_open(struct store *store, enum sql_id id);
void call_close(struct call *call);
#define auto_call __attribute__((cleanup(call_close)))
void call_text(struct call *call, int at, const char *text); /* NULL: NULL; must live until call_close */
void call_span(struct call *call, int at, struct span text);
void call_int(struct call *call, int at, int64_t value);
int call_step(struct call *call, struct err *err);
int call_run(struct call *call, struct err *err);    /* to its end */
char *call_dup(struct call *call, int column);       /* NULL: NULL; caller frees */
struct span call_get(struct call *call, int column); /* valid until the next step */

#endif
