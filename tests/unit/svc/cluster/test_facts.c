/* What a cluster must tell before a job is made for it, and how long it may take to.
 * Covers: svc/cluster/facts. */
#include "unit/svc/loop_clock.h"
#include "unit/svc/submit_fixture.h"

#include "store/job_store.h"
#include "svc/cluster/facts.h"
#include "svc/reload.h"

static const char in_place[] =
    "{\"project\":\"p\",\"code\":{\"mode\":\"in_place\"},\"environment\":{\"TOKEN\":\"x\"},"
    "\"slurm\":{\"partition\":\"debug\"}}";
static const char limits[] = "{\"partitions\":[{\"name\":\"debug\",\"default\":true,\"max_time_s\":1800}]}";

static void make_untimed_project(struct fixture *f)
{
    make_project(f, "train_script: train.py\nresources: {gpus: 0}\nenv: {secrets: [TOKEN]}\n");
    answer_facts();
    fleet_find(f->gw.fleet, "alder")->unreachable = false;
}

static void wait_s(struct fixture *f, int seconds)
{
    ahead_ms += seconds * 1000;
    for (int i = 0; i < 4; i++)
        fixture_turn(f, 0);
}

/* line NULL: it has none. */
static void assert_time(struct fixture *f, const struct seen *seen, const char *line)
{
    struct job_script script = { 0 };
    assert_true(seen->answer.ok);
    assert_int_equal(job_store_script(f->gw.store, seen->answer.job_id, &script, NULL), 0);
    const char *found = strstr(script.script, line ? line : "--time");
    if (!found != !line)
        fail_msg("%s", script.script);
    job_script_clear(&script);
}

/* A login may come first. */
static void limits_that_take_longer_than_usual_are_waited_for_once(void **state)
{
    struct fixture *f = *state;
    struct seen first = { 0 }, second = { 0 };
    make_untimed_project(f);
    ask(f, SUBMIT_REAL, in_place, NULL, &first);
    fixture_turn(f, 0);
    assert_true(fake.limits.is_open);
    wait_s(f, 9);
    assert_int_equal(first.calls, 0);
    fake.limits.is_open = false;
    fake.limits.text(fake.limits.ctx, span_of(limits), NULL);
    wait_for(f, &first, 1);
    assert_time(f, &first, "#SBATCH --time=\"0-00:30:00\"\n");
    clock_fake_advance(&f->clock, 601 * US_PER_S); /* they are asked for anew, in vain, and known */
    fleet_find(f->gw.fleet, "alder")->unreachable = false;
    ask_and_wait(f, SUBMIT_REAL, in_place, &second);
    assert_time(f, &second, "#SBATCH --time=\"0-00:30:00\"\n");
}

static void a_cluster_that_says_nothing_holds_up_no_submit_for_long(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    make_untimed_project(f);
    ask(f, SUBMIT_REAL, in_place, NULL, &seen);
    fixture_turn(f, 0);
    wait_s(f, 11);
    assert_true(fake.limits.is_open);
    for (int i = 0; i < 20000 && !seen.calls; i++) {
        fixture_turn(f, 0);
        child_pause();
    }
    assert_int_equal(seen.calls, 1);
    assert_time(f, &seen, NULL); /* what the partition gives is better than a day that it may not allow */
}

static void count_call(void *ctx)
{
    ++*(int *)ctx;
}

/* Two, because the second waits for the tick after the one in flight. */
static void askers_of_a_cluster_that_is_disabled_are_told_at_once(void **state)
{
    struct fixture *f = *state;
    struct facts *facts = facts_new(&f->gw);
    int told = 0;
    for (int i = 1; i <= 2; i++) {
        facts_prepare(facts, fleet_find(f->gw.fleet, "alder"), count_call, &told);
        fixture_until_tick(f);
    }
    assert_true(fake.tick.is_open && fake.limits.is_open);
    fixture_write(f->clusters,
                  "clusters:\n  - {name: alder, type: slurm, host: me@login.example, enabled: false}\n");
    assert_int_equal(reload(&f->gw), 0);
    assert_int_equal(told, 2); /* by what they waited for, not by their time: it stands still */
    facts_free(facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(limits_that_take_longer_than_usual_are_waited_for_once),
        TEST(a_cluster_that_says_nothing_holds_up_no_submit_for_long),
        TEST(askers_of_a_cluster_that_is_disabled_are_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
