#include "support/store_help.h"

#include "base/mem.h"
#include "store/call.h"
#include "store/db.h"
#include "store/migrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t number(sqlite3 *db, const char *sql)
{
    int64_t value = -1;
    assert_int_equal(db_int(db, sql, &value, NULL), 0);
    return value;
}

enum { MAX_STEPS = 32 };

/* A store of the newest version with three jobs, closed; its path. */
static void make_fixture(struct store_help *h, char *path, size_t size)
{
    store_help_init(h);
    for (int i = 1; i <= 3; i++)
        store_help_insert(h->store, i, JOB_STATE_RUNNING);
    assert_int_equal(number(h->store->writer, "PRAGMA user_version"), store_migration_count);
    store_close(h->store);
    h->store = NULL;
    store_help_path(h, "sluice.db", path, size);
}

static int migrate_with(const char *path, const char *next, struct err *err)
{
    struct migration table[MAX_STEPS];
    for (size_t i = 0; i < store_migration_count; i++)
        table[i] = store_migrations[i];
    table[store_migration_count] = (struct migration){ (int)store_migration_count + 1, next };
    sqlite3 *db = NULL;
    assert_int_equal(db_open(path, false, &db, err), 0);
    int rc = migrate(db, path, table, store_migration_count + 1, err);
    sqlite3_close(db);
    return rc;
}

static void an_old_store_is_copied_then_brought_up(void **state)
{
    struct store_help h;
    struct err err = { 0 };
    struct stat st;
    sqlite3 *db = NULL;
    char path[128], backup[256];
    (void)state;
    make_fixture(&h, path, sizeof(path));
    assert_int_equal(migrate_with(path, "ALTER TABLE job ADD COLUMN mood TEXT", &err), 0);
    assert_int_equal(db_open(path, true, &db, NULL), 0);
    assert_int_equal(number(db, "PRAGMA user_version"), store_migration_count + 1);
    assert_int_equal(number(db, "SELECT count(*) FROM job WHERE mood IS NULL"), 3);
    sqlite3_close(db);
    (void)snprintf(backup, sizeof(backup), "%s.backup-v%zu", path, store_migration_count);
    assert_int_equal(stat(backup, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(db_open(backup, true, &db, NULL), 0);
    assert_int_equal(number(db, "PRAGMA user_version"), store_migration_count);
    assert_int_equal(number(db, "SELECT count(*) FROM job"), 3);
    sqlite3_close(db);
    store_help_end(&h);
}

static void a_newer_store_is_refused_in_words_and_left_alone(void **state)
{
    struct store_help h;
    struct store *store = NULL;
    struct err err = { 0 };
    char path[128];
    (void)state;
    make_fixture(&h, path, sizeof(path));
    assert_int_equal(migrate_with(path, "ALTER TABLE job ADD COLUMN mood TEXT", &err), 0);
    assert_int_equal(store_open(h.dir, &h.clock.clock, &store, &err), -1);
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "written by a newer sluice (schema "));
    assert_non_null(strstr(err.text, "backup-v"));
    assert_int_equal(store_open(h.dir, &h.clock.clock, &store, &err), -1); /* the lock was let go */
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    store_help_end(&h);
}

static void a_step_that_fails_leaves_the_old_version(void **state)
{
    struct store_help h;
    struct err err = { 0 };
    char path[128];
    (void)state;
    make_fixture(&h, path, sizeof(path));
    assert_int_equal(
        migrate_with(path, "ALTER TABLE job ADD COLUMN mood TEXT; SELECT nonsense FROM job", &err), -1);
    assert_non_null(strstr(err.text, "schema change to version "));
    store_help_reopen(&h); /* the version before knows it still */
    assert_int_equal(
        number(h.store->writer, "SELECT count(*) FROM pragma_table_info('job') WHERE name = 'mood'"), 0);
    store_help_end(&h);
}

static void another_programs_database_is_refused(void **state)
{
    struct store_help h;
    struct store *store = NULL;
    struct err err = { 0 };
    sqlite3 *db = NULL;
    char path[128];
    (void)state;
    store_help_dir(&h);
    store_help_path(&h, "sluice.db", path, sizeof(path));
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(db_exec(db, "CREATE TABLE theirs(x)", NULL), 0);
    sqlite3_close(db);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(store_open(h.dir, &h.clock.clock, &store, &err), -1);
    assert_non_null(strstr(err.text, "is not a store of sluice"));
    store_help_end(&h);
}

static void versions_go_from_one_without_gaps(void **state)
{
    (void)state;
    for (size_t i = 0; i < store_migration_count; i++)
        assert_int_equal(store_migrations[i].version, i + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_store_is_copied_then_brought_up),
        cmocka_unit_test(a_newer_store_is_refused_in_words_and_left_alone),
        cmocka_unit_test(a_step_that_fails_leaves_the_old_version),
        cmocka_unit_test(another_programs_database_is_refused),
        cmocka_unit_test(versions_go_from_one_without_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
