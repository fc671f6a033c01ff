/* Covers: svc/cluster/fleet_json, svc/cluster/gpus, svc/upkeep, svc/watch/cancel, svc/submit/reconcile,
 * svc/submit/spool. */
#include "unit/svc/fixture_group.h"

#include "svc/reload.h"
#include "svc/upkeep.h"

static struct cluster *alder(struct fixture *f)
{
    return fleet_find(f->gw.fleet, "alder");
}

static void cluster_tells_its_last_error_its_age_and_its_budgets(void **state)
{
    struct fixture *f = *state;
    auto_str struct str out = STR_MAX(1 << 20);
    struct err err = { .code = ERR_AUTH, .text = "Permission denied (publickey)" };
    fleet_note(f->gw.fleet, alder(f), NULL, 5000);
    fleet_note(f->gw.fleet, alder(f), &err, 0);
    assert_int_equal(fleet_json(f->gw.fleet, &out, NULL), 0);
    struct span text = str_span(&out);
    assert_true(
        span_has(text, "\"state\":\"unreachable\",\"observed_at\":\"2023-11-14T22:13:20Z\",\"stale\":true"));
    assert_true(span_has(
        text, "\"last_error\":\"Permission denied (publickey)\",\"last_error_code\":\"auth_failed\""));
    assert_true(span_has(text, "\"max_logins_per_hour\":12"));
}

static void end_of_a_login_is_told_where_the_sites_rule_is_known(void **state)
{
    struct fixture *f = *state;
    auto_str struct str out = STR_MAX(1 << 20), later = STR_MAX(1 << 20);
    fixture_write(f->clusters, "clusters:\n  - name: alder\n    host: me@login.example\n"
                               "    ssh: {login_lifetime: 24h}\n");
    assert_int_equal(reload(&f->gw), 0);
    fake.status.state = LINK_UP;
    fake.status.since_us = clock_mono_us(f->gw.clock) - 3600 * US_PER_S;
    assert_int_equal(fleet_cluster_json(f->gw.fleet, "alder", &out, NULL), 0);
    assert_true(span_has(str_span(&out), "\"login_ends_at\":\"2023-11-15T21:13:20Z\""));
    fake.status.state = LINK_NEEDS_LOGIN;
    assert_int_equal(fleet_cluster_json(f->gw.fleet, "alder", &later, NULL), 0);
    assert_false(span_has(str_span(&later), "login_ends_at"));
    assert_true(span_has(str_span(&later), "\"state\":\"needs_login\""));
}

static void unknown_cluster_is_not_found(void **state)
{
    struct fixture *f = *state;
    auto_str struct str out = STR_MAX(1 << 20);
    struct err err = { 0 };
    assert_int_equal(fleet_cluster_json(f->gw.fleet, "birch", &out, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_int_equal(gpus_list(f->gw.gpus, "birch", -1, NULL, NULL, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void settle_time_is_at_least_two_message_timeouts(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fleet_settle_us(f->gw.fleet, alder(f)), 12 * US_PER_S); /* as configured here */
}

struct seen {
    int calls;
    char text[4096];
};

static void keep(void *ctx, const struct answer *answer)
{
    struct seen *seen = ctx;
    seen->calls++;
    snprintf(seen->text, sizeof(seen->text), "%.*s", SPAN_FMT(answer->body));
}

static const struct span gpu_partition[] = { { "gpu", 3 } };
static const struct seen_gpus a100[] = { { { "a100", 4 }, 4, 1 } };
static const struct seen_node node = { .name = { "n1", 2 },
                                       .partitions = gpu_partition,
                                       .partition_count = 1,
                                       .accepts_work = true,
                                       .gpus = a100,
                                       .gpu_count = 1,
                                       .cpus = 8,
                                       .cpus_in_use = SEEN_ABSENT,
                                       .mem_mb = SEEN_ABSENT,
                                       .mem_in_use_mb = SEEN_ABSENT };

static void answer_nodes(struct fixture *f)
{
    struct tick_report report = {
        .queue_ok = true, .nodes_ok = true, .nodes = &node, .node_count = 1, .clock_s = SEEN_ABSENT
    };
    assert_true(fake.tick.is_open && fake.tick.flag);
    fake.tick.is_open = false;
    fake.tick.tick(fake.tick.ctx, &report, NULL);
    fixture_turn(f, 1);
}

static void fresh_gpu_figures_are_not_asked_for_again(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    assert_int_equal(gpus_list(f->gw.gpus, NULL, -1, keep, &seen, NULL), 0);
    fixture_turn(f, 1000);
    answer_nodes(f);
    assert_int_equal(seen.calls, 1);
    assert_non_null(strstr(seen.text, "\"type\":\"a100\",\"total\":4,\"free\":3,\"in_use\":1"));
    assert_non_null(strstr(seen.text, "\"waits\":[]"));
    assert_int_equal(gpus_list(f->gw.gpus, NULL, -1, keep, &seen, NULL), 0);
    fixture_turn(f, 1000);
    assert_int_equal(seen.calls, 2);
    assert_int_equal(fake.ticks, 1);
    assert_int_equal(gpus_list(f->gw.gpus, NULL, -1, keep, &seen, NULL), 0);
    fixture_turn(f, 90000);
    assert_int_equal(gpus_list(f->gw.gpus, NULL, -1, keep, &seen, NULL), 0);
    fixture_turn(f, 1000);
    assert_int_equal(fake.ticks, 2);
    answer_nodes(f);
    assert_int_equal(seen.calls, 4);
}

static void cluster_that_is_down_holds_up_nobody_who_asks_for_gpus(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    struct err err = { .code = ERR_OFFLINE, .text = "no route" };
    fleet_note(f->gw.fleet, alder(f), &err, 0);
    assert_int_equal(gpus_list(f->gw.gpus, NULL, -1, keep, &seen, NULL), 0);
    fixture_turn(f, 1);
    assert_int_equal(seen.calls, 1);
    assert_non_null(strstr(seen.text, "\"stale\":true,\"error\":\"no route\""));
}

static void my_running_jobs_are_counted_as_mine(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    struct job *job = fixture_job(f, NULL);
    job->gpus = 1;
    job->nodes = 1;
    job->gpu_type = mem_dup_str("a100");
    job->partition = mem_dup_str("gpu");
    jobs_enter(f->gw.jobs, job, JOB_STATE_PENDING, NULL);
    jobs_enter(f->gw.jobs, job, JOB_STATE_RUNNING, NULL);
    fixture_turn(f, 1);
    assert_int_equal(gpus_list(f->gw.gpus, "alder", -1, keep, &seen, NULL), 0);
    fixture_turn(f, 1000);
    answer_nodes(f);
    assert_non_null(strstr(seen.text, "\"mine\":1"));
    job->task_counts = mem_dup_str("{\"total\":9,\"running\":3,\"pending\":6}");
    assert_int_equal(gpus_list(f->gw.gpus, "alder", -1, keep, &seen, NULL), 0);
    fixture_turn(f, 1);
    assert_non_null(strstr(seen.text, "\"mine\":3"));
}

static void nodes_are_listed_from_the_same_look(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    assert_int_equal(gpus_nodes(f->gw.gpus, "alder", keep, &seen, NULL), 0);
    fixture_turn(f, 1000);
    answer_nodes(f);
    assert_non_null(strstr(seen.text, "\"name\":\"n1\""));
    assert_non_null(strstr(seen.text, "\"gpus\":[{\"type\":\"a100\",\"total\":4,\"in_use\":1}]"));
}

static void pruning_keeps_the_tar_of_a_job_that_still_waits(void **state)
{
    struct fixture *f = *state;
    struct job *job = fixture_job(f, NULL);
    char kept[160], gone[160];
    snprintf(kept, sizeof(kept), "%s/spool/aaaa.tar", f->state);
    snprintf(gone, sizeof(gone), "%s/spool/bbbb.tar", f->state);
    fixture_write(kept, "x");
    fixture_write(gone, "x");
    job->code = mem_dup_str("code/p/aaaa");
    clock_fake_advance(&f->clock,
                       (INT64_C(4102444800) - 1700000000) * US_PER_S); /* well past the files' age */
    upkeep_prune(&f->gw);
    assert_int_equal(access(kept, F_OK), 0);
    assert_int_equal(access(gone, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cluster_tells_its_last_error_its_age_and_its_budgets),
        TEST(end_of_a_login_is_told_where_the_sites_rule_is_known),
        TEST(unknown_cluster_is_not_found),
        TEST(settle_time_is_at_least_two_message_timeouts),
        TEST(fresh_gpu_figures_are_not_asked_for_again),
        TEST(cluster_that_is_down_holds_up_nobody_who_asks_for_gpus),
        TEST(my_running_jobs_are_counted_as_mine),
        TEST(nodes_are_listed_from_the_same_look),
        TEST(pruning_keeps_the_tar_of_a_job_that_still_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
