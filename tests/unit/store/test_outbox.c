#include "support/store_help.h"

#include "base/mem.h"
#include "store/outbox.h"

#include <stdio.h>
#include <string.h>

static int plan(struct store_help *h, int64_t event, const char *notifier, int64_t due_us)
{
    char delivery[32];
    (void)snprintf(delivery, sizeof(delivery), "d-%lld-%lld-%s", (long long)event, (long long)due_us,
                   notifier);
    struct outbox_row row = { .delivery = delivery,
                              .event_id = event,
                              .job_id = 7,
                              .notifier = (char *)notifier,
                              .occasion = (char *)"failed",
                              .state = (char *)"timeout",
                              .event_at_us = 5,
                              .due_at_us = due_us };
    return outbox_add(h->store, &row, NULL);
}

struct seen {
    struct outbox_row rows[8];
    size_t count;
};

static int keep(void *ctx, const struct outbox_row *row, struct err *err)
{
    struct seen *seen = ctx;
    (void)err;
    struct outbox_row *copy = &seen->rows[seen->count++];
    *copy = *row;
    copy->delivery = mem_dup_str(row->delivery);
    copy->notifier = mem_dup_str(row->notifier);
    copy->occasion = mem_dup_str(row->occasion);
    copy->state = mem_dup_str(row->state);
    copy->message = mem_dup_str(row->message);
    copy->error = mem_dup_str(row->error);
    return 0;
}

static void forget(struct seen *seen)
{
    for (size_t i = 0; i < seen->count; i++)
        outbox_row_clear(&seen->rows[i]);
    seen->count = 0;
}

static void the_same_event_is_planned_once_for_a_notifier(void **state)
{
    struct store_help h;
    struct seen seen = { 0 };
    (void)state;
    store_help_init(&h);
    assert_int_equal(plan(&h, 1, "team", 10), 0);
    assert_int_equal(plan(&h, 1, "team", 20), 0);
    assert_int_equal(plan(&h, 1, "mail", 5), 0);
    assert_int_equal(outbox_due(h.store, "team", 8, keep, &seen, NULL), 0);
    assert_int_equal(seen.count, 0); /* not committed: not to be sent */
    assert_int_equal(store_flush(h.store, NULL), 0);
    store_help_reopen(&h);
    assert_int_equal(plan(&h, 1, "team", 30), 0);
    assert_int_equal(store_flush(h.store, NULL), 0);
    assert_int_equal(outbox_due(h.store, "team", 8, keep, &seen, NULL), 0);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.rows[0].delivery, "d-1-10-team");
    assert_int_equal(seen.rows[0].created_at_us, h.clock.wall);
    assert_string_equal(seen.rows[0].state, "timeout");
    assert_null(seen.rows[0].message);
    forget(&seen);
    store_help_end(&h);
}

static void a_try_is_kept_and_a_done_row_is_not_due(void **state)
{
    struct store_help h;
    struct seen seen = { 0 };
    struct outbox_counts counts;
    (void)state;
    store_help_init(&h);
    for (int event = 1; event <= 3; event++)
        assert_int_equal(plan(&h, event, "team", event), 0);
    struct outbox_row tried = {
        .id = 1, .message = (char *)"{}", .tries = 1, .due_at_us = 100, .answer = 503
    };
    tried.error = (char *)"busy";
    struct outbox_row done = { .id = 2, .status = OUTBOX_DELIVERED, .tries = 1, .done_at_us = 50 };
    struct outbox_row dead = { .id = 3, .status = OUTBOX_DEAD, .tries = 9, .done_at_us = 60 };
    assert_int_equal(outbox_update(h.store, &tried, NULL), 0);
    assert_int_equal(outbox_update(h.store, &done, NULL), 0);
    assert_int_equal(outbox_update(h.store, &dead, NULL), 0);
    assert_int_equal(store_flush(h.store, NULL), 0);
    assert_int_equal(outbox_due(h.store, "team", 8, keep, &seen, NULL), 0);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.rows[0].error, "busy");
    assert_int_equal(seen.rows[0].answer, 503);
    assert_int_equal(seen.rows[0].due_at_us, 100);
    forget(&seen);
    assert_int_equal(outbox_count(h.store, "team", &counts, NULL), 0);
    for (int i = 0; i < OUTBOX_STATUS_COUNT; i++)
        assert_int_equal(counts.by_status[i], 1);
    assert_string_equal(outbox_status_word(OUTBOX_DEAD), "dead");
    store_help_end(&h);
}

static void what_nobody_sends_is_given_up(void **state)
{
    struct store_help h;
    struct seen seen = { 0 };
    (void)state;
    store_help_init(&h);
    assert_int_equal(plan(&h, 1, "gone", 10), 0);
    assert_int_equal(plan(&h, 2, "gone", 30), 0);
    assert_int_equal(plan(&h, 3, "team", 10), 0);
    assert_int_equal(outbox_expire(h.store, 20, "\nci\n\nteam\n", "no such notifier any more", NULL), 0);
    assert_int_equal(store_flush(h.store, NULL), 0);
    assert_int_equal(outbox_list(h.store, &(struct outbox_query){ "gone", 0, 8 }, keep, &seen, NULL), 0);
    assert_int_equal(seen.rows[1].status, OUTBOX_DEAD);
    assert_string_equal(seen.rows[1].error, "no such notifier any more");
    assert_int_equal(seen.rows[0].status, OUTBOX_WAITING);
    forget(&seen);
    assert_int_equal(outbox_due(h.store, "team", 8, keep, &seen, NULL), 0);
    assert_int_equal(seen.count, 1);
    forget(&seen);
    store_help_end(&h);
}

static void lists_go_backwards_and_pruning_leaves_what_waits(void **state)
{
    struct store_help h;
    struct seen seen = { 0 };
    (void)state;
    store_help_init(&h);
    for (int event = 1; event <= 4; event++)
        assert_int_equal(plan(&h, event, "team", 0), 0);
    assert_int_equal(store_flush(h.store, NULL), 0);
    assert_int_equal(outbox_list(h.store, &(struct outbox_query){ "team", 0, 2 }, keep, &seen, NULL), 0);
    assert_int_equal(seen.rows[1].id, 3);
    forget(&seen);
    assert_int_equal(outbox_list(h.store, &(struct outbox_query){ "team", 3, 8 }, keep, &seen, NULL), 0);
    assert_int_equal(seen.count, 2);
    forget(&seen);
    struct outbox_row done = { .id = 2, .status = OUTBOX_DELIVERED, .done_at_us = 50 };
    assert_int_equal(outbox_update(h.store, &done, NULL), 0);
    assert_int_equal(outbox_prune(h.store, 51, NULL), 0);
    assert_int_equal(store_flush(h.store, NULL), 0);
    assert_int_equal(outbox_list(h.store, &(struct outbox_query){ "team", 0, 8 }, keep, &seen, NULL), 0);
    assert_int_equal(seen.count, 3);
    forget(&seen);
    store_help_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_event_is_planned_once_for_a_notifier),
        cmocka_unit_test(a_try_is_kept_and_a_done_row_is_not_due),
        cmocka_unit_test(what_nobody_sends_is_given_up),
        cmocka_unit_test(lists_go_backwards_and_pruning_leaves_what_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
