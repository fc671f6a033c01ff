/* The store: one SQLite file in WAL mode, synchronous=FULL, one writer connection on the loop thread.
 *
 * Group commit: every change joins the transaction of this turn of the loop; store_flush (once a turn, by the
 * daemon) commits it and then runs what waits for it. Nothing that the outside can see (a reply, a frame to a
 * cluster) happens before its commit: it is registered with store_after_commit. A failed commit, or a change
 * that the disk or memory failed, rolls the whole turn back and tells every waiter so (committed = false);
 * in-memory state must then be read again.
 *
 * Two views: what services read to go on (job_store_get, _by_token, _script, _active; idempotency, projects,
 * values) sees this turn's changes; what outsiders are shown (job_store_list, _document, _counts;
 * event_store_list, _last) comes from a second, read-only connection and sees only what is committed.
 *
 * Only the writer checkpoints, in store_flush once the log has grown by 4 MiB, and at close. */
#ifndef SLUICE_STORE_STORE_H
#define SLUICE_STORE_STORE_H

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

struct store;

/* Opens or makes <state_dir>/sluice.db (0600 in a 0700 directory, made if absent; a directory that others can
 * enter is refused), takes the lock of the state directory (ERR_CONFLICT: another daemon holds it), migrates
 * with a backup first, refuses a newer version in words. */
int store_open(const char *state_dir, const struct clock *clock, struct store **out, struct err *err);
void store_close(struct store *store); /* commits what is open */

typedef void store_committed(void *ctx, bool committed);
/* Runs fn once, after the commit of what this turn has changed so far (never before this call returned). */
void store_after_commit(struct store *store, store_committed *fn, void *ctx);
/* Nothing of this turn is committed, whatever else changes in it: for two changes that are nothing without
 * each other. err: why. */
void store_abandon_turn(struct store *store, const struct err *err);
/* Commits and runs the waiters. 0 also where nothing was open. A failed fsync ends the process (the kernel
 * may have dropped the pages: only a fresh start reads what is really there). */
int store_flush(struct store *store, struct err *err);
/* Also right after store_flush, where a waiter has changed something: flush again. */
bool store_has_pending(const struct store *store);
/* Why the last change or commit failed ("database or disk is full"), or NULL since one succeeded: for
 * /readyz, and for refusing submissions while it lasts. Borrowed. */
const char *store_problem(const struct store *store);
/* What a person should know about the place (an overlay loses all with its container), or NULL. Borrowed. */
const char *store_warning(const struct store *store);
/* Writes a whole, consistent copy to `path` (must not exist; fsynced, renamed into place) from a read-only
 * connection of its own: may run in the thread pool while the loop goes on. */
int store_backup(const char *state_dir, const char *path, struct err *err);

#endif
