#include "base/mem.h"
#include "store/migrate.h"

/* Version 1 is what the first release writes. A released step never changes: add another.
 *
 *   job        the record: one column a row of job_fields
 *   job_index  derived: what lists search, narrow, so that a walk over it stays in few pages
 *   job_doc    derived: the document, rendered once
 *   job_count  derived, by triggers: jobs by state
 */
static const char version_1[] =
    "PRAGMA application_id = 0x736c6365;"
    "CREATE TABLE job("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL UNIQUE, name TEXT, description TEXT, project "
    "TEXT,"
    " grp TEXT, tags TEXT, user TEXT, cluster TEXT, scheduler TEXT, priority INTEGER, state TEXT NOT NULL,"
    " raw_state TEXT, reason TEXT, why TEXT, confirmed INTEGER NOT NULL, stale INTEGER NOT NULL,"
    " observed_at_us INTEGER, source TEXT, cancel_requested_at_us INTEGER, sched_id TEXT, array_job_id TEXT,"
    " array_spec TEXT, task_counts TEXT, tasks TEXT, nodes INTEGER, gpus INTEGER, gpu_type TEXT, cpus "
    "INTEGER, mem TEXT,"
    " time_s INTEGER, partition TEXT, account TEXT, qos TEXT, args TEXT, argv TEXT, node_list TEXT,"
    " attempt INTEGER, attempts TEXT, created_at_us INTEGER, submitted_at_us INTEGER, eligible_at_us INTEGER,"
    " started_at_us INTEGER, ended_at_us INTEGER, exit_code INTEGER, signal INTEGER, verdict TEXT, progress "
    "TEXT,"
    " links TEXT, metrics TEXT, usage TEXT, code_commit TEXT, parent TEXT, archived INTEGER NOT NULL,"
    " event INTEGER NOT NULL, phase INTEGER NOT NULL, launches INTEGER, launched_at_us INTEGER,"
    " first_absent_at_us INTEGER, settling_since_us INTEGER, run_dir TEXT, code_dir TEXT, restarts INTEGER) "
    "STRICT;"
    "CREATE TABLE job_index("
    " id INTEGER PRIMARY KEY REFERENCES job(id) ON DELETE CASCADE, open INTEGER NOT NULL, failed INTEGER NOT "
    "NULL,"
    " archived INTEGER NOT NULL, event INTEGER NOT NULL, created_at_us INTEGER NOT NULL, state TEXT NOT NULL,"
    " cluster TEXT, project TEXT, user TEXT, gpu_type TEXT, grp TEXT, name TEXT, sched_id TEXT) STRICT;"
    "CREATE INDEX job_index_open ON job_index(open) WHERE open = 1;"
    "CREATE INDEX job_index_failed ON job_index(failed) WHERE failed = 1;"
    "CREATE INDEX job_index_event ON job_index(event);"
    "CREATE INDEX job_index_state ON job_index(state);"
    "CREATE INDEX job_index_cluster ON job_index(cluster);"
    "CREATE INDEX job_index_project ON job_index(project);"
    "CREATE INDEX job_index_user ON job_index(user);"
    "CREATE INDEX job_index_gpu_type ON job_index(gpu_type) WHERE gpu_type IS NOT NULL;"
    "CREATE INDEX job_index_grp ON job_index(grp) WHERE grp IS NOT NULL;"
    "CREATE TABLE job_doc(id INTEGER PRIMARY KEY REFERENCES job(id) ON DELETE CASCADE, doc TEXT NOT NULL) "
    "STRICT;"
    "CREATE TABLE job_script(id INTEGER PRIMARY KEY REFERENCES job(id) ON DELETE CASCADE, script TEXT, "
    "sha256 TEXT,"
    " request TEXT, resolved TEXT, diff TEXT) STRICT;"
    "CREATE TABLE job_tag(tag TEXT NOT NULL, job_id INTEGER NOT NULL REFERENCES job(id) ON DELETE CASCADE,"
    " PRIMARY KEY(tag, job_id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX job_tag_job ON job_tag(job_id);"
    "CREATE TABLE job_count(archived INTEGER NOT NULL, state TEXT NOT NULL, n INTEGER NOT NULL,"
    " PRIMARY KEY(archived, state)) STRICT, WITHOUT ROWID;"
    "CREATE TRIGGER job_count_insert AFTER INSERT ON job_index BEGIN"
    " INSERT INTO job_count VALUES(new.archived, new.state, 1)"
    "  ON CONFLICT(archived, state) DO UPDATE SET n = n + 1; END;"
    "CREATE TRIGGER job_count_delete AFTER DELETE ON job_index BEGIN"
    " UPDATE job_count SET n = n - 1 WHERE archived = old.archived AND state = old.state; END;"
    "CREATE TRIGGER job_count_update AFTER UPDATE OF archived, state ON job_index"
    " WHEN old.archived <> new.archived OR old.state <> new.state BEGIN"
    " UPDATE job_count SET n = n - 1 WHERE archived = old.archived AND state = old.state;"
    " INSERT INTO job_count VALUES(new.archived, new.state, 1)"
    "  ON CONFLICT(archived, state) DO UPDATE SET n = n + 1; END;"
    "CREATE TABLE event(id INTEGER PRIMARY KEY, time_us INTEGER NOT NULL, job_id INTEGER NOT NULL,"
    " topic TEXT NOT NULL, kind TEXT NOT NULL, data TEXT) STRICT;"
    "CREATE INDEX event_job ON event(job_id);"
    "CREATE INDEX event_topic ON event(topic);"
    "CREATE TABLE project(name TEXT NOT NULL PRIMARY KEY, path TEXT, url TEXT, grp TEXT,"
    " created_at_us INTEGER NOT NULL, synced_at_us INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE idempotency(id INTEGER PRIMARY KEY, scope TEXT NOT NULL, key TEXT NOT NULL, hash TEXT NOT "
    "NULL,"
    " body TEXT, location TEXT, status INTEGER NOT NULL, job_id INTEGER NOT NULL, created_at_us INTEGER NOT "
    "NULL,"
    " UNIQUE(scope, key)) STRICT;"
    "CREATE INDEX idempotency_created ON idempotency(created_at_us);"
    "CREATE TABLE value(key TEXT NOT NULL PRIMARY KEY, value TEXT) STRICT, WITHOUT ROWID;";

/* Notifications on their way out (store/outbox.h). */
static const char version_2[] =
    "CREATE TABLE outbox(id INTEGER PRIMARY KEY, delivery TEXT NOT NULL UNIQUE, event_id INTEGER NOT NULL,"
    " job_id INTEGER NOT NULL, notifier TEXT NOT NULL, occasion TEXT NOT NULL, state TEXT, message TEXT,"
    " status TEXT NOT NULL, tries INTEGER NOT NULL, event_at_us INTEGER NOT NULL, created_at_us INTEGER NOT "
    "NULL,"
    " due_at_us INTEGER NOT NULL, last_try_at_us INTEGER NOT NULL, done_at_us INTEGER NOT NULL,"
    " answer INTEGER NOT NULL, error TEXT, UNIQUE(job_id, event_id, notifier)) STRICT;"
    "CREATE INDEX outbox_waiting ON outbox(notifier, due_at_us) WHERE status = 'waiting';"
    "CREATE INDEX outbox_due ON outbox(due_at_us) WHERE status = 'waiting';"
    "CREATE INDEX outbox_notifier ON outbox(notifier, id);"
    "CREATE INDEX outbox_done ON outbox(done_at_us) WHERE status <> 'waiting';";

/* Series of numbers (store/metric_store.h). */
static const char version_3[] =
    "CREATE TABLE metric_series(id INTEGER PRIMARY KEY, job_id INTEGER NOT NULL REFERENCES job(id) ON DELETE "
    "CASCADE, name TEXT NOT NULL, count INTEGER NOT NULL, last_step REAL, last REAL, low REAL, high REAL,"
    " UNIQUE(job_id, name)) STRICT;"
    "CREATE TABLE metric_chunk(series INTEGER NOT NULL REFERENCES metric_series(id) ON DELETE CASCADE,"
    " level INTEGER NOT NULL, number INTEGER NOT NULL, data BLOB NOT NULL,"
    " PRIMARY KEY(series, level, number)) STRICT;";

/* Jobs whose files are still to be read to their end (store/unread_store.h). 4: PHASE_CLOSED; without a
 * scheduler's id it never ran. */
static const char version_4[] =
    "CREATE TABLE unread(job_id INTEGER PRIMARY KEY REFERENCES job(id) ON DELETE CASCADE) STRICT;"
    "CREATE TRIGGER unread_over AFTER UPDATE OF phase ON job"
    " WHEN new.phase = 4 AND old.phase <> 4 AND new.sched_id IS NOT NULL BEGIN"
    " INSERT OR IGNORE INTO unread VALUES(new.id); END;";

/* Which source a series is of and how many points it keeps (0: all, as before); what a job may post with
 * (store/job_token.h). */
static const char version_5[] =
    "ALTER TABLE metric_series ADD COLUMN source INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE metric_series ADD COLUMN max_points INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE job_token(hash TEXT NOT NULL PRIMARY KEY, job_id INTEGER NOT NULL UNIQUE"
    " REFERENCES job(id) ON DELETE CASCADE, created_at_us INTEGER NOT NULL) STRICT, WITHOUT ROWID;";

/* gpu:A100 finds the jobs of a100, and a cluster however it is spelled: the lists that walk these indices
 * compare so, which they can only where the index does. */
static const char version_6[] =
    "DROP INDEX job_index_cluster;"
    "CREATE INDEX job_index_cluster ON job_index(cluster COLLATE NOCASE);"
    "DROP INDEX job_index_gpu_type;"
    "CREATE INDEX job_index_gpu_type ON job_index(gpu_type COLLATE NOCASE) WHERE gpu_type IS NOT NULL;";

const struct migration store_migrations[] = {
    { 1, version_1 }, { 2, version_2 }, { 3, version_3 },
    { 4, version_4 }, { 5, version_5 }, { 6, version_6 },
};
const size_t store_migration_count = ARRAY_LEN(store_migrations);
