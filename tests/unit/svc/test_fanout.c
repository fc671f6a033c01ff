#include "store/inside.h"
#include "support/store_help.h"

#include "base/mem.h"
#include "io/loop.h"
#include "svc/fanout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct setting {
    struct store_help help;
    struct gateway gw;
    struct fanout *fanout;
    int wakes;
} s;

static int setup(void **state)
{
    (void)state;
    s = (struct setting){ 0 };
    store_help_init(&s.help);
    s.gw = (struct gateway){ .clock = &s.help.clock.clock, .store = s.help.store, .loop = loop_new() };
    s.fanout = fanout_new(&s.gw);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fanout_free(s.fanout);
    loop_free(s.gw.loop);
    store_help_end(&s.help);
    return 0;
}

static void wake(void *ctx)
{
    (void)ctx;
    s.wakes++;
}

static struct listener *listen_to(const char *topics, int64_t after)
{
    struct fanout_filter filter;
    assert_int_equal(fanout_filter_parse(topics, &filter, NULL), 0);
    return fanout_listen(s.fanout, &filter, after, wake, NULL);
}

/* All that is there now, read in pieces of `piece`. */
static const char *take(struct listener *listener, size_t piece)
{
    static char got[1 << 20];
    size_t len = 0;
    ssize_t n;
    while (len + piece < sizeof(got) && (n = listener_read(listener, got + len, piece)) > 0)
        len += (size_t)n;
    got[len] = '\0';
    return got;
}

static void happen(const char *topic, const char *kind, const char *data)
{
    assert_int_equal(event_store_add(s.help.store, topic, kind, data, NULL, NULL), 0);
    assert_int_equal(store_flush(s.help.store, NULL), 0);
}

/* Jobs' events, so many to a commit as a busy turn of the loop has. */
static void much_happens(int count)
{
    enum { AT_ONCE = 500 };
    for (int i = 1; i <= count; i++) {
        assert_int_equal(event_store_add(s.help.store, "jobs", "k", NULL, NULL, NULL), 0);
        if (i % AT_ONCE == 0 || i == count)
            assert_int_equal(store_flush(s.help.store, NULL), 0);
    }
}

static void a_new_listener_learns_where_it_starts(void **state)
{
    (void)state;
    happen("jobs", "state", NULL);
    struct listener *listener = listen_to(NULL, FANOUT_FROM_NOW);
    assert_string_equal(take(listener, 100), "retry: 2000\n\nid: 1\nevent: hello\ndata: {\"event\":1}\n\n");
    listener_free(listener);
}

static void an_event_is_told_once_after_its_commit(void **state)
{
    (void)state;
    struct listener *listener = listen_to("jobs", FANOUT_FROM_NOW);
    take(listener, 100);
    assert_int_equal(event_store_add(s.help.store, "jobs", "state", "{\"a\":1}", NULL, NULL), 0);
    assert_int_equal(s.wakes, 0);
    assert_int_equal(store_flush(s.help.store, NULL), 0);
    assert_int_equal(s.wakes, 1);
    const char *got = take(listener, 7);
    assert_non_null(strstr(got, "id: 1\nevent: state\ndata: {\"id\":1,"));
    assert_non_null(strstr(got, "\"data\":{\"a\":1}}\n\n"));
    assert_string_equal(take(listener, 100), "");
    listener_free(listener);
}

static int interrupt(void *ctx)
{
    (void)ctx;
    return 1;
}

static void an_event_that_could_not_be_read_is_told_later(void **state)
{
    (void)state;
    struct listener *listener = listen_to("jobs", FANOUT_FROM_NOW);
    take(listener, 100);
    sqlite3_progress_handler(s.help.store->reader, 1, interrupt, NULL);
    happen("jobs", "state", "{\"a\":1}");
    assert_string_equal(take(listener, 100), "");
    sqlite3_progress_handler(s.help.store->reader, 0, NULL, NULL);
    happen("jobs", "state", "{\"a\":2}");
    const char *got = take(listener, 100);
    assert_non_null(strstr(got, "id: 1\n"));
    assert_non_null(strstr(got, "id: 2\n"));
    listener_free(listener);
}

static void topics_not_asked_for_do_not_wake(void **state)
{
    (void)state;
    struct listener *listener = listen_to("clusters,job:7", FANOUT_FROM_NOW);
    take(listener, 100);
    happen("jobs", "state", NULL);
    assert_int_equal(s.wakes, 0);
    int64_t id = 0;
    for (int i = 1; i <= 7; i++)
        id = store_help_insert(s.help.store, i, JOB_STATE_PENDING);
    assert_int_equal(id, 7);
    assert_int_equal(store_flush(s.help.store, NULL), 0);
    const char *got = take(listener, 100);
    assert_null(strstr(got, "\"job\":6"));
    assert_non_null(strstr(got, "\"job\":7"));
    happen("clusters", "reachable", NULL);
    assert_non_null(strstr(take(listener, 100), "event: reachable\n"));
    fanout_publish(s.fanout, FANOUT_LOG, 7, "log", SPAN_LIT("{}"));
    assert_string_equal(take(listener, 100), "");
    listener_free(listener);
}

static void log_notices_reach_those_who_named_the_job(void **state)
{
    (void)state;
    struct listener *listener = listen_to("log:12", FANOUT_FROM_NOW);
    take(listener, 100);
    assert_true(fanout_watches_log(s.fanout, 12));
    assert_false(fanout_watches_log(s.fanout, 13));
    fanout_publish(s.fanout, FANOUT_LOG, 13, "log", SPAN_LIT("{\"job\":13}"));
    fanout_publish(s.fanout, FANOUT_LOG, 12, "log", SPAN_LIT("{\"job\":12}"));
    assert_string_equal(take(listener, 5), "event: log\ndata: {\"job\":12}\n\n");
    listener_free(listener);
}

static void a_returning_listener_gets_what_it_missed(void **state)
{
    (void)state;
    for (int i = 0; i < 450; i++) /* more than a page of the log */
        happen(i % 2 ? "clusters" : "jobs", "k", NULL);
    struct listener *listener = listen_to("jobs", 10);
    happen("jobs", "new", NULL);
    const char *got = take(listener, 1000);
    int count = 0;
    int64_t last = 10;
    for (const char *at = strstr(got, "\nid: "); at; at = strstr(at + 1, "\nid: ")) {
        int64_t id = strtoll(at + 5, NULL, 10);
        assert_true(id > last);
        last = id;
        count++;
    }
    assert_int_equal(count, 221); /* 11, 13 ... 449 and the new one */
    assert_int_equal(last, 451);
    assert_null(strstr(got, "event: reset"));
    listener_free(listener);
}

/* Of whose topics there is nothing in a long log: the others are served meanwhile, and it loses nothing. */
static void a_long_way_through_the_log_is_gone_in_steps(void **state)
{
    (void)state;
    enum { EVENTS = 5000 };
    char got[1000] = "";
    much_happens(EVENTS);
    happen("clusters", "stored", NULL);
    struct listener *listener = listen_to("clusters", 20);
    assert_string_equal(take(listener, 1000), "retry: 2000\n\n");
    assert_int_equal(listener_read(listener, got, sizeof(got)), 0);
    assert_int_equal(s.wakes, 0); /* never from inside a read */
    happen("clusters", "live", NULL);
    assert_int_equal(s.wakes, 0); /* it is not at the ring yet */
    int steps = 0;
    ssize_t n = 0;
    for (; n == 0 && steps < 100; steps++) {
        loop_step(s.gw.loop);
        assert_int_equal(s.wakes, steps + 1);
        n = listener_read(listener, got, sizeof(got) - 1);
    }
    assert_true(steps > 1 && n > 0);
    const char *stored = strstr(got, "event: stored\n");
    assert_non_null(stored);
    assert_non_null(strstr(stored, "event: live\n"));
    assert_string_equal(take(listener, 100), "");
    listener_free(listener);
}

static void one_that_leaves_on_its_way_through_the_log_is_not_woken(void **state)
{
    (void)state;
    char byte;
    much_happens(2500);
    struct listener *gone = listen_to("clusters", 20), *listener = listen_to("clusters", 20);
    take(gone, 100);
    assert_int_equal(listener_read(gone, &byte, 1), 0);
    take(listener, 100);
    assert_int_equal(listener_read(listener, &byte, 1), 0);
    listener_free(gone);
    fanout_free(s.fanout);
    s.fanout = NULL;
    loop_defer(s.gw.loop, wake, NULL); /* else the step would wait */
    loop_step(s.gw.loop);
    assert_int_equal(s.wakes, 1);
    listener_free(listener);
}

static void resume_works_across_a_restart(void **state)
{
    (void)state;
    happen("jobs", "one", NULL);
    happen("jobs", "two", NULL);
    fanout_free(s.fanout);
    store_help_reopen(&s.help);
    s.gw.store = s.help.store;
    s.fanout = fanout_new(&s.gw);
    struct listener *listener = listen_to("jobs", 1);
    const char *got = take(listener, 1000);
    assert_null(strstr(got, "event: one"));
    assert_non_null(strstr(got, "id: 2\nevent: two\n"));
    listener_free(listener);
}

static void ids_that_are_gone_or_from_the_future_reset(void **state)
{
    (void)state;
    happen("jobs", "one", NULL);
    struct listener *listener = listen_to("jobs", 99);
    assert_non_null(
        strstr(take(listener, 100), "id: 1\nevent: reset\ndata: {\"event\":1,\"reason\":\"unknown\"}"));
    listener_free(listener);
    happen("jobs", "two", NULL);
    happen("jobs", "three", NULL);
    clock_fake_advance(&s.help.clock, 100 * US_PER_S);
    assert_int_equal(event_store_prune(s.help.store, clock_wall_us(&s.help.clock.clock), NULL, NULL), 0);
    assert_int_equal(store_flush(s.help.store, NULL), 0);
    listener = listen_to("jobs", 1);
    assert_non_null(strstr(take(listener, 100), "event: reset\ndata: {\"event\":3,\"reason\":\"too old\"}"));
    listener_free(listener);
    listener = listen_to("jobs", 2);
    assert_non_null(strstr(take(listener, 100), "event: three"));
    listener_free(listener);
}

static void a_slow_listener_is_dropped_with_a_notice_and_loses_nothing(void **state)
{
    (void)state;
    struct listener *listener = listen_to("jobs", FANOUT_FROM_NOW);
    take(listener, 100);
    much_happens(5000);
    assert_string_equal(take(listener, 1000),
                        "event: dropped\ndata: {\"reason\":\"too slow: connect again\"}\n\n");
    char byte;
    assert_int_equal(listener_read(listener, &byte, 1), -1);
    listener_free(listener);
    listener = listen_to("jobs", 0);
    int count = 0;
    for (const char *at = take(listener, 4096); (at = strstr(at, "event: k\n")); at++)
        count++;
    assert_int_equal(count, 5000);
    listener_free(listener);
}

static void a_frame_half_taken_outlives_the_ring(void **state)
{
    (void)state;
    struct listener *listener = listen_to("log:1", FANOUT_FROM_NOW);
    take(listener, 100);
    fanout_publish(s.fanout, FANOUT_LOG, 1, "log", SPAN_LIT("{\"text\":\"abcdefghijklmnopqrstuvwxyz\"}"));
    char head[16] = "";
    assert_int_equal(listener_read(listener, head, 10), 10);
    for (int i = 0; i < 5000; i++)
        fanout_publish(s.fanout, FANOUT_LOG, 1, "log", SPAN_LIT("{}"));
    const char *rest = take(listener, 1000);
    assert_int_equal(strncmp(rest, "\ndata: {\"text\":\"abcdefghijklmnopqrstuvwxyz\"}\n\nevent: dropped", 59),
                     0);
    listener_free(listener);
}

static void wrong_topics_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = { "job",
                                         "job:",
                                         "job:x",
                                         "job:-1",
                                         "log:0",
                                         "all",
                                         "log:1,log:2,log:3,log:4,log:5,log:6,log:7,log:8,log:9" };
    struct fanout_filter filter;
    struct err err;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_int_equal(fanout_filter_parse(wrong[i], &filter, &err), -1);
}

static void listeners_may_outlive_the_fanout(void **state)
{
    (void)state;
    struct listener *listener = listen_to("jobs", FANOUT_FROM_NOW);
    assert_int_equal(fanout_listeners(s.fanout), 1);
    fanout_free(s.fanout);
    s.fanout = NULL;
    char byte;
    assert_int_equal(listener_read(listener, &byte, 1), -1);
    listener_free(listener);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_listener_learns_where_it_starts),
        TEST(an_event_is_told_once_after_its_commit),
        TEST(an_event_that_could_not_be_read_is_told_later),
        TEST(topics_not_asked_for_do_not_wake),
        TEST(log_notices_reach_those_who_named_the_job),
        TEST(a_returning_listener_gets_what_it_missed),
        TEST(a_long_way_through_the_log_is_gone_in_steps),
        TEST(one_that_leaves_on_its_way_through_the_log_is_not_woken),
        TEST(resume_works_across_a_restart),
        TEST(ids_that_are_gone_or_from_the_future_reset),
        TEST(a_slow_listener_is_dropped_with_a_notice_and_loses_nothing),
        TEST(a_frame_half_taken_outlives_the_ring),
        TEST(wrong_topics_are_refused),
        TEST(listeners_may_outlive_the_fanout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
