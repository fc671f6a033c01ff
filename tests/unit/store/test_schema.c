#include "support/store_help.h"

#include "store/call.h"
#include "store/db.h"

static int64_t number(sqlite3 *db, const char *sql)
{
    int64_t value = -1;
    assert_int_equal(db_int(db, sql, &value, NULL), 0);
    return value;
}

static void a_removed_job_takes_what_is_derived_from_it_along(void **state)
{
    struct store_help h;
    (void)state;
    store_help_init(&h);
    store_help_insert(h.store, 10, JOB_STATE_RUNNING);
    store_help_insert(h.store, 20, JOB_STATE_RUNNING);
    assert_int_equal(db_exec(h.store->writer, "DELETE FROM job WHERE id = 1", NULL), 0);
    static const char *const tables[] = { "SELECT count(*) FROM job_index", "SELECT count(*) FROM job_doc",
                                          "SELECT count(DISTINCT job_id) FROM job_tag",
                                          "SELECT sum(n) FROM job_count" };
    for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
        assert_int_equal(number(h.store->writer, tables[i]), 1);
    store_help_end(&h);
}

static void the_number_of_a_removed_job_is_not_used_again(void **state)
{
    struct store_help h;
    (void)state;
    store_help_init(&h);
    assert_int_equal(store_help_insert(h.store, 1, JOB_STATE_RUNNING), 1);
    assert_int_equal(store_flush(h.store, NULL), 0);
    assert_int_equal(db_exec(h.store->writer, "DELETE FROM job", NULL), 0);
    store_help_reopen(&h);
    assert_int_equal(store_help_insert(h.store, 2, JOB_STATE_RUNNING), 2);
    store_help_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_removed_job_takes_what_is_derived_from_it_along),
        cmocka_unit_test(the_number_of_a_removed_job_is_not_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
