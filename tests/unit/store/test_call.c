#include "support/store_help.h"

#include "base/mem.h"
#include "store/call.h"
#include "store/db.h"

#include <stdlib.h>
#include <string.h>

static void a_value_that_is_too_large_is_an_error_and_not_a_null(void **state)
{
    struct store_help h;
    struct err err = { 0 };
    auto_free char *got = NULL;
    (void)state;
    store_help_init(&h);
    size_t len = 17 * 1024 * 1024;
    auto_free char *big = mem_alloc(len + 1);
    memset(big, 'x', len);
    big[len] = '\0';
    assert_int_equal(value_store_put(h.store, "k", big, &err), -1);
    assert_int_equal(err.code, ERR_TOO_LARGE);
    assert_int_equal(value_store_get(h.store, "k", &got, NULL), 0);
    assert_null(got);
    assert_int_equal(value_store_put(h.store, "k", "v", NULL), 0);
    store_help_end(&h);
}

static void a_statement_is_prepared_once_and_kept(void **state)
{
    struct store_help h;
    (void)state;
    store_help_init(&h);
    auto_free char *value = NULL;
    assert_null(h.store->stmts[SQL_VALUE_GET]);
    assert_int_equal(value_store_get(h.store, "k", &value, NULL), 0);
    const sqlite3_stmt *kept = h.store->stmts[SQL_VALUE_GET];
    assert_non_null(kept);
    assert_int_equal(value_store_get(h.store, "k", &value, NULL), 0);
    assert_ptr_equal(kept, h.store->stmts[SQL_VALUE_GET]);
    store_help_end(&h);
}

static void parameters_do_not_stay_from_call_to_call(void **state)
{
    struct store_help h;
    auto_free char *got = NULL;
    (void)state;
    store_help_init(&h);
    assert_int_equal(value_store_put(h.store, "k", "v", NULL), 0);
    assert_int_equal(value_store_put(h.store, "k", NULL, NULL), 0);
    assert_int_equal(value_store_get(h.store, "k", &got, NULL), 0);
    assert_null(got);
    store_help_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_that_is_too_large_is_an_error_and_not_a_null),
        cmocka_unit_test(a_statement_is_prepared_once_and_kept),
        cmocka_unit_test(parameters_do_not_stay_from_call_to_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
