/* Inside the store: what stands behind struct store, for its own files (and tests of them) only.
 *
 * A change is
 *     if (change_begin(store, err) < 0)
 *         return -1;
 *     return change_end(store, do_it(store, ...), err);
 * which joins the turn's transaction under a savepoint: all of it happens or nothing. One that is refused (a
 * conflict, too large) leaves the rest of the turn as it is; one that the disk or memory failed breaks the
 * turn: its commit fails, as memory may show what was not stored. */
#ifndef SLUICE_STORE_INSIDE_H
#define SLUICE_STORE_INSIDE_H

#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"
#include "store/sql.h"

#include <sqlite3.h>

struct waiter {
    void (*fn)(void *ctx, bool committed);
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
    bool is_broken; /* a change of it failed: nothing of the turn is committed any more */
    int64_t next_event, committed_event;
    int64_t change_event; /* next_event when the change began */
    struct waiters waiters;
    struct commit_hook hooks[MAX_COMMIT_HOOKS];
    size_t hook_count;
    int wal_pages, checkpoint_at;
    char problem[ERR_TEXT_BYTES], warning[ERR_TEXT_BYTES];
};

/* SQLite rolls a whole transaction back by itself where a statement, reading ones too, lacks memory or disk.
 * What came behind it would be committed statement by statement: the turn is abandoned instead. err: why. */
void store_note_rollback(struct store *store, const struct err *err);
int change_begin(struct store *store, struct err *err);
int change_end(struct store *store, int rc, struct err *err); /* rc: the change's result, given back */

#endif
