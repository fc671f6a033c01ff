/* The plans: no statement of the store may read a whole table, whatever it holds. */
#include "support/store_help.h"

#include "base/mem.h"
#include "store/call.h"
#include "store/db.h"

#include <stdio.h>
#include <string.h>

static sqlite3_stmt *prepare(sqlite3 *db, const char *prefix, enum sql_id id)
{
    auto_str struct str sql = STR_MAX(16384);
    sqlite3_stmt *stmt = NULL;
    str_add(&sql, prefix);
    sql_text(id, &sql);
    assert_false(sql.failed);
    if (sqlite3_prepare_v2(db, str_text(&sql), -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", str_text(&sql), sqlite3_errmsg(db));
    return stmt;
}

/* Every line of the plan, joined. */
static void plan_of(sqlite3 *db, enum sql_id id, struct str *plan)
{
    sqlite3_stmt *stmt = prepare(db, "EXPLAIN QUERY PLAN ", id);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        str_addf(plan, "%s; ", (const char *)sqlite3_column_text(stmt, 3));
    sqlite3_finalize(stmt);
}

static void no_statement_scans_a_table(void **state)
{
    struct store_help h;
    (void)state;
    store_help_init(&h);
    for (int id = 0; id < SQL_COUNT; id++) {
        auto_str struct str plan = STR_MAX(4096);
        plan_of(h.store->writer, (enum sql_id)id, &plan);
        if (strstr(str_text(&plan), "SCAN"))
            fail_msg("statement %d: %s", id, str_text(&plan));
    }
    store_help_end(&h);
}

static void a_list_walks_its_index_in_order_without_sorting(void **state)
{
    static const char *const want[SQL_COUNT] = {
        [SQL_LIST_ALL] = "INTEGER PRIMARY KEY (rowid<?)",
        [SQL_LIST_ALL_OLDEST] = "INTEGER PRIMARY KEY (rowid>?)",
        [SQL_LIST_OPEN] = "job_index_open (open=? AND rowid<?)",
        [SQL_LIST_OPEN_OLDEST] = "job_index_open (open=? AND rowid>?)",
        [SQL_LIST_FAILED] = "job_index_failed (failed=? AND rowid<?)",
        [SQL_LIST_FAILED_OLDEST] = "job_index_failed (failed=? AND rowid>?)",
        [SQL_LIST_STATE] = "job_index_state (state=? AND rowid<?)",
        [SQL_LIST_STATE_OLDEST] = "job_index_state (state=? AND rowid>?)",
        [SQL_LIST_TAG] = "PRIMARY KEY (tag=? AND job_id<?)",
        [SQL_LIST_TAG_OLDEST] = "PRIMARY KEY (tag=? AND job_id>?)",
        [SQL_LIST_GROUP] = "job_index_grp (grp=? AND rowid<?)",
        [SQL_LIST_GROUP_OLDEST] = "job_index_grp (grp=? AND rowid>?)",
        [SQL_LIST_PROJECT] = "job_index_project (project=? AND rowid<?)",
        [SQL_LIST_PROJECT_OLDEST] = "job_index_project (project=? AND rowid>?)",
        [SQL_LIST_GPU] = "job_index_gpu_type (gpu_type=? AND rowid<?)",
        [SQL_LIST_GPU_OLDEST] = "job_index_gpu_type (gpu_type=? AND rowid>?)",
        [SQL_LIST_CLUSTER] = "job_index_cluster (cluster=? AND rowid<?)",
        [SQL_LIST_CLUSTER_OLDEST] = "job_index_cluster (cluster=? AND rowid>?)",
        [SQL_LIST_USER] = "job_index_user (user=? AND rowid<?)",
        [SQL_LIST_USER_OLDEST] = "job_index_user (user=? AND rowid>?)",
        [SQL_LIST_SINCE] = "job_index_event (event>?)",
        [SQL_JOB_OPEN_IDS] = "job_index_open (open=? AND rowid>?)",
    };
    struct store_help h;
    (void)state;
    store_help_init(&h);
    for (int id = 0; id < SQL_COUNT; id++) {
        auto_str struct str plan = STR_MAX(4096);
        if (id >= SQL_LIST_ALL)
            assert_non_null(want[id]);
        if (!want[id])
            continue;
        plan_of(h.store->reader, (enum sql_id)id, &plan);
        if (!strstr(str_text(&plan), want[id]) || strstr(str_text(&plan), "TEMP B-TREE"))
            fail_msg("statement %d: %s", id, str_text(&plan));
    }
    store_help_end(&h);
}

static void statements_of_the_read_only_connection_only_read(void **state)
{
    struct store_help h;
    (void)state;
    store_help_init(&h);
    for (int id = 0; id < SQL_COUNT; id++) {
        sqlite3_stmt *stmt = prepare(h.store->writer, "", (enum sql_id)id);
        if (sql_reads_committed((enum sql_id)id))
            assert_true(sqlite3_stmt_readonly(stmt));
        sqlite3_finalize(stmt);
    }
    store_help_end(&h);
}

static void the_table_job_has_the_columns_of_job_fields(void **state)
{
    struct store_help h;
    sqlite3_stmt *stmt = NULL;
    (void)state;
    store_help_init(&h);
    assert_int_equal(sqlite3_prepare_v2(h.store->writer, "PRAGMA table_info(job)", -1, &stmt, NULL),
                     SQLITE_OK);
    for (size_t i = 0; i < job_field_count; i++) {
        const struct job_field *field = &job_fields[i];
        if (!field->column)
            continue;
        bool is_text = field->type == JOB_STR || field->type == JOB_JSON || field->type == JOB_STATE;
        assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
        assert_string_equal(sqlite3_column_text(stmt, 1), field->column);
        assert_string_equal(sqlite3_column_text(stmt, 2), is_text ? "TEXT" : "INTEGER");
    }
    assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
    sqlite3_finalize(stmt);
    store_help_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_statement_scans_a_table),
        cmocka_unit_test(a_list_walks_its_index_in_order_without_sorting),
        cmocka_unit_test(statements_of_the_read_only_connection_only_read),
        cmocka_unit_test(the_table_job_has_the_columns_of_job_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
