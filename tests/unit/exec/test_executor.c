/* What an executor is while it is freed, and while the configuration changes under its calls.
 * Covers: exec/executor. */
#include "unit/exec/local_executor.h"

struct seen {
    unsigned calls;
    enum err_code code;
    enum link_state state;
};

static void on_tick(void *ctx, const struct tick_report *report, const struct err *err)
{
    struct seen *seen = ctx;
    struct transport_status status;
    seen->calls++;
    seen->code = err ? err->code : ERR_NONE;
    executor_status(local.ex, &status);
    seen->state = status.state;
    (void)report;
}

static void begin_tick(struct seen *seen)
{
    struct tick_spec spec = { .want_nodes = true };
    assert_int_equal(executor_tick(local.ex, &spec, on_tick, seen, NULL), 0);
}

static void a_call_that_ends_with_its_executor_may_still_ask_how_it_stands(void **state)
{
    (void)state;
    struct seen seen = { .state = LINK_UP };
    begin_tick(&seen);
    executor_free(local.ex);
    local.ex = NULL;
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.code, ERR_CANCELLED);
    assert_int_equal(seen.state, LINK_IDLE);
}

/* What the call was begun under is freed by then. */
static void a_call_outlives_two_reloads(void **state)
{
    (void)state;
    struct seen seen = { 0 };
    begin_tick(&seen);
    for (int i = 0; i < 2; i++) {
        struct clusters_config *before = local.clusters;
        local.clusters = local_clusters();
        executor_reconfigured(local.ex, &local.clusters->items[0]);
        clusters_config_free(before);
    }
    while (!seen.calls)
        loop_step(local.loop);
    assert_int_equal(seen.code, ERR_NONE);
}

#define T(name) cmocka_unit_test_setup_teardown(name, local_executor_begin, local_executor_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_call_that_ends_with_its_executor_may_still_ask_how_it_stands),
        T(a_call_outlives_two_reloads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
