#include "store/store.h"

#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/call.h"
#include "store/db.h"
#include "store/migrate.h"
#include "store/state_dir.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    CHECKPOINT_PAGES = 1000,
    CLOSING_TURNS = 4, /* waiters may change the store once more */
};

static int on_wal(void *ctx, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    ((struct store *)ctx)->wal_pages = pages;
    return SQLITE_OK;
}

/* Moves what is in the log into the database. PASSIVE: waits for no reader; what a reader still needs stays
 * for the next time. */
static void checkpoint(struct store *store)
{
    int in_log = 0, moved = 0;
    struct err err = { 0 };
    crash_point("K16");
    if (sqlite3_wal_checkpoint_v2(store->writer, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved) !=
        SQLITE_OK) {
        (void)db_error(store->writer, &err, "checkpoint");
        (void)snprintf(store->problem, sizeof(store->problem), "%s", err.text);
    }
    crash_point("K16");
    store->checkpoint_at = (in_log == moved ? 0 : in_log) + CHECKPOINT_PAGES;
    if (in_log == moved)
        store->wal_pages = 0;
}

static int open_files(struct store *store, const char *state_dir, struct err *err)
{
    char path[PATH_MAX];
    if (state_dir_prepare(state_dir, store->warning, sizeof(store->warning), err) < 0)
        return -1;
    char *real = realpath(state_dir, NULL);
    store->dir = mem_dup_str(real ? real : state_dir);
    free(real);
    if (snprintf(path, sizeof(path), "%s/sluice.db", store->dir) >= (int)sizeof(path))
        return err_set(err, ERR_INVALID, "state directory: the path is too long");
    if (state_dir_lock(store->dir, &store->lock_fd, err) < 0 || state_file_prepare(path, err) < 0 ||
        db_open(path, false, &store->writer, err) < 0 ||
        migrate(store->writer, path, store_migrations, store_migration_count, err) < 0 ||
        db_open(path, true, &store->reader, err) < 0)
        return -1;
    return 0;
}

static int read_last_event(struct store *store, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_EVENT_LAST);
    if (call_step(&call, err) < 0)
        return -1;
    store->committed_event = sqlite3_column_int64(call.stmt, 0);
    store->next_event = store->committed_event + 1;
    return 0;
}

/* Frees without committing: also for a store half opened. */
static void let_go(struct store *store)
{
    for (size_t i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(store->stmts[i]);
    sqlite3_close(store->reader);
    sqlite3_close(store->writer);
    mem_close_fd(&store->lock_fd);
    free(store->waiters.items);
    free(store->dir);
    free(store);
}

int store_open(const char *state_dir, const struct clock *clock, struct store **out, struct err *err)
{
    struct store *store = mem_zalloc(sizeof(*store));
    store->clock = clock;
    store->lock_fd = -1;
    store->checkpoint_at = CHECKPOINT_PAGES;
    if (open_files(store, state_dir, err) < 0 || read_last_event(store, err) < 0) {
        let_go(store);
        return -1;
    }
    sqlite3_wal_hook(store->writer, on_wal, store);
    *out = store;
    return 0;
}

void store_close(struct store *store)
{
    struct err err = { 0 };
    if (!store)
        return;
    for (int i = 0; i < CLOSING_TURNS && store_has_pending(store); i++)
        if (store_flush(store, &err) < 0)
            log_error("store: the last changes are lost: %s", err.text);
    checkpoint(store);
    let_go(store);
}

/* --- a change: a savepoint in the turn's transaction --- */

/* What the disk or memory refused may not be half there either. */
void store_abandon_turn(struct store *store, const struct err *err)
{
    store->is_broken = true;
    (void)snprintf(store->problem, sizeof(store->problem), "%s", err ? err->text : "a change failed");
}

void store_note_rollback(struct store *store, const struct err *err)
{
    static const struct err rolled_back = { .text =
                                                "a statement without memory or disk took the turn along" };
    if (store->in_turn && !store->is_broken && sqlite3_get_autocommit(store->writer))
        store_abandon_turn(store, err ? err : &rolled_back);
}

static bool breaks_turn(const struct err *err)
{
    return !err || err->code == ERR_FULL || err->code == ERR_IO || err->code == ERR_BUSY ||
           err->code == ERR_CORRUPT;
}

int change_begin(struct store *store, struct err *err)
{
    store_note_rollback(store, NULL);
    if (store->is_broken)
        return err_set(err, ERR_IO, "store: %s", store->problem);
    if (!store->in_turn && db_exec(store->writer, "BEGIN IMMEDIATE", err) < 0) {
        store_abandon_turn(store, err);
        return -1;
    }
    store->in_turn = true;
    store->change_event = store->next_event;
    if (db_exec(store->writer, "SAVEPOINT change", err) == 0)
        return 0;
    store_abandon_turn(store, err);
    return -1;
}

int change_end(struct store *store, int rc, struct err *err)
{
    if (rc == 0)
        rc = db_exec(store->writer, "RELEASE change", err);
    if (rc == 0)
        return 0;
    store->next_event = store->change_event;
    /* Some errors (disk full, I/O) make SQLite roll all back by itself: what came before is gone too. */
    if (breaks_turn(err) || sqlite3_get_autocommit(store->writer) ||
        db_exec(store->writer, "ROLLBACK TO change; RELEASE change", NULL) < 0)
        store_abandon_turn(store, err);
    return -1;
}

/* --- the turn --- */

void store_after_commit(struct store *store, store_committed *fn, void *ctx)
{
    struct waiters *waiters = &store->waiters;
    *vec_push(waiters->items, waiters->count, waiters->cap) = (struct waiter){ fn, ctx };
}

bool store_has_pending(const struct store *store)
{
    return store->in_turn || store->is_broken || store->waiters.count > 0;
}

const char *store_problem(const struct store *store)
{
    return store->problem[0] ? store->problem : NULL;
}

const char *store_warning(const struct store *store)
{
    return store->warning[0] ? store->warning : NULL;
}

static int commit(struct store *store, struct err *err)
{
    struct err why = { .code = ERR_IO };
    int rc = -1;
    if (store->is_broken)
        (void)err_set(&why, ERR_IO, "%s", store->problem);
    else
        rc = db_exec(store->writer, "COMMIT", &why);
    if (rc < 0 && !sqlite3_get_autocommit(store->writer))
        (void)sqlite3_exec(store->writer, "ROLLBACK", NULL, NULL, NULL);
    store->in_turn = store->is_broken = false;
    if (rc < 0) {
        store->next_event = store->committed_event + 1;
        (void)snprintf(store->problem, sizeof(store->problem), "%s", why.text);
        return err_set(err, why.code, "%s", why.text);
    }
    store->problem[0] = '\0';
    return 0;
}

static void run_waiters(struct store *store, bool committed)
{
    struct waiters now = store->waiters; /* those who wait anew belong to the next turn */
    store->waiters = (struct waiters){ 0 };
    for (size_t i = 0; i < now.count; i++)
        now.items[i].fn(now.items[i].ctx, committed);
    free(now.items);
}

int store_flush(struct store *store, struct err *err)
{
    int rc = store->in_turn || store->is_broken ? commit(store, err) : 0;
    int64_t before = store->committed_event;
    int64_t last = rc == 0 ? store->next_event - 1 : before;
    store->committed_event = last;
    run_waiters(store, rc == 0);
    for (size_t i = 0; last > before && i < store->hook_count; i++)
        store->hooks[i].fn(store->hooks[i].ctx, last);
    if (!store->in_turn && store->wal_pages >= store->checkpoint_at)
        checkpoint(store);
    return rc;
}

int store_backup(const char *state_dir, const char *path, struct err *err)
{
    char from[PATH_MAX];
    sqlite3 *db = NULL;
    if (snprintf(from, sizeof(from), "%s/sluice.db", state_dir) >= (int)sizeof(from))
        return err_set(err, ERR_INVALID, "backup: the path is too long");
    if (access(path, F_OK) == 0)
        return err_set(err, ERR_CONFLICT, "backup: %s is there already", path);
    if (db_open(from, true, &db, err) < 0)
        return -1;
    int rc = db_backup(db, path, err);
    sqlite3_close(db);
    return rc;
}
