#include "support/store_help.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static int join(void *ctx, const struct project_row *row, struct err *err)
{
    (void)err;
    str_addf(ctx, "%s ", row->name);
    return 0;
}

static void projects_are_put_replaced_listed_and_removed(void **state)
{
    struct store_help h;
    struct err err = { 0 };
    struct project_row got = { 0 };
    char zoo[] = "zoo", bert[] = "bert", path[] = "/p", other[] = "/q";
    (void)state;
    store_help_init(&h);
    assert_int_equal(project_store_put(h.store, &(struct project_row){ .name = zoo, .path = path }, NULL), 0);
    assert_int_equal(project_store_put(h.store, &(struct project_row){ .name = bert, .url = path }, NULL), 0);
    const struct project_row again = { .name = zoo, .path = other, .synced_at_us = 9 };
    assert_int_equal(project_store_put(h.store, &again, NULL), 0);
    auto_str struct str names = STR_MAX(100);
    assert_int_equal(project_store_list(h.store, join, &names, NULL), 0);
    assert_string_equal(str_text(&names), "bert zoo ");
    assert_int_equal(project_store_get(h.store, "zoo", &got, NULL), 0);
    assert_string_equal(got.path, "/q");
    assert_int_equal(got.synced_at_us, 9);
    assert_null(got.url);
    project_row_clear(&got);
    assert_int_equal(project_store_remove(h.store, "zoo", NULL), 0);
    assert_int_equal(project_store_remove(h.store, "zoo", &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_int_equal(project_store_get(h.store, "zoo", &got, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    store_help_end(&h);
}

static void a_kept_reply_is_found_in_its_scope_until_it_is_old(void **state)
{
    struct store_help h;
    struct err err = { 0 };
    struct idempotent_reply got = { 0 };
    char hash[] = "h", body[] = "{}";
    (void)state;
    store_help_init(&h);
    const struct idempotent_reply flying = { .hash = hash, .job_id = 4 };
    const struct idempotent_reply done = { .hash = hash, .body = body, .status = 202, .job_id = 4 };
    assert_int_equal(idempotency_put(h.store, "ada POST /jobs", "k", &flying, NULL), 0);
    int64_t kept_at = h.clock.wall;
    clock_fake_advance(&h.clock, US_PER_S);
    assert_int_equal(idempotency_put(h.store, "ada POST /jobs", "k", &done, NULL), 0);
    assert_int_equal(idempotency_get(h.store, "ada POST /jobs", "k", &got, NULL), 0);
    assert_int_equal(got.status, 202);
    assert_int_equal(got.job_id, 4);
    assert_string_equal(got.body, "{}");
    assert_null(got.location);
    idempotent_reply_clear(&got);
    assert_int_equal(idempotency_get(h.store, "bob POST /jobs", "k", &got, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_int_equal(idempotency_prune(h.store, kept_at, NULL), 0);
    assert_int_equal(idempotency_get(h.store, "ada POST /jobs", "k", &got, NULL), 0);
    idempotent_reply_clear(&got);
    assert_int_equal(idempotency_prune(h.store, kept_at + 1, NULL), 0);
    assert_int_equal(idempotency_get(h.store, "ada POST /jobs", "k", &got, &err), -1);
    store_help_end(&h);
}

static void values_survive_a_restart(void **state)
{
    struct store_help h;
    auto_free char *got = NULL;
    (void)state;
    store_help_init(&h);
    assert_int_equal(value_store_put(h.store, "a", "1", NULL), 0);
    assert_int_equal(value_store_put(h.store, "a", "2", NULL), 0);
    store_help_reopen(&h);
    assert_int_equal(value_store_get(h.store, "a", &got, NULL), 0);
    assert_string_equal(got, "2");
    free(got);
    assert_int_equal(value_store_get(h.store, "b", &got, NULL), 0);
    assert_null(got);
    store_help_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(projects_are_put_replaced_listed_and_removed),
        cmocka_unit_test(a_kept_reply_is_found_in_its_scope_until_it_is_old),
        cmocka_unit_test(values_survive_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
