#include "support/store_help.h"

#include "base/mem.h"
#include "store/call.h"
#include "store/db.h"

#include <stdlib.h>
#include <string.h>

struct rows {
    int64_t ids[64], jobs[64];
    char kinds[64][16];
    size_t count;
};

static int keep(void *ctx, const struct event_row *row, struct err *err)
{
    struct rows *rows = ctx;
    (void)err;
    rows->ids[rows->count] = row->id;
    rows->jobs[rows->count] = row->job_id;
    strncpy(rows->kinds[rows->count++], row->kind, 15);
    return 0;
}

static struct rows list(struct store *store, struct event_query query)
{
    struct rows rows = { 0 };
    query.limit = query.limit ? query.limit : 50;
    assert_int_equal(event_store_list(store, &query, keep, &rows, NULL), 0);
    return rows;
}

static void events_come_in_order_by_job_and_by_topic(void **state)
{
    struct store_help h;
    int64_t id = 0;
    (void)state;
    store_help_init(&h);
    store_help_insert(h.store, 1, JOB_STATE_SUBMITTING);
    store_help_insert(h.store, 2, JOB_STATE_SUBMITTING);
    assert_int_equal(event_store_add(h.store, "clusters", "down", "{\"cluster\":\"alder\"}", &id, NULL), 0);
    assert_int_equal(id, 3);
    auto_job struct job *job = NULL;
    assert_int_equal(job_store_get(h.store, 1, &job, NULL), 0);
    assert_int_equal(job_store_update(h.store, job, "state", "{\"from\":\"a\"}", NULL), 0);
    assert_int_equal(list(h.store, (struct event_query){ 0 }).count, 0); /* nothing is committed */
    assert_int_equal(store_flush(h.store, NULL), 0);
    struct rows rows = list(h.store, (struct event_query){ 0 });
    assert_int_equal(rows.count, 4);
    for (int64_t i = 0; i < 4; i++)
        assert_int_equal(rows.ids[i], i + 1);
    rows = list(h.store, (struct event_query){ .job_id = 1 });
    assert_int_equal(rows.count, 2);
    assert_string_equal(rows.kinds[0], "created");
    assert_string_equal(rows.kinds[1], "state");
    rows = list(h.store, (struct event_query){ .topic = "clusters" });
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.jobs[0], 0);
    rows = list(h.store, (struct event_query){ .topic = "clusters", .job_id = 1 });
    assert_int_equal(rows.count, 0);
    rows = list(h.store, (struct event_query){ .after_id = 2, .limit = 1 });
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.ids[0], 3);
    store_help_end(&h);
}

/* A run of hours has thousands of them before its end. */
static void a_jobs_story_may_be_told_without_its_numbers(void **state)
{
    static const char *const kinds[] = { "metrics", "progress", "metrics", "state" };
    struct store_help h;
    auto_job struct job *job = NULL;
    (void)state;
    store_help_init(&h);
    store_help_insert(h.store, 1, JOB_STATE_SUBMITTING);
    assert_int_equal(job_store_get(h.store, 1, &job, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        assert_int_equal(job_store_update(h.store, job, kinds[i], NULL, NULL), 0);
    assert_int_equal(store_flush(h.store, NULL), 0);
    assert_int_equal(list(h.store, (struct event_query){ .job_id = 1 }).count, 5);
    struct rows rows = list(h.store, (struct event_query){ .job_id = 1, .limit = 2, .no_numbers = true });
    assert_int_equal(rows.count, 2);
    assert_string_equal(rows.kinds[0], "created");
    assert_string_equal(rows.kinds[1], "state");
    store_help_end(&h);
}

static void old_events_go_and_the_newest_stays(void **state)
{
    struct store_help h;
    int64_t removed = 0;
    (void)state;
    store_help_init(&h);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(event_store_add(h.store, "gpus", "changed", NULL, NULL, NULL), 0);
        clock_fake_advance(&h.clock, US_PER_S);
    }
    int64_t cut = h.clock.wall - 4 * US_PER_S;
    assert_int_equal(event_store_prune(h.store, cut, &removed, NULL), 0);
    assert_int_equal(removed, 6);
    assert_int_equal(event_store_prune(h.store, cut, &removed, NULL), 0);
    assert_int_equal(removed, 0);
    assert_int_equal(event_store_prune(h.store, INT64_MAX, &removed, NULL), 0);
    assert_int_equal(removed, 3);
    assert_int_equal(store_flush(h.store, NULL), 0);
    assert_int_equal(event_store_last(h.store), 10);
    struct rows rows = list(h.store, (struct event_query){ 0 });
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.ids[0], 10);
    store_help_end(&h);
}

/* Written while the clock was years ahead, they do not keep all that comes after them for so long. */
static void events_of_a_clock_that_was_wrong_hold_nothing_back(void **state)
{
    struct store_help h;
    int64_t removed = 0;
    (void)state;
    store_help_init(&h);
    int64_t right = h.clock.wall;
    h.clock.wall += 10 * 365 * 86400 * US_PER_S;
    for (int i = 0; i < 3; i++)
        assert_int_equal(event_store_add(h.store, "gpus", "changed", NULL, NULL, NULL), 0);
    h.clock.wall = right;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(event_store_add(h.store, "gpus", "changed", NULL, NULL, NULL), 0);
        clock_fake_advance(&h.clock, 86400 * US_PER_S);
    }
    int64_t cut = h.clock.wall - 3 * 86400 * US_PER_S;
    assert_int_equal(event_store_prune(h.store, cut, &removed, NULL), 0);
    assert_int_equal(removed, 3 + 2);
    store_help_end(&h);
}

static void an_event_past_the_limit_is_refused_and_takes_no_number(void **state)
{
    struct store_help h;
    struct err err = { 0 };
    int64_t id = 0;
    (void)state;
    store_help_init(&h);
    auto_free char *big = mem_zalloc(MAX_EVENT_BYTES + 2);
    memset(big, ' ', MAX_EVENT_BYTES + 1);
    assert_int_equal(event_store_add(h.store, "jobs", "x", big, &id, &err), -1);
    assert_int_equal(err.code, ERR_TOO_LARGE);
    assert_int_equal(event_store_add(h.store, "jobs", "x", NULL, &id, NULL), 0);
    assert_int_equal(id, 1);
    store_help_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_in_order_by_job_and_by_topic),
        cmocka_unit_test(a_jobs_story_may_be_told_without_its_numbers),
        cmocka_unit_test(old_events_go_and_the_newest_stays),
        cmocka_unit_test(events_of_a_clock_that_was_wrong_hold_nothing_back),
        cmocka_unit_test(an_event_past_the_limit_is_refused_and_takes_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
