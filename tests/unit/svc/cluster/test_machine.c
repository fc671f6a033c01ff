/* What a cluster's name stands for, and what becomes of jobs and submissions when a reload changes it.
 * Covers: svc/cluster/machine, svc/cluster/fleet, svc/submit/submit. */
#include "unit/svc/slow_git.h"

#include "store/misc_store.h"
#include "svc/reload.h"

static struct job *job_in(struct fixture *f, enum job_phase phase, enum job_state job_state)
{
    struct job *job = fixture_job(f, NULL);
    job->phase = phase;
    job->state = job_state;
    jobs_change(f->gw.jobs, job, "changed", NULL);
    fixture_turn(f, 0);
    return job;
}

static void write_alder(struct fixture *f, const char *rest)
{
    auto_str struct str text = STR_MAX(4096);
    str_addf(&text, "clusters:\n  - name: alder\n%s", rest);
    fixture_write(f->clusters, str_text(&text));
}

static void assert_refused(struct fixture *f, const char *rest, const char *why)
{
    write_alder(f, rest);
    assert_int_equal(reload(&f->gw), -1);
    const char *said = settings_problem(f->gw.settings);
    if (!strstr(said, why))
        fail_msg("%s", said);
}

static void account_and_place_stay_while_jobs_are_there(void **state)
{
    struct fixture *f = *state;
    struct job *job = job_in(f, PHASE_SUBMITTED, JOB_STATE_RUNNING);
    assert_refused(f, "    type: ssh\n    host: me@login.example\n",
                   "the type of cluster alder cannot become ssh");
    assert_refused(
        f, "    type: slurm\n    host: you@login.example\n",
        "the user of cluster alder cannot become you while 1 of its jobs are under way there (it is me)");
    assert_refused(f, "    type: slurm\n    host: me@login.example\n    slurm: {cluster: b}\n",
                   "the slurm.cluster of cluster alder cannot become b");
    write_alder(f, "    type: slurm\n    host: me@login2.example\n"); /* another door to the same site */
    assert_int_equal(reload(&f->gw), 0);
    assert_true(jobs_enter(f->gw.jobs, job, JOB_STATE_COMPLETED, NULL));
    fixture_turn(f, 0);
    write_alder(f, "    type: slurm\n    host: you@login2.example\n");
    assert_int_equal(reload(&f->gw), 0);
}

static void host_stays_while_a_submission_is_open(void **state)
{
    struct fixture *f = *state;
    struct job *job = job_in(f, PHASE_UNKNOWN, JOB_STATE_SUBMITTING);
    assert_refused(
        f, "    type: slurm\n    host: me@login.example\n    port: 2222\n",
        "the host of cluster alder cannot become login.example:2222 while 1 of its jobs may or may not "
        "have reached it");
    job->phase = PHASE_INTENT;
    assert_int_equal(reload(&f->gw), 0);
}

static void another_machine_is_not_used_when_the_file_was_changed_meanwhile(void **state)
{
    struct fixture *f = *state;
    (void)job_in(f, PHASE_UNKNOWN, JOB_STATE_SUBMITTING);
    fixture_stop(f);
    fake = (struct fake){ 0 };
    write_alder(f, "    type: slurm\n    host: me@other.example\n");
    fixture_services(f);
    launch_resume_all(f->gw.launch);
    fixture_turn(f, 60000);
    struct cluster *alder = fleet_find(f->gw.fleet, "alder");
    assert_null(alder->executor);
    assert_non_null(strstr(alder->last_error, "cannot become other.example"));
    assert_int_equal(fake.looks + fake.submits, 0);
    assert_true(jobs_find(f->gw.jobs, 1)->stale);
    fixture_write(f->clusters, fixture_clusters);
    assert_int_equal(reload(&f->gw), 0);
    assert_non_null(fleet_find(f->gw.fleet, "alder")->executor);
}

static void another_machine_is_learned_anew(void **state)
{
    struct fixture *f = *state;
    struct cluster *alder = fleet_find(f->gw.fleet, "alder");
    fleet_keep_limits(alder, span_of("{\"partitions\":[]}"));
    alder->has_skew = true;
    write_alder(f, "    type: slurm\n    host: me@login.example\n    poll: {active: 11}\n");
    assert_int_equal(reload(&f->gw), 0);
    assert_non_null(alder->limits);
    write_alder(f, "    type: slurm\n    host: me@other.example\n");
    assert_int_equal(reload(&f->gw), 0);
    assert_null(alder->limits);
    assert_false(alder->has_skew);
    assert_int_equal(value_store_put(f->gw.store, "machine.alder", "{", NULL), 0); /* nothing is known */
    (void)job_in(f, PHASE_UNKNOWN, JOB_STATE_SUBMITTING);
    fixture_write(f->clusters, fixture_clusters);
    assert_int_equal(reload(&f->gw), 0);
}

static void a_tick_under_way_ends_with_its_cluster(void **state)
{
    struct fixture *f = *state;
    (void)job_in(f, PHASE_SUBMITTED, JOB_STATE_RUNNING);
    fleet_nudge(fleet_find(f->gw.fleet, "alder"));
    fixture_until_tick(f);
    write_alder(f, "    type: slurm\n    host: me@login.example\n    poll: {active: 11}\n");
    assert_int_equal(reload(&f->gw), 0); /* the fake aborts where its last callbacks ask it anything */
    fleet_nudge(fleet_find(f->gw.fleet, "alder"));
    fixture_until_tick(f);
    fixture_write(f->clusters, "clusters: []\n");
    assert_int_equal(reload(&f->gw), 0);
}

/* --- submissions --- */

static void a_cluster_that_cannot_be_used_takes_no_submission(void **state)
{
    struct fixture *f = *state;
    struct seen seen[2] = { 0 };
    fake.is_impossible = true;
    write_alder(f, "    type: slurm\n    host: me@login.example\n    ssh: {passphrase_secret: x}\n");
    assert_int_equal(reload(&f->gw), 0);
    ask_and_wait(f, SUBMIT_REAL, with_secret, &seen[0]);
    ask_and_wait(f, SUBMIT_RENDER, "{\"project\":\"p\",\"cluster\":\"alder\"}", &seen[1]);
    for (int i = 0; i < 2; i++)
        if (!strstr(seen[i].text, "alder cannot be used: its key is gone"))
            fail_msg("%s", seen[i].text);
}

static void take_alder_away(struct fixture *f)
{
    fixture_write(f->clusters, "clusters:\n  - {name: birch, type: slurm, host: me@birch.example}\n");
    assert_int_equal(reload(&f->gw), 0);
}

static void a_submission_ends_with_its_cluster(void **state)
{
    struct fixture *f = *state;
    struct seen early = { 0 }, late = { 0 };
    ask(f, SUBMIT_REAL, with_secret, NULL, &early);
    fixture_turn(f, 0);
    assert_true(fake.limits.is_open);
    take_alder_away(f); /* what it was waiting for ends, too */
    wait_for(f, &early, 1);
    assert_string_equal(early.text, "cluster alder left the configuration meanwhile, or was disabled");
    fixture_write(f->clusters, fixture_clusters);
    assert_int_equal(reload(&f->gw), 0);
    put(f, "bin/hold", "");
    ask(f, SUBMIT_REAL, with_secret, NULL, &late);
    wait_for_look(f);
    take_alder_away(f);
    assert_int_equal(late.calls, 0);
    release(f);
    wait_for(f, &late, 1);
    assert_string_equal(late.text, early.text);
}

#define SLOW(name) cmocka_unit_test_setup_teardown(name, begin_slow, end_slow)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(account_and_place_stay_while_jobs_are_there),
        TEST(host_stays_while_a_submission_is_open),
        TEST(another_machine_is_not_used_when_the_file_was_changed_meanwhile),
        TEST(another_machine_is_learned_anew),
        TEST(a_tick_under_way_ends_with_its_cluster),
        SLOW(a_cluster_that_cannot_be_used_takes_no_submission),
        SLOW(a_submission_ends_with_its_cluster),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
