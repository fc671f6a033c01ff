#include "support/store_help.h"

#include "base/mem.h"
#include "store/call.h"
#include "store/db.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int64_t number(sqlite3 *db, const char *sql)
{
    int64_t value = -1;
    assert_int_equal(db_int(db, sql, &value, NULL), 0);
    return value;
}

static void both_connections_are_as_strict_as_designed(void **state)
{
    struct store_help h;
    (void)state;
    store_help_init(&h);
    sqlite3 *const both[] = { h.store->writer, h.store->reader };
    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        int defensive = 0;
        assert_int_equal(number(both[i], "PRAGMA foreign_keys"), 1);
        assert_int_equal(number(both[i], "PRAGMA trusted_schema"), 0);
        assert_int_equal(number(both[i], "PRAGMA cell_size_check"), 1);
        assert_int_equal(number(both[i], "PRAGMA mmap_size"), 0);
        assert_int_equal(number(both[i], "PRAGMA busy_timeout"), 5000);
        sqlite3_db_config(both[i], SQLITE_DBCONFIG_DEFENSIVE, -1, &defensive);
        assert_int_equal(defensive, 1);
        assert_int_equal(sqlite3_limit(both[i], SQLITE_LIMIT_LENGTH, -1), 16 * 1024 * 1024);
    }
    assert_int_equal(number(h.store->writer, "PRAGMA synchronous"), 2);
    assert_int_equal(sqlite3_db_readonly(h.store->reader, "main"), 1);
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(h.store->writer, "PRAGMA journal_mode", -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_string_equal(sqlite3_column_text(stmt, 0), "wal");
    sqlite3_finalize(stmt);
    store_help_end(&h);
}

static void errors_carry_code_and_words(void **state)
{
    struct store_help h;
    struct err err = { 0 };
    int64_t value = 7;
    (void)state;
    store_help_init(&h);
    assert_int_equal(db_exec(h.store->writer, "SELECT nonsense", &err), -1);
    assert_int_equal(err.code, ERR_INTERNAL);
    assert_non_null(strstr(err.text, "no such column: nonsense"));
    assert_int_equal(db_exec(h.store->reader, "DELETE FROM job", &err), -1);
    assert_int_equal(err.code, ERR_IO);
    assert_int_equal(db_int(h.store->writer, "SELECT 1 WHERE 0", &value, NULL), -1);
    assert_int_equal(value, 7);
    store_help_end(&h);
}

static void a_backup_takes_the_place_of_the_remains_of_a_killed_one(void **state)
{
    struct store_help h;
    struct err err = { 0 };
    char path[128], tmp[128];
    (void)state;
    store_help_init(&h);
    store_help_path(&h, "copy", path, sizeof(path));
    store_help_path(&h, "copy.tmp", tmp, sizeof(tmp));
    assert_int_equal(symlink("/nowhere", tmp), 0);
    assert_int_equal(db_backup(h.store->reader, path, &err), 0);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(access(tmp, F_OK), -1);
    assert_int_equal(db_backup(h.store->reader, "/nowhere/at/all", &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    store_help_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_connections_are_as_strict_as_designed),
        cmocka_unit_test(errors_carry_code_and_words),
        cmocka_unit_test(a_backup_takes_the_place_of_the_remains_of_a_killed_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
